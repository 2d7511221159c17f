"""The signatures of senders that many have: who sends by one of these need not know how it is made."""

from typing import Literal

from pydantic import ConfigDict, Field

from apps.engine.fields import hint
from apps.triggers.signatures import Scheme, SignatureGuard

# As each documents it; the facts of time are checked where the sender signs one.
SENDERS: dict[str, Scheme] = {
    "stripe": Scheme(
        header="Stripe-Signature", prefix="v1=", separator=",", timestamp_header="Stripe-Signature", time_prefix="t="
    ),
    "slack": Scheme(
        header="X-Slack-Signature",
        prefix="v0=",
        timestamp_header="X-Slack-Request-Timestamp",
        signed="v0:{time}:{body}",
    ),
    "standard_webhooks": Scheme(
        header="webhook-signature",
        prefix="v1,",
        separator=" ",
        encoding="base64",
        key="whsec",
        timestamp_header="webhook-timestamp",
        id_header="webhook-id",
        signed="{id}.{time}.{body}",
    ),
    "svix": Scheme(
        header="svix-signature",
        prefix="v1,",
        separator=" ",
        encoding="base64",
        key="whsec",
        timestamp_header="svix-timestamp",
        id_header="svix-id",
        signed="{id}.{time}.{body}",
    ),
    "github": Scheme(header="X-Hub-Signature-256", prefix="sha256="),
    "meta": Scheme(header="X-Hub-Signature-256", prefix="sha256="),
    "shopify": Scheme(header="X-Shopify-Hmac-Sha256", encoding="base64"),
    "razorpay": Scheme(header="X-Razorpay-Signature"),
    "cashfree": Scheme(
        header="x-webhook-signature",
        encoding="base64",
        timestamp_header="x-webhook-timestamp",
        time_unit="milliseconds",
        signed="{time}{body}",
    ),
    "paddle": Scheme(
        header="Paddle-Signature",
        prefix="h1=",
        separator=";",
        timestamp_header="Paddle-Signature",
        time_prefix="ts=",
        signed="{time}:{body}",
    ),
    "typeform": Scheme(header="Typeform-Signature", prefix="sha256=", encoding="base64"),
}
SENDER_NAMES = {
    "stripe": "Stripe",
    "slack": "Slack",
    "standard_webhooks": "Standard Webhooks",
    "svix": "Svix (Clerk, Resend and others)",
    "github": "GitHub",
    "meta": "Meta (WhatsApp, Messenger, Instagram)",
    "shopify": "Shopify",
    "razorpay": "Razorpay",
    "cashfree": "Cashfree",
    "paddle": "Paddle",
    "typeform": "Typeform",
}
Sender = Literal[
    "stripe",
    "slack",
    "standard_webhooks",
    "svix",
    "github",
    "meta",
    "shopify",
    "razorpay",
    "cashfree",
    "paddle",
    "typeform",
]


class SenderGuard(SignatureGuard):
    """The signature of a sender whose scheme is known."""

    model_config = ConfigDict(title="Signature of a known sender")
    type: Literal["sender"] = Field(
        default="sender", title="Kind", description="The sender signs as it documents; its secret is the trigger's."
    )
    sender: Sender = Field(
        title="Sender", description="Whose webhooks come in here.", json_schema_extra=hint(labels=SENDER_NAMES)
    )

    def scheme(self) -> Scheme:
        return SENDERS[self.sender]
