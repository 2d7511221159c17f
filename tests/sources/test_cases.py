"""The cases of every source: what it makes of a request."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.engine.about import identities_in
from apps.ingress.request import IncomingRequest
from apps.sources.contract import Arrival, Fired, Refusal
from apps.sources.doors import Accepted, Answered, Door, DoorArrival, Occurrence, TurnedAway
from apps.sources.registry import DOORS, TRIGGERS
from tests.support.cases import cases, folders

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_every_source_has_cases() -> None:
    assert {folder.name for folder in folders("sources")} == set(TRIGGERS.all())
    assert all(list(folder.glob("cases/*.toml")) for folder in folders("sources"))


@pytest.mark.parametrize(("kind", "case"), cases("sources", "request"))
def test_a_request_comes_to_what_its_case_says(kind: str, case: dict[str, Any]) -> None:
    request = IncomingRequest(
        method=case.get("method", "POST"), content_type=case["type"], body=case["raw"].encode(), address="203.0.113.7"
    )
    came = TRIGGERS.all()[kind].model_validate(case.get("settings", {})).read(Arrival(request=request, now=NOW))
    if "status" in case:
        assert isinstance(came, Refusal) and came.status == case["status"] and came.message
    else:
        assert isinstance(came, Fired) and came.body == case["body"]


def test_every_source_of_the_workspace_has_ten_arrivals() -> None:
    known = [case.values[0] for case in cases("sources", "arrival")]
    assert {kind: known.count(kind) >= 10 for kind in DOORS.all()} == dict.fromkeys(DOORS.all(), True)


@pytest.mark.parametrize(("kind", "case"), cases("sources", "arrival"))
def test_an_arrival_comes_to_what_its_case_says(kind: str, case: dict[str, Any]) -> None:
    door = DOORS.all()[kind].model_validate(case.get("settings", {}))
    facts = {name: case[name] for name in ("path", "query", "headers") if name in case}
    request = IncomingRequest(
        method=case.get("method", "POST"),
        content_type=case.get("type", "application/json"),
        body=case["raw"].encode(),
        **facts,
    )
    came = door.read(DoorArrival(request=request, now=NOW))
    check_answer(came.answer, case)
    assert isinstance(came, TurnedAway) == ("occurrences" not in case)
    if isinstance(came, Accepted):
        assert len(came.occurrences) == len(case["occurrences"])
        for found, wanted in zip(came.occurrences, case["occurrences"], strict=True):
            check_occurrence(door, found, wanted)
    if "identities" in case:
        found = identities_in(list(door.first_about), came.occurrences[0].body, "IN")
        assert [[one.kind, one.value] for one in found] == case["identities"]


def check_answer(answer: Answered, case: dict[str, Any]) -> None:
    """The status, and all that the case names of the body."""
    assert answer.status == case.get("status", 200)
    wanted = case.get("answer", {"code": case["code"]} if "code" in case else {})
    if "text" in case:
        assert (answer.body, answer.content_type.partition(";")[0]) == (
            ("OK", "text/plain") if answer.status == 200 else (answer.body, "application/json")
        )
    elif isinstance(wanted, dict):
        assert {name: answer.body[name] for name in wanted} == wanted
    else:
        assert answer.body == wanted


def check_occurrence(door: Door, found: Occurrence, wanted: dict[str, Any]) -> None:
    cohort = found.cohort
    told = f"{cohort.action} {cohort.cohort}: {', '.join(m.id for m in cohort.members)}" if cohort else ""
    facts = {"key": found.key, "cohort": told, "rules": list(door.rule_keys(found.body))}
    assert bool(found.trouble) == ("trouble" in wanted)
    assert wanted.get("trouble", "") in found.trouble
    exact = {name: value for name, value in wanted.items() if name != "trouble"}
    assert {name: facts[name] for name in exact} == exact


@pytest.mark.parametrize("kind", sorted(DOORS.all()))
def test_the_sample_of_a_source_is_taken_by_it(kind: str) -> None:
    cls = DOORS.all()[kind]
    for settings in ({}, dict.fromkeys(cls.secret_fields(), "s3cret")):
        door = cls.model_validate(settings)
        came = door.read(DoorArrival(request=door.sample("mark"), now=NOW))
        assert isinstance(came, Accepted)
        assert not came.occurrences[0].trouble
