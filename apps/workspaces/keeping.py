"""What keeps a row from being deleted by hand: the apps above say so for the models below them."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model

Keeper = Callable[[Any], Iterable[str]]
_KEEPERS: dict[type[Model], Keeper] = {}


def kept_by(model: type[Model], keeper: Keeper) -> None:
    """`keeper` names what still needs a row of this model, as "workflow Payments"."""
    _KEEPERS[model] = keeper


def keepers_of(rows: Iterable[Model]) -> list[str]:
    """What still needs these rows; empty: they may go."""
    found = [name for row in rows for name in _KEEPERS.get(type(row), lambda _: ())(row)]
    return list(dict.fromkeys(found))
