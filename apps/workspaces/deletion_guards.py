"""What keeps a row from being deleted, or renamed, by hand: the apps above say so for the models below them."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model

Keeper = Callable[[Any], Iterable[str]]
_KEEPERS: dict[type[Model], Keeper] = {}
_SAID_BY_NAME: set[type[Model]] = set()


def kept_by(model: type[Model], keeper: Keeper, *, by_name: bool = False) -> None:
    """`keeper` names what still needs a row of this model, as "workflow Payments"; `by_name`: under that name only."""
    _KEEPERS[model] = keeper
    if by_name:
        _SAID_BY_NAME.add(model)


def is_said_by_name(model: type[Model]) -> bool:
    """Whether others know a row of this model by its name."""
    return model in _SAID_BY_NAME


def keepers_of(rows: Iterable[Model]) -> list[str]:
    """What still needs these rows; empty: they may go."""
    found = [name for row in rows for name in _KEEPERS.get(type(row), lambda _: ())(row)]
    return list(dict.fromkeys(found))
