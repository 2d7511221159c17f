"""What a text says of itself before it is filled in: the paths that it reads, and whether what it asks for exists."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

from liquid import RenderContext
from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, StringLiteral
from liquid.expression import Expression
from liquid.template import BoundTemplate

from apps.common.trouble import Refused
from apps.engine.texts.dates import refuse_unknown
from apps.engine.texts.filters import NAMES
from apps.engine.values.paths import written


def names_read(template: BoundTemplate) -> tuple[str, ...]:
    """The paths that a text reads. Raises Refused for a filter or a date's format that does not exist."""
    analysis = template.analyze(include_partials=False)
    unknown = sorted(set(analysis.filters) - set(NAMES))
    if unknown:
        raise Refused(f"there is no filter {unknown[0]!r}: the reference lists those that are there")
    for form in _date_formats(template.nodes):
        refuse_unknown(form)
    found = {_path(variable.segments) for uses in analysis.globals.values() for variable in uses}
    return tuple(sorted(found))


def _path(parts: Iterable[Any]) -> str:
    """Up to where another value decides what is read."""
    fixed = []
    for part in parts:
        if not isinstance(part, str | int):
            break
        fixed.append(part)
    return written(fixed)


def _date_formats(nodes: Iterable[Node]) -> Iterator[str]:
    for node in nodes:
        for expression in node.expressions():
            yield from _formats_in(expression)
        yield from _date_formats(node.children(cast(RenderContext, None), include_partials=False))


def _formats_in(expression: Expression) -> Iterator[str]:
    if isinstance(expression, FilteredExpression):
        for used in expression.filters or []:
            given = getattr(used.args[0], "value", None) if used.args else None
            if used.name == "date" and isinstance(given, StringLiteral):
                yield given.value
    for inner in expression.children():
        yield from _formats_in(inner)
