"""What leaves and what comes back, as values: no network here."""

from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from typing import Literal

from pydantic import Field

from apps.common.values import Value

MAX_RETRY_S = 86_400.0


class SecretUse(Value):
    """A header filled from a workspace secret just before the call: `prefix + secret`, or Basic with `user`."""

    header: str
    secret: str
    prefix: str = ""
    user: str | None = None


class HttpCall(Value):
    """One HTTP request. `timeout_s` is the wall-clock limit of the whole call, name look-up and redirects included.

    `idempotent`: the other side may get it twice without harm. `redirects`: how many are followed, at most 3.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    timeout_s: float = 15
    secrets: tuple[SecretUse, ...] = ()
    idempotent: bool = False
    redirects: int = Field(default=0, ge=0, le=3)
    http2: bool = False

    def described(self) -> dict[str, object]:
        """The call as people may see it: no secret in it."""
        return {
            "method": self.method,
            "url": self.url,
            "headers": {name: value for name, value in self.headers},
            "body": self.body.decode("utf-8", "replace")[:4096],
            "secrets": [use.secret for use in self.secrets],
        }


def with_headers(ours: dict[str, str], theirs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers of a call: what a person wrote wins over what we would say under the same name, however written."""
    written = dict(theirs)
    said = {name.lower() for name in written}
    return (*((name, value) for name, value in ours.items() if name.lower() not in said), *written.items())


class Answer(Value):
    """An HTTP answer. `body` is at most 1 MiB; `truncated` says that more was there.

    `cut`: the status said success and the connection broke within the body: the other side did it, and its words are
    not all here.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False
    cut: bool = False
    seconds: float = 0

    def header(self, name: str) -> str | None:
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def retry_after_s(self) -> float | None:
        """When it asks to be called again: Retry-After in seconds or as a date (RFC 9110), a day at most."""
        asked = (self.header("retry-after") or "").strip()
        if asked.isascii() and asked.isdigit():
            return float(min(int(asked[:9]), MAX_RETRY_S))
        try:
            wait = parsedate_to_datetime(asked) - parsedate_to_datetime(self.header("date") or "")
        except (TypeError, ValueError):
            return None
        return min(max(wait.total_seconds(), 0.0), MAX_RETRY_S)


class NoAnswer(Value):
    """A call without an answer. `not_sent`: nothing reached the other side; `ambiguous`: it may have.

    `never`: not sent, and the same call never can be, however often it is tried. `unreached`: no name was found or no
    connection came about, which another machine may do better.
    """

    kind: Literal["not_sent", "ambiguous"]
    reason: str
    never: bool = False
    unreached: bool = False


class Mail(Value):
    """One e-mail to hand to an SMTP server."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"]
    username: str = ""
    password: str = ""
    sender: str
    to: str
    subject: str
    text: str
    html: str = ""
    message_id: str


class Capture(Value):
    """A message that stays here: shown in the test inbox."""
