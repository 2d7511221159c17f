"""Stories in JSON: a drawing, what happens, and what must have happened (tests/stories).

A story names the `example` or has `nodes` and `edges`; `world` is what the outside answers by path, `WORLD` its URL;
`after` moves the clock, posts another request or fires an event, each time with what must be true `then`. CHILD is the
example's workflow. What is checked is read back from the database: of the first run, and how many `runs` ended how.
"""

import json
from pathlib import Path

import pytest

from apps.engine.registry import NODES
from apps.sources.registry import TRIGGERS
from apps.workflows import example
from tests.support.clock import Clock
from tests.support.outside import Outside
from tests.support.stories import STORIES, check, play


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_ends_as_it_says(path: Path, story, published, outside: Outside, clock: Clock) -> None:
    tale = play(path, story, published, outside, clock)
    check(tale["then"], outside)


def test_each_node_and_trigger_has_a_story() -> None:
    drawings = [json.loads(path.read_text()) for path in STORIES]
    told = {node["kind"] for tale in drawings for node in tale.get("nodes", [])}
    told |= {node["kind"] for node in json.loads(example.DRAWING.read_text())["nodes"]}
    assert told >= {*NODES.all(), *(kind for kind, cls in TRIGGERS.all().items() if cls.has_url)}
