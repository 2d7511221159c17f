"""The contract of a provider. The class is its settings; it makes a message into a call and reads the answer."""

from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import SecretStr

from apps.common.effects import Answer, Capture, HttpCall, Mail, NoAnswer
from apps.common.values import Value

CHANNEL_TITLES = {"sms": "SMS", "email": "E-mail", "push": "Push", "whatsapp": "WhatsApp"}
CHANNELS = tuple(CHANNEL_TITLES)


class Message(Value):
    """One filled message. `key` is the stable key of its effect."""

    channel: str
    address: str
    subject: str = ""
    text: str
    html: str = ""
    key: str


class Result(Value):
    """What became of an attempt.

    accepted: the provider has it · temporary_failure: not taken, try later · permanent_failure: never will be ·
    unknown: may be there · untried: it could not be tried here, which counts as no attempt.
    """

    kind: Literal["accepted", "temporary_failure", "permanent_failure", "unknown", "untried"]
    why: str
    ref: str = ""
    http_status: int | None = None
    after_s: float | None = None


class Provider(Value):
    """An account at somebody who carries messages. Subclasses: `settings.py` of each folder in `apps/providers/`."""

    kind: ClassVar[str]
    title: ClassVar[str]
    channels: ClassVar[tuple[str, ...]] = CHANNELS
    policy: ClassVar[Literal["idempotent", "at_most_once"]] = "at_most_once"

    def prepare(self, message: Message) -> HttpCall | Mail | Capture:
        """The call that carries the message. Raises Refused when the settings or the address cannot work."""
        raise NotImplementedError

    def read(self, answer: Answer | NoAnswer) -> Result:
        """What the answer means."""
        raise NotImplementedError

    def destination(self) -> tuple[str, int]:
        """Where the secrets go (host and port, in one way of writing), and how safe the way is: more is safer."""
        return "", 0

    @classmethod
    def secret_fields(cls) -> list[str]:
        """Names of the settings that are kept encrypted."""
        return list(_secret_fields(cls))

    def secrets(self) -> list[str]:
        """The secret settings in plain: for the call, and for finding them in its answer."""
        values = [getattr(self, name) for name in self.secret_fields()]
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


@cache
def _secret_fields(provider: type[Provider]) -> tuple[str, ...]:
    """Once a provider: drawing a schema costs more than a send."""
    properties: dict[str, Any] = provider.model_json_schema().get("properties", {})
    return tuple(name for name, schema in properties.items() if _is_secret(schema))


def _is_secret(schema: dict[str, Any]) -> bool:
    return schema.get("format") == "password" or any(_is_secret(s) for s in schema.get("anyOf", []))


def not_answered(answer: NoAnswer) -> Result:
    """The common reading of a call that got no answer."""
    if answer.kind == "ambiguous":
        return Result(kind="unknown", why=answer.reason)
    return Result(kind="permanent_failure" if answer.never else "temporary_failure", why=answer.reason)
