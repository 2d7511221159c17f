"""One e-mail as the wire takes it (RFC 5322, 2047): what a reader decodes is what was written, in every script."""

import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr, quote
from typing import Any

from apps.common.effects import Mail

PLAIN = 66  # letters of a header that need no second line
WORD = 39  # bytes of an encoded word, so that it fits behind a header's name on a line of 76


@dataclass(frozen=True)
class Letter:
    """`sender` and `to` are bare addresses. `wide`: one has other letters before the @, which the server must allow."""

    sender: str
    to: str
    wide: bool
    content: bytes


def composed(mail: Mail) -> Letter:
    """Raises ValueError for what no header can carry."""
    name, address = parseaddr(mail.sender) if "<" in mail.sender else ("", mail.sender)
    message, sender, to = EmailMessage(), _ascii(address), _ascii(mail.to)
    message["Subject"], message["From"], message["To"] = "", sender, to  # `_Folding` writes the subject
    message["Message-ID"], message["Date"] = mail.message_id, format_datetime(datetime.now(UTC))
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    wide = not (sender.isascii() and to.isascii())
    return Letter(
        sender, to, wide, message.as_bytes(policy=_Folding(one_line(mail.subject), one_line(name), utf8=wide))
    )


class _Folding(policy.EmailPolicy):
    """The standard library's, with the subject and the sender's name as one run of encoded words.

    It mixes encoded and plain words, what blanks it puts between them depends on its version, and a subject that looks
    like an encoded word it decodes when it is set.
    """

    subject: str
    sender_name: str

    def __init__(self, subject: str, sender_name: str, **facts: Any) -> None:
        super().__init__(linesep="\r\n", **facts)
        object.__setattr__(self, "subject", subject)
        object.__setattr__(self, "sender_name", sender_name)

    def fold(self, name: str, value: Any) -> str:
        return self._ours(name, str(value)) or str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self._ours(name, str(value)).encode() or bytes(super().fold_binary(name, value))

    def _ours(self, name: str, value: str) -> str:
        match name.lower():
            case "subject":
                return f"Subject: {header_text(self.subject)}\r\n"
            case "from" if self.sender_name:
                return f"From: {_phrase(self.sender_name)}\r\n <{value}>\r\n"
        return ""


def header_text(text: str) -> str:
    """The text as a header says it: as it is where it is short, plain and cannot be taken for an encoded word."""
    plain = text.isascii() and len(text) <= PLAIN and "=?" not in text and text == text.strip()
    return text if plain else "\r\n ".join(_encoded_words(text))


def _encoded_words(text: str) -> Iterator[str]:
    """Each holds whole letters and stands on a line of its own; blanks between two of them are none to a reader."""
    rest = text
    while rest:
        length = next(n for n in range(min(len(rest), WORD), 0, -1) if len(rest[:n].encode()) <= WORD)
        yield f"=?utf-8?b?{b64encode(rest[:length].encode()).decode()}?="
        rest = rest[length:]


def _phrase(name: str) -> str:
    """A name before an address."""
    said = header_text(name)
    return f'"{quote(name)}"' if said == name else said


def one_line(text: str) -> str:
    """A header has one line: breaks and other signs that nobody sees become blanks."""
    return "".join(sign if sign.isprintable() or _joins(sign) else " " for sign in text).strip()


def _joins(sign: str) -> bool:
    """Signs without a shape that shape letters and pictures, as the joiners of Indian scripts do."""
    return unicodedata.category(sign) in ("Cf", "Zs")


def _ascii(address: str) -> str:
    """The address with its domain as the wire takes it (IDNA)."""
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.encode('idna').decode()}"
