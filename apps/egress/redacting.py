"""Takes secrets out of what is stored: whatever the other side repeats, in whatever clothes."""

import base64
import html
import json
import re
from collections.abc import Iterable
from typing import Any, TypeVar
from urllib.parse import quote, quote_plus

from apps.common.effects import Answer, NoAnswer
from apps.common.values import Value

DOTS = "••••"
SHORTEST = 6
TOLD = ("why", "reason", "ref", "output")
Told = TypeVar("Told", bound=Value)


class Redactor:
    """Knows some secrets and finds them raw, URL-encoded, JSON- or HTML-escaped, and inside Base64."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = {secret for secret in secrets if secret}
        forms = sorted({form for secret in self._secrets for form in _forms(secret)}, key=len, reverse=True)
        self._text = re.compile("|".join(map(_pattern, forms))) if forms else None
        # A number is no text in JSON: dots in its place would break the document, `value` finds it later.
        raw = [_pattern(form) for form in forms if not form.isdigit()]
        self._bytes = re.compile("|".join(raw).encode()) if raw else None

    def value(self, found: Any) -> Any:
        """The same text, list or object without the secrets."""
        match found:
            case str():
                return self._text.sub(DOTS, found) if self._text else found
            case dict():
                return {self.value(name): self.value(member) for name, member in found.items()}
            case list():
                return [self.value(member) for member in found]
            case int() | float() if str(found) in self._secrets:
                return DOTS
            case _:
                return found

    def answer(self, answer: Answer | NoAnswer) -> Answer | NoAnswer:
        """The answer as it came, before anybody reads or cuts it."""
        if isinstance(answer, NoAnswer) or self._bytes is None:
            return answer
        headers = tuple((name, self.value(value)) for name, value in answer.headers)
        return answer.model_copy(update={"body": self._bytes.sub(DOTS.encode(), answer.body), "headers": headers})

    def told(self, told: Told) -> Told:
        """What was concluded, as it goes to the database."""
        if self._text is None:
            return told
        return told.model_copy(update={name: self.value(getattr(told, name)) for name in TOLD if hasattr(told, name)})


def _pattern(form: str) -> str:
    return re.sub("%[0-9A-F]{2}", r"(?i:\g<0>)", re.escape(form))


def _forms(secret: str) -> set[str]:
    encoded = {quote(secret, safe=""), quote(secret), quote_plus(secret)}
    escaped = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret)}
    escaped |= {form.replace("/", "\\/") for form in escaped}
    return {secret, *encoded, *escaped, *_base64_forms(secret.encode())}


def _base64_forms(secret: bytes) -> set[str]:
    """What of the Base64 text is the same whatever stands before and after the secret, at each of three places."""
    forms = {base64.b64encode(secret).decode()} if len(secret) >= SHORTEST else set()
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret).decode()
        forms.add(text[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6])
    forms |= {form.translate(str.maketrans("+/", "-_")) for form in forms}
    return {form for form in forms if len(form) >= SHORTEST}
