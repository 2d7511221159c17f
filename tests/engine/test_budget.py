"""A text or a condition that would cost too much is refused in words: by counting, so everybody counts the same."""

import json
import time
from datetime import UTC, datetime
from functools import partial

import pytest

from apps.common import bounded_json
from apps.engine.conditions import ConditionGroup, evaluate
from apps.engine.fields import Html, Text
from apps.engine.texts.templates import filled_value, render
from apps.engine.values import budget
from apps.engine.values.budget import TooMuch
from apps.engine.values.data import RunData
from apps.runs.claims import claiming, starting
from apps.runs.interpreter import interpreter
from apps.runs.models import Run
from apps.sources import payload_schema
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.draw import rows
from tests.support.outside import fire

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LONG = ",".join("a" * 9_990)
MANY = list(range(500_000))
JOINED = "{% assign t = s" + ' | split: "," | join: ","' * 50 + " %}"
REFUSED = r"too much work|longer than|more than|limit"
COSTLY = {
    "filters in a loop": "{% for i in (1..130) %}" + JOINED + "{% endfor %}",
    "filters without a loop": "{% assign t = s" + ' | split: "," | join: ","' * 2000 + " %}",
    "a thousand times ten thousand placeholders": "{% for i in (1..1000) %}" + "{{i}}" * 10_000 + "{% endfor %}",
    "conditions in a loop": "{% for i in (1..1000) %}" + "{% if i == 2 %}{% endif %}" * 2000 + "{% endfor %}",
    "a long condition in a loop": "{% for i in (1..1000) %}"
    + ("{% if i == 3" + " or i == 2" * 20 + " %}{% endif %}") * 200
    + "{% endfor %}",
    "a case of many": "{% for i in (1..1000) %}{% case i %}" + "{% when 0 %}" * 4000 + "{% endcase %}{% endfor %}",
    "assignments in loops": "{% for i in (1..30) %}{% for j in (1..30) %}"
    + "{% assign a = s %}" * 3000
    + "{% endfor %}{% endfor %}",
    "an object again and again": "{% for i in (1..1000) %}{% assign a = o | size | append: o %}{% endfor %}",
    "a list again and again": "{% for i in (1..1000) %}{% assign a = many %}{{ many }}{% endfor %}",
    "replacements": "{% for i in (1..900) %}"
    + '{% assign t = s | replace: "a", "b" | upcase | strip_html %}' * 10
    + "{% endfor %}",
}
DATA = RunData(trigger={"s": LONG, "many": MANY, "o": {"k": ["x" * 50] * 1000}, "tags": ["vip", *map(str, range(90))]})


@pytest.mark.parametrize("name", COSTLY)
@pytest.mark.parametrize("kind", [Text, Html])
def test_a_text_that_costs_too_much_is_refused_within_a_moment(name: str, kind: type[Text]) -> None:
    text = kind.model_construct(text=COSTLY[name], missing="error", default="")
    with pytest.raises(Exception, match=REFUSED):
        render(text, DATA, escape="html" if kind is Html else "")
    began = time.process_time()
    with pytest.raises(Exception, match=REFUSED):
        render(text, DATA, escape="html" if kind is Html else "")
    assert time.process_time() - began < 2


def test_what_people_write_stays_far_below_the_budget() -> None:
    lines = (
        "{% for line in lines %}<li>{{ line.name | upcase }} {{ line.price | times: 2 | round: 2 }}</li>{% endfor %}"
    )
    data = RunData(trigger={"lines": [{"name": f"Item {n}", "price": n} for n in range(300)]})
    with budget.budget() as account:
        render(Html(text=lines * 2), data, escape="html")
    assert account.spent < budget.MAX_WORK / 10


def group(*tests: dict, match: str = "all") -> ConditionGroup:
    return ConditionGroup.model_validate({"match": match, "items": list(tests)})


def a_test(field: str, op: str, value: str = "", **more) -> dict:
    return {"type": "test", "field": field, "op": op, "value": value, **more}


def deep(test: dict, widths: tuple[int, ...]) -> ConditionGroup:
    for width in widths or (1,):
        test = {"type": "group", "match": "all", "items": [test] * width}
    return ConditionGroup.model_validate(test)


@pytest.mark.parametrize(
    ("test", "widths"),
    [
        (a_test("many", "contains", "vip"), ()),
        (a_test("many", "not_contains", "vip"), ()),
        (a_test("tags", "not_contains", "x"), (50, 50)),
        (a_test("s", "matches", "^(a,?)+$"), (50, 30)),
        (a_test("s", "not_in", values=["x"] * 1000), (50, 50)),
        (a_test("s", "not_contains", "b"), (50, 50)),
        (a_test("o", "exists"), (50, 50, 8)),
    ],
    ids=["contains", "not contains", "many tests", "many patterns", "long lists", "long texts", "shown objects"],
)
def test_a_condition_that_costs_too_much_is_refused_within_a_moment(test: dict, widths: tuple[int, ...]) -> None:
    when = deep(test, widths)
    began = time.process_time()
    with pytest.raises(TooMuch):
        evaluate(when, DATA, NOW)
    assert time.process_time() - began < 2


def test_a_thousand_patterns_that_are_hard_to_make_are_not_all_made() -> None:
    """Settings are checked within a budget, too: a drawing that somebody sends costs a page no minute."""
    tests = [a_test("tags.0", "matches", f"v(i|{n}){{1,90}}p(\\pL{{1,90}}){{1,9}}|vip") for n in range(50)]
    began = time.process_time()
    with pytest.raises(TooMuch), budget.budget():
        group(*tests)
    assert time.process_time() - began < 2


def test_a_strangers_list_is_compared_within_the_budget(published, clock: Clock) -> None:
    branch = {"id": "vip", "name": "VIP", "when": group(a_test("tags", "contains", "vip")).model_dump(mode="json")}
    url = published(
        draw.condition("sort", branches=[branch]),
        edges=[{"source": "start", "outlet": "next", "target": "sort"}],
    )
    fire(url, json.dumps({"tags": [1] * 300_000}))
    fire(url, {"tags": ["vip"]})
    drain(clock)
    first, second = sorted(Run.objects.all(), key=lambda run: -len(run.event.body["tags"]))
    assert (first.state, second.state) == ("failed", "completed")
    assert "too much work" in first.error


def test_the_texts_of_one_block_share_a_budget(published, clock: Clock) -> None:
    text = "{% for i in (1..100) %}" + '{% assign t = s | split: "," | join: "," %}' + "{% endfor %}"
    url = published(draw.transform("make", rows=rows(**{f"t{n}": text for n in range(50)})))
    fire(url, {"s": LONG})
    drain(clock)
    assert "too much work" in Run.objects.get().error


def test_a_schema_of_many_patterns_is_counted_too() -> None:
    schema = {"allOf": [{"properties": {"t": {"pattern": f"^(a|b{n})*c"}}} for n in range(1000)]}
    began = time.process_time()
    found = payload_schema.misfit({"t": "a" * 900_000}, payload_schema.as_schema(json.dumps(schema)))
    assert found is not None and time.process_time() - began < 2


def test_a_single_placeholder_keeps_its_value_however_large() -> None:
    assert filled_value("{{ many }}", DATA) is MANY
    assert len(LONG) < bounded_json.MAX_BYTES


def test_a_run_that_has_worked_much_rests_before_it_goes_on(published, clock: Clock, monkeypatch) -> None:
    """What it does lies in a commit that others wait for."""
    monkeypatch.setattr(interpreter, "AT_ONCE", 100_000)
    text = "{% for i in (1..20) %}" + '{% assign t = s | split: "," | join: "," %}' + "{% endfor %}"
    url = published(*(draw.transform(f"t{n}", rows=rows(t=text)) for n in range(5)))
    fire(url, {"s": LONG})
    starting.start_due(10, clock(), lambda _: 10, lambda _: 0)
    run = Run.objects.get()
    assert (run.state, run.node, run.steps.count()) == ("ready", "t1", 1)
    drain(clock)
    run.refresh_from_db()
    assert (run.state, run.steps.count()) == ("completed", 5)


@pytest.mark.parametrize("waits", [False, True], ids=["begun", "taken up"])
def test_costly_runs_do_not_share_one_commit(published, clock: Clock, monkeypatch, waits: bool) -> None:
    monkeypatch.setattr(starting, "AT_ONCE", 100_000)
    monkeypatch.setattr(claiming, "AT_ONCE", 100_000)
    monkeypatch.setattr(starting, "FEW", 1)
    text = "{% for i in (1..20) %}" + '{% assign t = s | split: "," | join: "," %}' + "{% endfor %}"
    delay = draw.delay("first", amount=5, unit="seconds")
    work = draw.transform("work", rows=rows(t=text))
    url = published(*([delay] if waits else []), work)
    for _ in range(3):
        fire(url, {"s": LONG})
    if waits:
        while starting.start_due(10, clock(), lambda _: 10, lambda _: 0):
            pass
        clock.forward(seconds=6)
        begin = partial(claiming.claim_due, 10, clock(), lambda _: 10, lambda _: 0)
    else:
        begin = partial(starting.start_due, 10, clock(), lambda _: 10, lambda _: 0)
    assert [len(begin()) for _ in range(4)] == [1, 1, 1, 0]
    assert Run.objects.filter(state="completed").count() == 3
