"""What texts compare. Values of two kinds are never equal, less or contained: that is a *no*, and no error."""

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from liquid import RenderContext, Undefined
from liquid.ast import Node
from liquid.builtin.expressions import logical
from liquid.builtin.expressions.primitive import Blank, Empty
from liquid.builtin.tags import case_tag
from liquid.expression import Expression

from apps.common.exact import of_float
from apps.engine.values.budget import COMPARED, spend
from apps.engine.values.to_text import plain, to_text


def compare_as_here(nodes: Iterable[Node]) -> None:
    """Let the comparisons of a parsed text follow the rules of this module."""
    for node in nodes:
        for expression in node.expressions():
            _follow(expression)
        compare_as_here(node.children(cast(RenderContext, None), include_partials=False))


def _follow(expression: Expression) -> None:
    expression.__class__ = _OURS.get(type(expression), type(expression))
    for inner in expression.children():
        _follow(inner)


def equal(left: Any, right: Any) -> bool:
    left, right = _value(left), _value(right)
    if isinstance(right, Blank | Empty):
        left, right = right, left
    if isinstance(left, Blank):
        return isinstance(right, Blank) or _is_blank(right)
    if isinstance(left, Empty):
        return isinstance(right, Empty) or (isinstance(right, str | list | dict) and not right)
    spend(COMPARED + _size(left))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _is_blank(value: Any) -> bool:
    """Missing, null, false, empty, or only white space."""
    if isinstance(value, str | list | dict):
        return not (value.strip() if isinstance(value, str) else value)
    return value is None or value is False


def less(left: Any, right: Any, *, or_equal: bool = False) -> bool:
    left, right = _value(left), _value(right)
    spend(COMPARED + _size(left))
    if not (_are(str, left, right) or _are(int | Decimal, left, right)):
        return False
    return bool(left <= right if or_equal else left < right)


def contains(left: Any, right: Any) -> bool:
    left, right = _value(left), _value(right)
    if right is None or right is False or isinstance(right, Blank | Empty):
        return False
    spend(COMPARED + _size(left))
    if isinstance(left, str):
        return to_text(right) in left
    if isinstance(left, list):
        return any(equal(item, right) for item in left)
    if isinstance(left, range):
        return isinstance(right, int) and right in left
    return isinstance(left, dict) and isinstance(right, str) and right in left


def _value(found: Any) -> Any:
    """Nothing for what is missing, the text of an XML element, and a number without the noise behind its digits."""
    if isinstance(found, Undefined):
        return None
    return of_float(found) if isinstance(found, float) else plain(found)


def _are(kind: Any, *values: Any) -> bool:
    return all(isinstance(value, kind) and not isinstance(value, bool) for value in values)


def _size(value: Any) -> int:
    if isinstance(value, list | dict):
        return len(json.dumps(value, default=str))
    return len(value) // 100 if isinstance(value, str) else 0


class _Equal(logical.EqExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return equal(self.left.evaluate(context), self.right.evaluate(context))


class _NotEqual(logical.NeExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return not equal(self.left.evaluate(context), self.right.evaluate(context))


class _Less(logical.LtExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return less(self.left.evaluate(context), self.right.evaluate(context))


class _LessOrEqual(logical.LeExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return less(self.left.evaluate(context), self.right.evaluate(context), or_equal=True)


class _Greater(logical.GtExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return less(self.right.evaluate(context), self.left.evaluate(context))


class _GreaterOrEqual(logical.GeExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return less(self.right.evaluate(context), self.left.evaluate(context), or_equal=True)


class _Contains(logical.ContainsExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        return contains(self.left.evaluate(context), self.right.evaluate(context))


class _AnyOf(case_tag._AnyExpression):
    __slots__ = ()

    def evaluate(self, context: RenderContext) -> list[bool]:
        subject = self.left.evaluate(context)
        return [equal(subject, choice.evaluate(context)) for choice in self.expressions]


_OURS: dict[type[Expression], type[Expression]] = {
    logical.EqExpression: _Equal,
    logical.NeExpression: _NotEqual,
    logical.LtExpression: _Less,
    logical.LeExpression: _LessOrEqual,
    logical.GtExpression: _Greater,
    logical.GeExpression: _GreaterOrEqual,
    logical.ContainsExpression: _Contains,
    case_tag._AnyExpression: _AnyOf,
}
