"""The signatures of senders that many have: who sends by one of these need not know how it is made."""

from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, ConfigDict, Field

from apps.engine.fields import hint
from apps.sources.contract import Arrival
from apps.sources.signatures import Scheme, SignatureGuard


class Sender(NamedTuple):
    """`told_by`: the header with the kind of event, where two kinds may have one body and so one signature."""

    title: str
    scheme: Scheme
    told_by: str = ""


def _standard(name: str) -> Scheme:
    """Of Standard Webhooks, whose headers begin with a name."""
    return Scheme(
        header=f"{name}-signature",
        prefix="v1,",
        separator=" ",
        encoding="base64",
        key="whsec",
        timestamp_header=f"{name}-timestamp",
        id_header=f"{name}-id",
        signed="{id}.{time}.{body}",
    )


def _in_parts(header: str, **facts: str) -> Scheme:
    """Time and signatures are entries of one header."""
    return Scheme.model_validate({"header": header, "timestamp_header": header, **facts})


_OF_GITHUB = Scheme(header="X-Hub-Signature-256", prefix="sha256=")
_OF_SLACK = Scheme(
    header="X-Slack-Signature",
    prefix="v0=",
    timestamp_header="X-Slack-Request-Timestamp",
    signed="v0:{time}:{body}",
)
_OF_CASHFREE = Scheme(
    header="x-webhook-signature",
    encoding="base64",
    timestamp_header="x-webhook-timestamp",
    time_unit="milliseconds",
    signed="{time}{body}",
)
# As each documents it. A row here, and one in tests/sources/test_known_senders.py, add a sender.
SENDERS = {
    "stripe": Sender("Stripe", _in_parts("Stripe-Signature", prefix="v1=", separator=",", time_prefix="t=")),
    "slack": Sender("Slack", _OF_SLACK),
    "standard_webhooks": Sender("Standard Webhooks", _standard("webhook")),
    "svix": Sender("Svix (Clerk, Resend and others)", _standard("svix")),
    "github": Sender("GitHub", _OF_GITHUB, "X-GitHub-Event"),
    "meta": Sender("Meta (WhatsApp, Messenger, Instagram)", _OF_GITHUB),
    "shopify": Sender("Shopify", Scheme(header="X-Shopify-Hmac-Sha256", encoding="base64"), "X-Shopify-Topic"),
    "razorpay": Sender("Razorpay", Scheme(header="X-Razorpay-Signature")),
    "cashfree": Sender("Cashfree", _OF_CASHFREE),
    "paddle": Sender(
        "Paddle",
        _in_parts("Paddle-Signature", prefix="h1=", separator=";", time_prefix="ts=", signed="{time}:{body}"),
    ),
    "typeform": Sender("Typeform", Scheme(header="Typeform-Signature", prefix="sha256=", encoding="base64")),
}
LABELS = {name: sender.title for name, sender in SENDERS.items()}


def _known(name: str) -> str:
    if name not in SENDERS:
        raise ValueError(f"choose one of {', '.join(LABELS.values())}")
    return name


class SenderGuard(SignatureGuard):
    """The signature of a sender whose scheme is known."""

    model_config = ConfigDict(title="Signature of a known sender")
    type: Literal["sender"] = Field(
        default="sender",
        title="Kind",
        description="The sender signs as it documents; the secret is the one it shows you.",
    )
    sender: Annotated[str, AfterValidator(_known)] = Field(
        title="Sender",
        description="Whose webhooks come in here.",
        json_schema_extra={"enum": list(SENDERS), **hint(labels=LABELS)},
    )

    def scheme(self) -> Scheme:
        return SENDERS[self.sender].scheme

    def signature(self, arrival: Arrival) -> str:
        """Two kinds of events may have one body (Shopify's orders/create and orders/paid): they are two events."""
        mark, told_by = super().signature(arrival), SENDERS[self.sender].told_by
        kind = arrival.request.headers.get(told_by.lower(), "")[:100] if told_by else ""
        return f"{mark} {kind}" if mark and kind else mark
