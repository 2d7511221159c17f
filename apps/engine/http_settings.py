"""The parts of an HTTP request's settings: authentication and body."""

import json
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from pydantic import ConfigDict, Field, field_validator

from apps.common import bounded_json, charsets
from apps.common.effects import SecretUse
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.contract.node import Read
from apps.engine.fields import JsonText, Rows, SecretRef, Text, hint
from apps.engine.texts.templates import render, render_json
from apps.engine.values.data import RunData


class NoAuth(Value):
    """No authentication."""

    model_config = ConfigDict(title="None")
    type: Literal["none"] = Field(default="none", title="Kind", description="No authentication.")

    def secrets(self) -> tuple[SecretUse, ...]:
        return ()


class BearerAuth(Value):
    """`Authorization: Bearer <secret>`."""

    model_config = ConfigDict(title="Bearer token")
    type: Literal["bearer"] = Field(default="bearer", title="Kind", description="A token in the Authorization header.")
    secret: SecretRef = Field(title="Token", description="The secret that is sent as the token.")

    def secrets(self) -> tuple[SecretUse, ...]:
        return (SecretUse(header="Authorization", secret=self.secret.secret, prefix="Bearer "),)


class BasicAuth(Value):
    """HTTP Basic: `user` and a secret as password."""

    model_config = ConfigDict(title="Name and password")
    type: Literal["basic"] = Field(default="basic", title="Kind", description="HTTP Basic authentication.")
    user: str = Field(title="User name", description="The name to sign in with.", max_length=200)
    secret: SecretRef = Field(title="Password", description="The secret that is sent as the password.")

    def secrets(self) -> tuple[SecretUse, ...]:
        return (SecretUse(header="Authorization", secret=self.secret.secret, user=self.user),)


class HeaderAuth(Value):
    """A header of its own name with the secret as value."""

    model_config = ConfigDict(title="Header")
    type: Literal["header"] = Field(default="header", title="Kind", description="A header of your own name.")
    header: str = Field(
        default="X-Api-Key",
        title="Header",
        description="The name of the header.",
        max_length=100,
        pattern=r"^[A-Za-z0-9-]+$",
    )
    secret: SecretRef = Field(title="Value", description="The secret that is sent as the header's value.")

    def secrets(self) -> tuple[SecretUse, ...]:
        return (SecretUse(header=self.header, secret=self.secret.secret),)


class NoBody(Value):
    """No body."""

    model_config = ConfigDict(title="No body")
    type: Literal["none"] = Field(default="none", title="Kind", description="No body.")

    def reads(self) -> list[Read]:
        return []

    def made(self, data: RunData) -> tuple[str, bytes]:
        """The content type and the bytes."""
        return "", b""


class JsonBody(Value):
    """A JSON document with placeholders inside its texts; values are encoded, never spliced."""

    model_config = ConfigDict(title="JSON")
    type: Literal["json"] = Field(default="json", title="Kind", description="A JSON document.")
    text: JsonText = Field(
        default="{}",
        title="Body",
        description='A JSON document. Placeholders stand inside quotes; "{{ amount }}" alone keeps its type.',
        json_schema_extra=hint("code", language="json"),
    )
    missing: Literal["error", "empty"] = Field(
        default="error",
        title="When a value is missing",
        description="Stop with an error, or send null.",
        json_schema_extra=hint(labels={"error": "Stop with an error", "empty": "Send null or an empty text"}),
    )

    @field_validator("text")
    @classmethod
    def _keeps_its_digits(cls, text: str) -> str:
        _document(text)
        return text

    def reads(self) -> list[Read]:
        leaves = _leaves(_document(self.text))
        return [Read(field="body.text", text=Text(text=leaf, missing=self.missing)) for leaf in leaves]

    def made(self, data: RunData) -> tuple[str, bytes]:
        document = render_json(_document(self.text), data, self.missing)
        return "application/json", json.dumps(document).encode()


class FormBody(Value):
    """URL-encoded form fields."""

    model_config = ConfigDict(title="Form fields")
    type: Literal["form"] = Field(default="form", title="Kind", description="URL-encoded form fields.")
    rows: Rows = Field(
        default=[],
        title="Fields",
        description="The fields of the form.",
        max_length=100,
        json_schema_extra=hint(item="field"),
    )

    def reads(self) -> list[Read]:
        return reads_of("body.rows", self.rows)

    def made(self, data: RunData) -> tuple[str, bytes]:
        pairs = [(row.name, render(row.value, data)) for row in self.rows]
        return "application/x-www-form-urlencoded", urlencode(pairs).encode()


class TextBody(Value):
    """A text of a stated type."""

    model_config = ConfigDict(title="Text")
    type: Literal["text"] = Field(default="text", title="Kind", description="A text of any type.")
    content: Text = Field(title="Body", description="The text that is sent.")
    content_type: str = Field(
        default="text/plain; charset=utf-8",
        title="Content type",
        description="What the Content-Type header says.",
        max_length=200,
    )

    def reads(self) -> list[Read]:
        return [Read(field="body.content", text=self.content)]

    def made(self, data: RunData) -> tuple[str, bytes]:
        text = render(self.content, data)
        try:
            return self.content_type, text.encode(charsets.stated(self.content_type) or "utf-8")
        except (UnicodeEncodeError, LookupError):
            raise Refused(f"the text does not fit {self.content_type}: write charset=utf-8") from None


Auth = Annotated[NoAuth | BearerAuth | BasicAuth | HeaderAuth, Field(discriminator="type")]
Body = Annotated[NoBody | JsonBody | FormBody | TextBody, Field(discriminator="type")]


def reads_of(field: str, rows: Rows) -> list[Read]:
    return [Read(field=f"{field}.{i}.value", text=row.value) for i, row in enumerate(rows)]


@lru_cache(maxsize=512)
def _document(text: str) -> Any:
    """Parsed once per text; nobody may change it. Raises ValueError."""
    return bounded_json.loads(text.encode(), drawn=True) if text.strip() else None


def _leaves(document: Any) -> list[str]:
    if isinstance(document, dict):
        names = [name for name in document if "{{" in name]
        return [*names, *(leaf for item in document.values() for leaf in _leaves(item))]
    if isinstance(document, list):
        return [leaf for item in document for leaf in _leaves(item)]
    return [document] if isinstance(document, str) else []
