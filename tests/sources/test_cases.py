"""The cases of every source: what it makes of a request."""

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.ingress.request import IncomingRequest
from apps.sources.contract import Arrival, Fired, Refusal
from apps.sources.registry import TRIGGERS
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
