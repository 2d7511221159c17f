"""What differs between two versions, in words."""

from apps.engine.drawing.graph import parse_graph
from apps.workflows.describe.difference import difference, in_short
from tests.support import draw
from tests.support.draw import payment


def words(before, after) -> list[str]:
    found = difference(parse_graph(before), parse_graph(after))
    lines = [f"{c.mark} {c.name}: {line}" for c in found.blocks for line in c.lines or ("",)]
    return [*lines, *(way.line for way in found.ways)]


def test_the_same_drawing_in_other_places_with_notes_differs_in_nothing() -> None:
    note = {"id": "note-1", "text": "mind this", "position": {"x": 0, "y": 0}}
    moved = {**payment(start={"position": {"x": 500, "y": 7}}), "notes": [note]}
    found = difference(parse_graph(payment()), parse_graph(moved))
    assert found.is_none() and in_short(found) == "nothing changed"


def test_a_setting_is_told_with_its_titles_and_both_values() -> None:
    drawing = payment()
    status = next(n for n in drawing["nodes"] if n["id"] == "status")
    status["settings"]["branches"][1]["when"]["items"][0]["value"] = "lost"
    call = next(n for n in drawing["nodes"] if n["id"] == "customers")
    call["settings"] |= {"auth": {"type": "bearer", "secret": {"secret": "SHOP"}}, "timeout_s": 5}
    call["name"] = "Which buyer?"
    assert words(payment(), drawing) == [
        "changed Payment status?: Branches “failed” › When › Tests 1 › Value: “failed” → “lost”",
        "changed Which buyer?: Name: “Which customer?” → “Which buyer?”",
        "changed Which buyer?: Authentication: “None” → “Bearer token”",
        "changed Which buyer?: Authentication › Token › Secret: not there → “SHOP”",
        "changed Which buyer?: Timeout: 15.0 → 5.0",
    ]


def test_a_default_that_is_written_out_is_no_difference_and_neither_is_the_order_of_named_rows() -> None:
    call = next(n for n in payment()["nodes"] if n["id"] == "customers")
    written = payment(customers={"settings": {**call["settings"], "timeout_s": 15, "headers": []}})
    assert words(payment(), written) == []
    rows = [{"name": name, "value": {"text": "1"}} for name in ("a", "b")]
    first = payment(customers={"settings": {**call["settings"], "headers": rows}})
    second = payment(customers={"settings": {**call["settings"], "headers": rows[::-1]}})
    assert words(first, second) == []


def test_blocks_that_come_and_go_and_ways_that_change_are_told() -> None:
    drawing = payment()
    drawing["nodes"] = [n for n in drawing["nodes"] if n["id"] != "other"]
    drawing["nodes"].append(draw.delay("wait", named="A day", amount=1, unit="days"))
    drawing["edges"] = [e for e in drawing["edges"] if e["target"] != "other"]
    edge = next(e for e in drawing["edges"] if e["source"] == "power" and e["outlet"] == "else")
    edge["target"] = "wait"
    drawing["edges"].append({"source": "wait", "target": "payment_link"})
    assert words(payment(), drawing) == [
        "added A day: ",
        "removed Nothing to say: ",
        "“Power user?” › else leads to “A day” instead of “Payment link”",
        "“A day” › next leads to “Payment link”",
        "“Payment status?” › else no longer leads to “Nothing to say”",
    ]
    found = difference(parse_graph(payment()), parse_graph(drawing))
    assert in_short(found) == "1 block added, 1 block removed, 3 connections changed"


def test_settings_that_cannot_be_read_are_compared_as_they_are() -> None:
    odd = payment(customers={"settings": {"method": "FETCH", "odd": 1}})
    assert "changed Which customer?: Method: “GET” → “FETCH”" in words(payment(), odd)
