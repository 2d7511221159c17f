"""The contract of a source: a URL of the workspace at which somebody else's system tells what happened.

The class is the source's settings, its `SecretStr` fields kept encrypted. One request (an arrival) says that any number
of things happened; each is an *occurrence*, recorded apart, and starts every workflow whose rule it fits. What the
sender is answered is the source's own affair, for status, type and body are commands to it. Pure.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from pydantic import SecretStr

from apps.common.values import Value
from apps.engine.about import IdentityAt
from apps.ingress.request import IncomingRequest
from apps.sources.cohorts import CohortPage


class DoorArrival(Value):
    """A request at a source, and the time."""

    request: IncomingRequest
    now: datetime


class Occurrence(Value):
    """One thing that happened. `key`: the sender's own id of it, by which it is taken once; `trouble`: why nothing can
    be made of it, which is kept to be looked at; `cohort`: it says who is in one."""

    body: dict[str, Any]
    key: str = ""
    trouble: str = ""
    cohort: CohortPage | None = None


class Answered(Value):
    """What a sender is answered: `body` is JSON, or a text under `content_type`."""

    status: int = 200
    body: Any = {}
    content_type: str = "application/json"


class Accepted(Value):
    """What an arrival says, and the answer once all of it is recorded."""

    occurrences: tuple[Occurrence, ...] = ()
    answer: Answered = Answered()


class TurnedAway(Value):
    """Nothing is taken: why, for the log of requests, and the answer."""

    why: str
    answer: Answered


class Door(Value):
    """What stands behind a source's URL. Subclasses: `door.py` of a folder in `apps/sources/`."""

    kind: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    first_about: ClassVar[tuple[IdentityAt, ...]] = ()  # by what its people are known, until somebody says otherwise
    steps: ClassVar[tuple[str, ...]] = ()  # how its sender is set up: {url}, its {host} and {path}
    retry_after_s: ClassVar[int] = 30

    def read(self, arrival: DoorArrival) -> Accepted | TurnedAway:
        """Check who it is, then say what happened."""
        raise NotImplementedError

    def refuse(self, status: int, why: str) -> Answered:
        """An answer that takes nothing, as its sender understands it."""
        return Answered(status=status, body={"error": why})

    def turn_away(self, status: int, why: str) -> TurnedAway:
        return TurnedAway(why=why, answer=self.refuse(status, why))

    @classmethod
    def rule_keys(cls, body: dict[str, Any]) -> tuple[str, ...]:
        """The keys of all rules that an occurrence with this body fits, by which the index has them."""
        raise NotImplementedError

    @classmethod
    def asks_to_forget(cls, body: dict[str, Any]) -> bool:
        """Whether an occurrence with this body asks to forget the person whom it names."""
        return False

    @classmethod
    def words_of(cls, body: dict[str, Any]) -> str:
        """What people call an occurrence with this body; empty: nothing."""
        raise NotImplementedError

    def sample(self, mark: str) -> IncomingRequest:
        """A request as its sender would make it, for somebody who tries the source; `mark` makes it another one."""
        raise NotImplementedError

    @classmethod
    def secret_fields(cls) -> list[str]:
        """Names of the settings that are kept encrypted."""
        return [name for name, info in cls.model_fields.items() if info.annotation is SecretStr]


def fits_any(shown: str, secrets: Iterable[SecretStr], same: Any) -> bool:
    """Whether one of the secrets was shown; each is compared, so that the time tells nothing."""
    return any([same(shown, secret.get_secret_value()) for secret in secrets if secret.get_secret_value()])


def key_of_all(said: Any) -> str:
    """A key for what has no id of its own: it is the same when all of it is."""
    plain = json.dumps(said, sort_keys=True, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return f"sha256:{hashlib.sha256(plain).hexdigest()}"
