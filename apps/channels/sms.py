"""How an SMS is counted (3GPP TS 23.038 and 23.040). Pure.

A text in the GSM alphabet has 160 characters in one message and 153 in each of several; signs of its extension count
twice. Any other text is sent as UCS-2: 70 units in one message, 67 in each of several.
"""

from typing import Literal

from apps.common.values import Value

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM, EXTENSION = frozenset(_BASIC), frozenset("\f^{}\\[~]|€")
ALONE = {"GSM-7": 160, "UCS-2": 70}
JOINED = {"GSM-7": 153, "UCS-2": 67}


class SmsLength(Value):
    """`units` are septets or UTF-16 units; it is sent and charged as `segments`, and `left` units fit into the last."""

    units: int
    segments: int
    left: int
    encoding: Literal["GSM-7", "UCS-2"]
    odd: str = ""


def sms_length(text: str) -> SmsLength:
    """`odd` is the first sign that is not in the GSM alphabet, and so halves what fits."""
    odd = next((sign for sign in text if sign not in GSM and sign not in EXTENSION), "")
    encoding: Literal["GSM-7", "UCS-2"] = "UCS-2" if odd else "GSM-7"
    sizes = [_size(sign, encoding) for sign in text]
    units = sum(sizes)
    if units <= ALONE[encoding]:
        return SmsLength(
            units=units, segments=1 if text else 0, left=ALONE[encoding] - units, encoding=encoding, odd=odd
        )
    segments, used = 1, 0
    for size in sizes:
        if used + size > JOINED[encoding]:  # a sign of two units is never cut
            segments, used = segments + 1, 0
        used += size
    return SmsLength(units=units, segments=segments, left=JOINED[encoding] - used, encoding=encoding, odd=odd)


def _size(sign: str, encoding: str) -> int:
    if encoding == "GSM-7":
        return 2 if sign in EXTENSION else 1
    return 2 if ord(sign) > 0xFFFF else 1
