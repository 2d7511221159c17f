"""Signatures over what was sent: by a scheme that a person describes, or by that of a sender we know."""

import base64
import binascii
import hashlib
import hmac
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from apps.common.values import Value
from apps.engine.fields import hint
from apps.sources.contract import Arrival
from apps.sources.named_secrets import NamedSecrets

_SIGNS = r"[A-Za-z0-9!#$%&'*+.^_`|~-]"
HeaderName = Annotated[str, Field(pattern=f"^{_SIGNS}{{1,100}}$")]
OptionalHeaderName = Annotated[str, Field(pattern=f"^{_SIGNS}{{0,100}}$")]
PARTS = ("body", "time", "id")
MAX_SHOWN = 20  # signatures in one header
_PART = re.compile(r"\{(\w*)\}")


def same(given: str, wanted: str) -> bool:
    """Whether two texts are equal, in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))


def _as_template(text: str) -> str:
    unknown = [name for name in _PART.findall(text) if name not in PARTS]
    if unknown or (text and "{body}" not in text):
        raise ValueError("write what is signed with {body}, {time} and {id}, as {time}.{body}")
    return text


class Scheme(Value):
    """How a signature is made and where it stands. `signed` is of {body} (of a GET: the query), {time} and {id}."""

    header: HeaderName = Field(default="X-Signature", title="Header", description="Which header has the signature.")
    prefix: str = Field(
        default="", title="Prefix", description="What stands before the signature, as sha256= or v1=.", max_length=50
    )
    separator: str = Field(
        default="",
        title="Between entries",
        description="What stands between several entries of that header, as a comma; empty: there is one.",
        max_length=5,
        json_schema_extra=hint(collapsed=True),
    )
    algorithm: Literal["sha256", "sha1", "sha512"] = Field(
        default="sha256", title="Algorithm", description="The hash of the HMAC."
    )
    encoding: Literal["hex", "base64"] = Field(
        default="hex", title="Encoding", description="How the signature is written."
    )
    key: Literal["text", "base64", "whsec"] = Field(
        default="text",
        title="Key",
        description="How the secret is written.",
        json_schema_extra=hint(
            labels={"text": "As it is", "base64": "In base64", "whsec": "In base64 behind whsec_"}, collapsed=True
        ),
    )
    timestamp_header: OptionalHeaderName = Field(
        default="",
        title="Time header",
        description="Which header has the time of sending as a Unix time.",
    )
    time_prefix: str = Field(
        default="",
        title="Time within it",
        description="What stands before the time where that header has several entries, as t=.",
        max_length=20,
        json_schema_extra=hint(collapsed=True),
    )
    time_unit: Literal["seconds", "milliseconds"] = Field(
        default="seconds", title="Time in", description="The unit of that time.", json_schema_extra=hint(collapsed=True)
    )
    id_header: OptionalHeaderName = Field(
        default="",
        title="Id header",
        description="Which header has the id that is signed, too.",
        json_schema_extra=hint(collapsed=True),
    )
    signed: Annotated[str, AfterValidator(_as_template)] = Field(
        default="",
        title="What is signed",
        description="As {time}.{body} or v0:{time}:{body}; empty: {body}, or {time}.{body} where there is a time.",
        max_length=100,
        json_schema_extra=hint(collapsed=True),
    )
    tolerance_s: int = Field(
        default=300, title="Tolerance", description="How many seconds the time may be off.", ge=1, le=3600
    )

    def digest(self, arrival: Arrival) -> str:
        """The digest that the sender showed, as hex; empty where it is none of ours."""
        content = self._content(arrival)
        if content is None:
            return ""
        shown = self._entries(arrival, self.header, self.prefix)
        keys = [key for secret in arrival.secrets if (key := self._key(secret))]
        digests = [hmac.new(key, content, getattr(hashlib, self.algorithm)).digest() for key in keys]
        fits = [digest for digest in digests if any([self._is(entry, digest) for entry in shown])]
        return fits[0].hex() if fits else ""

    def _is(self, entry: str, digest: bytes) -> bool:
        if self.encoding == "hex":
            return same(entry.lower(), digest.hex())
        return same(entry, base64.b64encode(digest).decode())

    def _entries(self, arrival: Arrival, header: str, prefix: str) -> list[str]:
        """What stands behind the prefix in that header."""
        whole = arrival.request.headers.get(header.lower(), "")
        parts = whole.split(self.separator, MAX_SHOWN)[:MAX_SHOWN] if self.separator else [whole]
        found = [part.strip() for part in parts]
        return [part[len(prefix) :] for part in found if part[: len(prefix)].lower() == prefix.lower()]

    def _content(self, arrival: Arrival) -> bytes | None:
        """The bytes that were signed; None where the time or the id is missing or off."""
        body, time, id_ = arrival.request.raw(), "", ""
        if self.timestamp_header:
            time = next(iter(self._entries(arrival, self.timestamp_header, self.time_prefix)), "")
            if not self._is_now(time, arrival):
                return None
        if self.id_header:
            id_ = arrival.request.headers.get(self.id_header.lower(), "")
            if not id_:
                return None
        template = self.signed or ("{time}.{body}" if self.timestamp_header else "{body}")
        before, _, after = template.partition("{body}")
        words = [text.replace("{time}", time).replace("{id}", id_).encode() for text in (before, after)]
        return words[0] + body + words[1]

    def _is_now(self, stamp: str, arrival: Arrival) -> bool:
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 15):
            return False
        seconds = int(stamp) / (1000 if self.time_unit == "milliseconds" else 1)
        return abs(arrival.now.timestamp() - seconds) <= self.tolerance_s

    def _key(self, secret: str) -> bytes:
        if self.key == "text":
            return secret.encode()
        text = secret.removeprefix("whsec_") if self.key == "whsec" else secret
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            return b""


class SignatureGuard(NamedSecrets):
    """What each guard of a signature does; `scheme` says how it is made."""

    def scheme(self) -> Scheme:
        raise NotImplementedError

    def takes_once(self) -> bool:
        return True

    def admits(self, arrival: Arrival) -> bool:
        return bool(self.scheme().digest(arrival))

    def signature(self, arrival: Arrival) -> str:
        return self.scheme().digest(arrival) if self.takes_once() else ""


class HmacGuard(Scheme, SignatureGuard):
    """A signature by a scheme of the sender's."""

    model_config = ConfigDict(title="Signature")
    type: Literal["hmac"] = Field(
        default="hmac", title="Kind", description="The sender signs what it sends with the secret."
    )
    once: bool = Field(
        default=True,
        title="Take a signature once",
        description="The same signature again is a repeat. Off: for senders that sign equal bodies on purpose.",
    )

    def scheme(self) -> Scheme:
        return self

    def takes_once(self) -> bool:
        return self.once
