"""Any SMS, WhatsApp or push aggregator with an HTTP API: the request is a template of the account."""

import json
import re
from typing import Any, ClassVar, Literal
from urllib.parse import urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator

from apps.common import bounded_json
from apps.common.charsets import stated
from apps.common.effects import Answer, HttpCall, NoAnswer, with_headers
from apps.common.trouble import Malformed
from apps.engine.fields import hint
from apps.engine.texts.templates import render, render_json, render_url
from apps.engine.values.data import RunData
from apps.engine.values.paths import MISSING
from apps.engine.values.to_text import to_text
from apps.providers.contract import Message, Provider, Result, not_answered

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
MAX_WORDS = 200
_CREDENTIAL = re.compile(r"(?i)authorization|api-?key|token|secret|password|cookie")


class HttpGateway(Provider):
    """An HTTP API. Placeholders: `channel`, `address`, `subject`, `text`, `key`, and `token` in headers.

    `encoding` is *json* or *form*, as the body goes out. Many gateways refuse with a 200: what their answer must say is
    `success_text` somewhere in it, or one of `success_values` at `success_path`; what says another thing was rejected.
    """

    kind: ClassVar[str] = "http_gateway"
    title: ClassVar[str] = "HTTP gateway"
    url: str = Field(
        title="URL", description="Where messages are posted, as https://api.example.com/messages.", max_length=2000
    )
    method: Literal["POST", "PUT", "GET"] = Field(default="POST", title="Method", description="The HTTP method.")
    headers: dict[str, str] = Field(
        default={},
        title="Headers",
        description="One a line, as Authorization: Bearer {{ token }}. The token itself goes below.",
    )
    body: Any = Field(
        default={"to": "{{ address }}", "text": "{{ text }}"},
        title="Body",
        description="JSON. {{ channel }}, {{ address }}, {{ subject }}, {{ text }} and {{ key }} are filled in.",
    )
    token: SecretStr = Field(
        default=SecretStr(""), title="Token", description="What stands for {{ token }} in the headers."
    )
    accepted: tuple[int, ...] = Field(
        default=(200, 201, 202), title="Statuses of success", description="One a line: the gateway has the message."
    )
    not_accepted: tuple[int, ...] = Field(
        default=(429, 503), title="Statuses to try again after", description="One a line: it was surely not taken."
    )
    encoding: Literal["json", "form"] = Field(
        default="json",
        title="Body goes as",
        description="How the body is written.",
        json_schema_extra=hint(labels={"json": "JSON", "form": "Form fields"}),
    )
    success_text: str = Field(
        default="",
        title="Success says",
        description="Text that only an answer of success holds; empty: the status tells.",
        max_length=200,
    )
    success_path: str = Field(
        default="", title="Success stands at", description="A place in the JSON answer, as status.", max_length=200
    )
    success_values: tuple[str, ...] = Field(
        default=(), title="And is one of", description="One a line, as queued. What says another thing was rejected."
    )
    id_path: str = Field(
        default="",
        title="Its own id stands at",
        description="Where the answer has the gateway’s id of the message, as message_id.",
        max_length=200,
    )
    timeout_s: float = Field(default=15, title="Timeout", description="Seconds for the whole call.", gt=0, le=60)

    @field_validator("url")
    @classmethod
    def _host_is_fixed(cls, url: str) -> str:
        if not re.match(r"https?://[^/?#{}%]+([/?#]|$)", url):
            raise ValueError("write it as https://host/path: no placeholder may choose the host, the token goes there")
        return url

    @field_validator("headers")
    @classmethod
    def _credentials_are_sealed(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if _CREDENTIAL.search(name) and "{{" not in value:
                raise ValueError(
                    f"put the secret of {name!r} into `token`, and write {{{{ token }}}} in its place here"
                )
        return headers

    def destination(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
        return f"{(parts.hostname or '').rstrip('.')}:{port}", int(parts.scheme == "https")

    def prepare(self, message: Message) -> HttpCall:
        data = RunData(trigger=message.model_dump())
        sealed = RunData(trigger={**message.model_dump(), "token": self.token.get_secret_value()})
        written = [(name, render(value, sealed)) for name, value in self.headers.items()]
        content_type, body = self._body(data, written)
        headers = with_headers({"Content-Type": content_type, "Idempotency-Key": message.key}, written)
        return HttpCall(
            method=self.method,
            url=render_url(self.url, data),
            headers=headers,
            body=body,
            timeout_s=self.timeout_s,
        )

    def _body(self, data: RunData, headers: list[tuple[str, str]]) -> tuple[str, bytes]:
        """The type and the bytes; a header that says form makes it one."""
        said = next((value for name, value in headers if name.lower() == "content-type"), "")
        is_form = self.encoding == "form" or said.lower().startswith(FORM)
        document = {} if self.method == "GET" else render_json(self.body, data)
        if not is_form:
            return JSON, b"" if self.method == "GET" else json.dumps(document).encode()
        rows = document.items() if isinstance(document, dict) else ()
        pairs = [
            (name, to_text(one)) for name, value in rows for one in (value if isinstance(value, list) else [value])
        ]
        return FORM, urlencode(pairs).encode()

    def read(self, answer: Answer | NoAnswer) -> Result:
        if isinstance(answer, NoAnswer):
            return not_answered(answer)
        status = answer.status
        if status in self.accepted:
            return self._taken(answer)
        if status in self.not_accepted:
            why = f"answered {status}"
            return Result(kind="temporary_failure", why=why, http_status=status, after_s=answer.retry_after_s())
        if status in (500, 502, 504):
            return Result(kind="unknown", why=f"answered {status}: it may have been taken", http_status=status)
        return Result(kind="permanent_failure", why=self._refused(status), http_status=status)

    def _refused(self, status: int) -> str:
        """A status that means success elsewhere is told apart: the connection's own list may be wrong."""
        good = ", ".join(map(str, self.accepted))
        return (
            f"answered {status}; this connection takes only {good} as success" if status < 300 else f"answered {status}"
        )

    def _taken(self, answer: Answer) -> Result:
        """A status of success; whether the message was taken may stand in the words."""
        status, text = answer.status, answer.body.decode("utf-8", "replace")
        document = self._document(answer)
        words = " ".join(text.split())[:MAX_WORDS]
        if not self._says_success(text, document):
            return Result(kind="permanent_failure", why=f"answered {status}, but: {words}", http_status=status)
        found = document.lookup(self.id_path) if self.id_path else MISSING
        note = "" if found is not MISSING or not self.id_path else f", without an id at {self.id_path}"
        ref = "" if found is MISSING else to_text(found)[:MAX_WORDS]
        return Result(kind="accepted", why=f"answered {status}{note}", ref=ref, http_status=status)

    def _says_success(self, text: str, document: RunData) -> bool:
        if self.success_text and self.success_text.lower() not in text.lower():
            return False
        if not self.success_path:
            return True
        found = document.lookup(self.success_path)
        return found is not MISSING and (not self.success_values or to_text(found) in self.success_values)

    def _document(self, answer: Answer) -> RunData:
        """Read by path; a list stands under `body`."""
        try:
            found = bounded_json.loads(answer.body, charset=stated(answer.header("content-type") or ""), lenient=True)
        except Malformed:
            return RunData()
        return RunData(trigger=found if isinstance(found, dict) else {"body": found})
