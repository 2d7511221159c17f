"""The tags of texts: Liquid's own, where what is written is escaped and what is repeated is paid for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO, cast

from liquid import RenderContext, Undefined
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import LoopExpression
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.capture_tag import CaptureNode, CaptureTag
from liquid.builtin.tags.cycle_tag import CycleNode, CycleTag
from liquid.builtin.tags.echo_tag import EchoTag
from liquid.builtin.tags.for_tag import ForNode, ForTag
from liquid.builtin.tags.tablerow_tag import TablerowNode, TablerowTag
from liquid.stream import TokenStream

from apps.common.trouble import Refused
from apps.engine.values.budget import PER_CHARACTER, STEP, spend
from apps.engine.values.to_text import to_text

TAGS = (
    *("if", "unless", "case", "for", "break", "continue", "tablerow", "cycle", "ifchanged"),
    *("assign", "capture", "increment", "decrement", "echo", "liquid", "comment", "doc", "#"),
)
BASE = ("content", "output", "illegal")
MAX_LOOPED = 100_000  # of which a loop may take a thousand


_blanks: ContextVar[list[bool] | None] = ContextVar("blanks", default=None)


@contextmanager
def blanks_noted() -> Iterator[list[bool]]:
    """One entry for each placeholder that gives nothing within."""
    noted: list[bool] = []
    token = _blanks.set(noted)
    try:
        yield noted
    finally:
        _blanks.reset(token)


def note_blank() -> None:
    noted = _blanks.get()
    if noted is not None:
        noted.append(True)


class Placeholder(OutputNode):
    """A placeholder: its value is written as people read it, then escaped, so that nothing in between sees entities."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        spend(STEP)
        text = written(context, self.expression.evaluate(context))
        if not text.strip():
            note_blank()
        return buffer.write(text)


def written(context: RenderContext, value: Any) -> str:
    """A value as it stands in the text that is made."""
    return cast(Any, context.env).written(value)  # type: ignore[no-any-return]


class OutputHere(Output):
    node_class = Placeholder


class BoundedEcho(EchoTag):
    node_class = Placeholder  # type: ignore[assignment]


class CycleHereNode(CycleNode):
    """Liquid's, whose value is escaped as that of a placeholder is."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        spend(STEP)
        values = [argument.evaluate(context) for argument in self.args]
        index = context.cycle(self._key(context, values), len(values))
        return buffer.write(written(context, values[index])) if index < len(values) else 0

    def _key(self, context: RenderContext, values: list[Any]) -> str:
        """Cycles of one name go on together; those without, where their values are the same."""
        if self.group is None:
            return to_text(values)
        name = self.group.evaluate(context)
        return f"named {'' if isinstance(name, Undefined) else to_text(name)}"


class Cycle(CycleTag):
    node_class = CycleHereNode


class CaptureHereNode(CaptureNode):
    """What is captured was escaped when it was written: it is not escaped again."""

    def _assign(self, context: RenderContext, buf: Any) -> None:
        context.assign(self.name, cast(Any, context.env).as_escaped(buf.getvalue()))


class BoundedCapture(CaptureTag):
    node_class = CaptureHereNode


class Repeated(BlockNode):
    """What a loop repeats: each time costs what stands in its braces; an inner loop counts its own."""

    def __init__(self, block: BlockNode) -> None:
        super().__init__(block.token, block.nodes)
        self.cost = sum(_cost(node) for node in block.nodes)

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        spend(self.cost)
        return super().render_to_output(context, buffer)


def _cost(node: Node) -> int:
    if isinstance(node, Repeated | ContentNode):
        return 0
    inside = node.children(cast(RenderContext, None), include_partials=False)  # asked only by tags that are not here
    own = 0 if isinstance(node, BlockNode) else STEP + PER_CHARACTER * len(node.token.value)
    own += PER_CHARACTER * sum(len(str(expression)) for expression in node.expressions())
    return own + sum(_cost(child) for child in inside)


class Looked(LoopExpression):
    """What a loop goes over, refused where it is too long to be turned round or begun in the middle."""

    __slots__ = ()

    def _to_iter(self, obj: object, context: RenderContext) -> tuple[Iterator[Any], int]:
        found, length = super()._to_iter(obj, context)
        if length > MAX_LOOPED:
            raise Refused(f"a loop goes over {length} items: {MAX_LOOPED} is the most")
        return found, length


def _bounded(node: ForNode | TablerowNode) -> None:
    node.block = Repeated(node.block)
    node.expression.__class__ = Looked


class For(ForTag):
    def parse(self, stream: TokenStream) -> Node:
        node = super().parse(stream)
        if isinstance(node, ForNode):
            _bounded(node)
        return node


class Tablerow(TablerowTag):
    def parse(self, stream: TokenStream) -> TablerowNode:
        node = super().parse(stream)
        _bounded(node)
        return node


OURS = (OutputHere, BoundedEcho, Cycle, BoundedCapture, For, Tablerow)
