"""No process outlives the supervisor."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apps.egress.addresses import is_listed
from fynoflow.run import environment, processes

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = "import os; from fynoflow import run; {first}; raise SystemExit(run.watch({commands}, dict(os.environ)))"
QUICK = "run.PAUSE_S = 0.05"


def supervisor(log: Path, first: str = "pass", **commands: str) -> "tuple[subprocess.Popen[bytes], list[int]]":
    """A supervisor of these commands and the ids of its children."""
    script = SCRIPT.format(first=first, commands=commands)
    with log.open("w") as out:
        running = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=out)
    until = time.monotonic() + 20
    while log.read_text().count("started") < len(commands):
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    begun = [line for line in log.read_text().splitlines() if "started" in line]
    return running, [int(line.split("(")[1].strip(")\n")) for line in begun][: len(commands)]


def are_gone(pids: list[int]) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_no_child_outlives_the_supervisor(tmp_path: Path, sign: signal.Signals) -> None:
    running, pids = supervisor(tmp_path / "log", one="sleep 300", two="sleep 300")
    os.kill(running.pid, sign)
    running.wait(20)
    assert are_gone(pids)


def test_a_stop_that_comes_while_a_part_is_forked_is_heard(tmp_path: Path) -> None:
    hook = "import signal; os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))"
    running, pids = supervisor(tmp_path / "log", hook, one="sleep 300")
    try:
        assert running.wait(20) == 0
        assert are_gone(pids)
    finally:
        running.kill()


def told(log: Path, wanted: str) -> str:
    """What it has said, once it said this."""
    until = time.monotonic() + 20
    while wanted not in log.read_text():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    return log.read_text()


def test_a_part_that_died_is_started_again_and_the_others_live_on(tmp_path: Path) -> None:
    running, (one, two) = supervisor(tmp_path / "log", one="sleep 300", two="sleep 300")
    os.kill(two, signal.SIGKILL)
    assert "two ended with -9: starting it again in 1 s (1 of 5)" in told(tmp_path / "log", "(1 of 5)")
    until = time.monotonic() + 20
    while (tmp_path / "log").read_text().count("two started") < 2:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert running.poll() is None and Path(f"/proc/{one}").exists()
    running.terminate()
    assert running.wait(20) == 0


def test_what_a_dead_part_had_started_holds_nothing_any_more(tmp_path: Path) -> None:
    (tmp_path / "below").touch()
    running, (pid,) = supervisor(tmp_path / "log", one=f"sh -c 'sleep 300 & echo $! > {tmp_path}/below; wait'")
    below = int(told(tmp_path / "below", "\n"))
    os.kill(pid, signal.SIGKILL)
    told(tmp_path / "log", "(1 of 5)")
    assert are_gone([below])
    running.terminate()
    running.wait(20)


def test_a_part_that_never_stays_up_ends_all_after_pauses_that_grow(tmp_path: Path) -> None:
    running, pids = supervisor(tmp_path / "log", QUICK, one="sleep 300", two="sleep 0.1")
    assert running.wait(30) == 1 and are_gone(pids)
    said = (tmp_path / "log").read_text()
    assert [f"again in {pause} s" in said for pause in (0.05, 0.1, 0.2, 0.4, 0.8)] == [True] * 5
    assert "two ended with 0 for the 6th time: stopping the others" in said


def test_the_procfile_names_the_processes() -> None:
    assert set(processes()) == {"web", "worker", "beat", "shop"}


def test_only_the_ports_of_the_shop_and_of_the_gateway_are_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUTBOUND_ALLOW", raising=False)
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("GATEWAY_URL", "http://127.0.0.1:9090/messages")
    lines = tuple(environment()["OUTBOUND_ALLOW"].split(","))
    assert [port for port in range(1, 10_000) if is_listed("127.0.0.1", lines, port)] == [9001, 9090]
    assert not is_listed("127.0.0.2", lines, 9001)
    assert is_listed("10.1.2.3", ("10.0.0.0/8",), 7)
