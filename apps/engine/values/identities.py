"""By what a person is known: kinds of identities, each written in one way, so that two senders mean the same one."""

import re
from typing import Any, Literal, get_args

from apps.common.values import Value
from apps.engine.values.phone_numbers import whole_number
from apps.engine.values.to_text import to_text

IdentityKind = Literal[
    "distinct_id",
    "phone",
    "email",
    "wa_bsuid",
    "wa_parent_bsuid",
    "device",
    "mixpanel",
    "moengage",
    "segment",
    "rudderstack",
    "amplitude",
]
KIND_WORDS: dict[str, str] = {
    "distinct_id": "Your own id",
    "phone": "Phone number",
    "email": "E-mail address",
    "wa_bsuid": "WhatsApp user id",
    "wa_parent_bsuid": "WhatsApp parent user id",
    "device": "Device",
    "mixpanel": "Mixpanel id",
    "moengage": "MoEngage id",
    "segment": "Segment anonymous id",
    "rudderstack": "RudderStack anonymous id",
    "amplitude": "Amplitude id",
}
ONE_AT_A_TIME = ("phone", "email")  # a newer one takes the place of the older
OUR_OWN: IdentityKind = "distinct_id"
MAX_IDENTITY = 320
OF_A_DEVICE = "$device:"  # what Mixpanel calls somebody who has not signed in
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,255}")
_BSUID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_PARENT_BSUID = re.compile(r"[A-Z]{2}\.ENT\.[A-Za-z0-9]{1,128}")
# What programs send when they know nobody: taken for an id, it would make one person of all strangers.
NOBODY = frozenset(
    {"null", "nil", "none", "undefined", "unknown", "anonymous", "anon", "guest", "nan", "n/a", "na", "true", "false"}
    | {"0", "-1", "[]", "{}", "[object object]", "00000000-0000-0000-0000-000000000000"}
)


class Identity(Value):
    """One thing by which a person is known. `scope`: within what the value is unique; mostly empty."""

    kind: IdentityKind
    value: str
    scope: str = ""


def identity_value(kind: str, said: Any, country: str) -> str:
    """The one way of writing it; empty where that is nobody's. `country`: of phone numbers without a code."""
    text = to_text(said).strip()
    if kind == OUR_OWN and text.startswith(OF_A_DEVICE):
        return ""
    if not text or text.casefold() in NOBODY or len(text) > MAX_IDENTITY or not text.isprintable():
        return ""
    match kind:
        case "phone":
            return whole_number(text.removesuffix(".0"), country)
        case "email":
            return text.casefold() if _EMAIL.fullmatch(text) else ""
        case "wa_bsuid":
            return text if _BSUID.fullmatch(text) else ""
        case "wa_parent_bsuid":
            return text if _PARENT_BSUID.fullmatch(text) else ""
        case _:
            return text


def kinds_that_fit(text: str, country: str) -> list[tuple[str, str]]:
    """Every kind as which somebody may mean this text, each with its value."""
    found = ((kind, identity_value(kind, text, country)) for kind in get_args(IdentityKind))
    return [(kind, value) for kind, value in found if value]
