"""Which blocks of a drawing do something else since the rules of docs/upgrading.md. Pure."""

import re
from collections.abc import Callable, Iterator

from apps.engine.contract.node import NodeType
from apps.engine.drawing.graph import Graph, built_or_none
from apps.engine.nodes.condition import Condition
from apps.engine.nodes.digest import Digest
from apps.engine.nodes.http_request import OURS, HttpRequest
from apps.engine.nodes.split import Split
from apps.engine.nodes.throttle import Throttle
from apps.engine.nodes.wait_for_event import WaitForEvent
from apps.engine.readable import ON_DATES, ON_NUMBERS
from apps.engine.texts.templates import as_text

OF_TEXTS = {
    "rounds 2.5 to 3 and 2.675 to 2.68 (half away from zero)": re.compile(r"\|\s*round\b"),
    "takes a missing value, null and false for blank": re.compile(r"\bblank\b"),
    "writes nothing for a date that is empty or missing": re.compile(r"\|\s*date\b"),
    "does not count empty parts at the end of a split text": re.compile(r"\|\s*split\b"),
    "takes style, scripts and comments out with what is in them": re.compile(r"\|\s*strip_html\b"),
    "reads 1,499.50 as a number, and refuses 1.499": re.compile(r"\|\s*(plus|minus|times|divided_by|modulo)\b"),
}


def of_text(text: str) -> Iterator[str]:
    """What a text does otherwise."""
    if "{{" in text or "{%" in text:
        yield from (said for said, pattern in OF_TEXTS.items() if pattern.search(text))


def changes(graph: Graph) -> Iterator[tuple[str, str]]:
    """By block, what it does otherwise; each once."""
    for node in graph.nodes:
        block = built_or_none(node)
        if block is not None:
            texts = [as_text(read.text).text for read in block.reads() if read.text]
            found = [*_of_block(block), *(said for text in texts for said in of_text(text))]
            yield from ((node.name or node.id, said) for said in dict.fromkeys(found))


def _of_block(block: NodeType) -> Iterator[str]:
    yield from (said for said, is_so in _OF_BLOCKS.items() if is_so(block))


def _tests(block: NodeType, operators: set[str]) -> bool:
    branches = block.branches if isinstance(block, Condition) else []
    return any(test.op in operators for branch in branches for test in branch.when.tests())


def _keys(block: NodeType) -> bool:
    return isinstance(block, HttpRequest) and any(row.name.lower() in OURS for row in block.headers)


_OF_BLOCKS: dict[str, Callable[[NodeType], bool]] = {
    "reads a date without a time zone by the clocks of the workspace, not of UTC": lambda b: _tests(b, ON_DATES),
    "reads 1,499.50 and ₹1499 as numbers, and 1.499 as none": lambda b: _tests(b, ON_NUMBERS),
    "adds exactly, and reads 1,499.50 as a number": lambda b: isinstance(b, Digest) and bool(b.sums),
    "gathers with nothing where its key is empty": lambda b: isinstance(b, Digest),
    "lets pass where its key is empty": lambda b: isinstance(b, Throttle),
    "deals each run out by itself where nobody is named": lambda b: isinstance(b, Split),
    "hears nothing where a value is empty": lambda b: isinstance(b, WaitForEvent),
    "sends the header that you wrote in place of ours": _keys,
}
