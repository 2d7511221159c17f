"""Numbers, dates and sizes are read one way: in conditions, delays and texts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from apps.engine.conditions import ConditionGroup, evaluate
from apps.engine.contract.node import StepContext
from apps.engine.nodes.delay import Delay
from apps.engine.texts.templates import render
from apps.engine.values.data import RunData
from apps.engine.values.moments import as_moment
from apps.engine.values.numerals import NotReadable, as_number
from tests.support.clock import NOW


@pytest.mark.parametrize(
    ("found", "value", "holds"),
    [
        ("₹1,499.00", "1499", True),
        (1499, "1,499.00", True),
        ("१४९९", "1499.0", True),
        ("USD 499", "INR 499", False),
        ("USD 499", "499", True),
        ("1,499", "1499,", False),
        ("007", "7", False),
        ("+919800000001", "919800000001", False),
        ("1.499", "1.499", True),
        (1.499, "1.499", True),
        ("1.499", "1.4990", False),
        ("caf\u00e9", "cafe\u0301", True),
        (0.1 + 0.2, "0.3", True),
        ("9007199254740993", "9007199254740992", False),
    ],
)
def test_what_is_equal(found, value: str, holds: bool) -> None:
    test = {"type": "test", "field": "x", "op": "equals", "value": value}
    assert evaluate(ConditionGroup(items=[test]), RunData(trigger={"x": found}), NOW).holds == holds


@pytest.mark.parametrize(
    ("found", "number"),
    [
        ("1,499.50", "1499.50"),
        ("1,49,900", "149900"),
        ("₹ 1499", "1499"),
        ("Rs. 1,499/-", None),
        ("Rs. 1,499", "1499"),
        ("-₹5", "-5"),
        ("499 EUR", "499"),
        ("1'499.5", "1499.5"),
        ("١٬٤٩٩٫٥", "1499.5"),
        ("1.499,50", None),
        ("1.499", None),
        ("12,5", None),
        ("1,49", None),
        ("0.125", "0.125"),
        ("12.3456", "12.3456"),
        ("1 499", None),
        ("1e3", None),
        ("00042", None),
        (True, None),
        (float("nan"), None),
    ],
)
def test_a_number_is_read_surely_or_not_at_all(found, number: str | None) -> None:
    if number is None:
        with pytest.raises(NotReadable):
            as_number(found)
    else:
        assert as_number(found) == Decimal(number)


@pytest.mark.parametrize(
    ("found", "moment"),
    [
        ("2026-11-28T10:00:00", "2026-11-28T04:30:00"),
        ("2026-11-28", "2026-11-27T18:30:00"),
        ("2026-11-28 10:00:00 UTC", "2026-11-28T10:00:00"),
        ("2026-11-28 10:00:00 +0530", "2026-11-28T04:30:00"),
        ("Sat, 28 Nov 2026 10:00:00 GMT", "2026-11-28T10:00:00"),
        ("28 Nov 2026 10:00:00 +0530", "2026-11-28T04:30:00"),
        ("28-11-2026", "2026-11-27T18:30:00"),
        ("11/28/2026 10:00", "2026-11-28T04:30:00"),
        ("05.05.2026", "2026-05-04T18:30:00"),
        ("March 14, 2016", "2016-03-13T18:30:00"),
        ("14th March 2016 09:00", "2016-03-14T03:30:00"),
        (20261128, "2026-11-27T18:30:00"),
        (1795840200, "2026-11-28T04:30:00"),
        ("1795840200000", "2026-11-28T04:30:00"),
        ("03-04-2026", None),
        ("28-11-26", None),
        ("tomorrow", None),
        ("0001-01-01", None),
        (True, None),
    ],
)
def test_a_date_is_read_by_the_clocks_of_the_workspace_or_not_at_all(found, moment: str | None) -> None:
    if moment is None:
        with pytest.raises(NotReadable):
            as_moment(found, ZoneInfo("Asia/Kolkata"))
    else:
        assert as_moment(found, ZoneInfo("Asia/Kolkata")) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "minutes", "holds"),
    [("Asia/Kolkata", 30, True), ("Asia/Kolkata", 90, False), ("America/New_York", 30, True), ("UTC", 30, True)],
)
def test_a_local_time_is_compared_by_the_clocks_of_the_workspace(zone: str, minutes: int, holds: bool) -> None:
    paid_at = (NOW - timedelta(minutes=minutes)).astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat()
    data = RunData(trigger={"paid_at": paid_at}, workspace={"time_zone": zone})
    test = {"type": "test", "field": "paid_at", "op": "within_last_hours", "value": "1"}
    assert evaluate(ConditionGroup(items=[test]), data, NOW).holds == holds
    delay = Delay(mode="until_field", field="paid_at")
    assert "is past" in delay.decide(data, StepContext(attempt=1, key="k", now=NOW)).why
    assert render("{{ paid_at | date: '%s' }}", data) == str(int((NOW - timedelta(minutes=minutes)).timestamp()))


@pytest.mark.parametrize(
    ("value", "holds"), [("1", True), ("{{ items.last.n }}", False), ("{{ items.first.n }}", True)]
)
def test_the_size_of_a_list_is_compared_as_it_is_shown(value: str, holds: bool) -> None:
    data = RunData(trigger={"items": [{"n": 1}, {"n": 2}]})
    test = {"type": "test", "field": "items.size", "op": "greater", "value": value}
    assert evaluate(ConditionGroup(items=[test]), data, NOW).holds == holds
