"""What `deploy/` starts is what the Procfile starts, and every variable it names is one that operating.md explains."""

import re
from pathlib import Path

import pytest

from fynoflow.run import processes

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def options(command: str) -> list[str]:
    """The command without what differs by machine: where it listens and how many processes it has."""
    return re.sub(r"--(host|port|workers) \S+ |--respawn-failed-workers ", "", command).split()


def started(file: Path) -> list[list[str]]:
    lines = re.findall(r"(?:ExecStart=/opt/fynoflow/.venv/bin/|command: )(.+)", file.read_text())
    return [options(line) for line in lines]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_each_process_is_started_as_in_the_procfile(name: str) -> None:
    wanted = options(processes()[name])
    units = [command for file in (DEPLOY / "systemd").glob("*.service") for command in started(file)]
    assert wanted in units and wanted in started(DEPLOY / "compose.yaml")


def test_the_example_names_only_variables_that_the_docs_explain() -> None:
    explained = set(re.findall(r"`([A-Z_]+)`", (ROOT / "docs" / "operating.md").read_text()))
    named = re.findall(r"^([A-Z_]+)=", (DEPLOY / "fynoflow.env.example").read_text(), re.MULTILINE)
    assert named and set(named) <= explained


def test_a_worker_has_time_to_end_its_calls() -> None:
    assert "TimeoutStopSec=90" in (DEPLOY / "systemd" / "fynoflow-worker@.service").read_text()
    assert "stop_grace_period: 90s" in (DEPLOY / "compose.yaml").read_text()


def test_the_image_holds_every_folder_of_the_code() -> None:
    copied = re.findall(r"^COPY (\S+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert {"apps", "fynoflow", "templates", "static"} <= set(copied)


def test_the_balancer_asks_the_door_and_repeats_nothing_that_may_have_been_taken() -> None:
    config = (DEPLOY / "haproxy.cfg").read_text()
    assert re.findall(r"uri (/health/\S+)", config) == ["/health/door"]
    assert re.findall(r"retry-on (.+)", config) == ["conn-failure"]
