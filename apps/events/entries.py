"""An event that is to be written, with all that is written beside it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from apps.common.ids import ordered_id
from apps.engine.values.identities import Identity

Source = tuple[str, str]  # source_id and environment of an event
Closed = Callable[[set[Source]], set[Source]]
Find = Callable[[list["EventRow"]], None]


@dataclass(frozen=True)
class EventRow:
    """An event to be written, the rows of its keys, and the words that find it. `closed` says which endpoints are;
    `find` puts the people into such rows, by what is said `about` them.

    `new` makes one that a run fires.
    """

    event: dict[str, Any]
    seen: tuple[dict[str, Any], ...]
    words: list[str]
    closed: Closed | None = None
    about: tuple[Identity, ...] = ()
    find: Find | None = None

    @classmethod
    def new(cls, now: datetime, words: list[str], **facts: Any) -> "EventRow":
        """Without keys of a sender: the transaction that writes it fires it once."""
        blank = {"content_type": "", "raw": b"", "reason": "", "tries": 0, "depth": 0, "root": None}
        blank |= {"version_id": None, "person_id": None}
        event = {"id": ordered_id(), "received_at": now, "state": "received", **blank, **facts}
        return cls(event, (), words)

    def told_about(self, about: tuple[Identity, ...], find: Find) -> "EventRow":
        """The same, about whom these identities find."""
        return replace(self, about=about, find=find)

    def source(self) -> Source:
        return self.event["source_id"], self.event["environment"]

    def search_terms(self) -> list[dict[str, Any]]:
        where = {"workspace_id": self.event["workspace_id"], "event_id": self.event["id"]}
        return [{**where, "word": word} for word in self.words]
