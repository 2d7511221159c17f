"""E-mail through an SMTP server (RFC 5321): 4xx means later, 5xx means never."""

from typing import ClassVar, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import Field, SecretStr

from apps.common.effects import Answer, Mail, NoAnswer
from apps.common.trouble import Refused
from apps.engine.fields import hint
from apps.providers.contract import Message, Provider, Result, not_answered


class Smtp(Provider):
    """An SMTP server. HTML and text go as alternatives of one message."""

    kind: ClassVar[str] = "smtp"
    title: ClassVar[str] = "SMTP"
    channels: ClassVar[tuple[str, ...]] = ("email",)
    host: str = Field(title="Server", description="As smtp.example.com.", max_length=253)
    port: int = Field(
        default=587, title="Port", description="587 with STARTTLS, 465 with TLS, 25 without either.", ge=1, le=65535
    )
    security: Literal["none", "starttls", "tls"] = Field(
        default="starttls",
        title="Encryption",
        description="How the connection is encrypted.",
        json_schema_extra=hint(labels={"none": "None", "starttls": "STARTTLS", "tls": "TLS from the start"}),
    )
    username: str = Field(default="", title="User name", description="Empty: the server wants none.", max_length=320)
    password: SecretStr = Field(default=SecretStr(""), title="Password", description="Of that user.")
    sender: str = Field(
        title="Sender",
        description="Who it is from: shop@example.com, or Shop <shop@example.com>.",
        max_length=320,
    )

    def destination(self) -> tuple[str, int]:
        return f"{self.host.strip().lower().rstrip('.')}:{self.port}", ("none", "starttls", "tls").index(self.security)

    def prepare(self, message: Message) -> Mail:
        try:
            address = validate_email(message.address, check_deliverability=False).normalized
        except EmailNotValidError as error:
            raise Refused(f"{message.address[:80]!r} is no e-mail address: {error}") from None
        return Mail(
            host=self.host,
            port=self.port,
            security=self.security,
            username=self.username,
            password=self.password.get_secret_value(),
            sender=self.sender,
            to=address,
            subject=message.subject,
            text=message.text,
            html=message.html,
            message_id=f"<{message.key}@{_domain(self.sender)}>",
        )

    def read(self, answer: Answer | NoAnswer) -> Result:
        if isinstance(answer, NoAnswer):
            return not_answered(answer)
        said = answer.body.decode("utf-8", "replace")[:200]
        if answer.status < 400:
            return Result(kind="accepted", why=f"the server took it: {answer.status} {said}", ref=said)
        kind: Literal["temporary_failure", "permanent_failure"] = (
            "temporary_failure" if answer.status < 500 else "permanent_failure"
        )
        return Result(kind=kind, why=f"the server answered {answer.status} {said}", http_status=answer.status)


def _domain(address: str) -> str:
    """As a header takes it (IDNA)."""
    domain = address.rpartition("@")[2].strip("> ")
    try:
        return domain.encode("idna").decode() or "fynoflow"
    except UnicodeError:
        raise Refused(f"the sender's domain {domain[:80]!r} is none: mend the connection") from None
