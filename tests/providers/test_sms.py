"""How SMS are counted: examples of 3GPP TS 23.038 and 23.040."""

import pytest

from apps.channels.sms import sms_length


@pytest.mark.parametrize(
    ("text", "units", "segments", "left", "encoding"),
    [
        ("", 0, 0, 160, "GSM-7"),
        ("a" * 160, 160, 1, 0, "GSM-7"),
        ("a" * 161, 161, 2, 145, "GSM-7"),
        ("a" * 306, 306, 2, 0, "GSM-7"),
        ("a" * 307, 307, 3, 152, "GSM-7"),
        ("€" * 80, 160, 1, 0, "GSM-7"),
        ("a" * 152 + "€" + "b" * 10, 164, 2, 141, "GSM-7"),  # the sign of two units goes whole into the second
        ("ж" * 70, 70, 1, 0, "UCS-2"),
        ("ж" * 71, 71, 2, 63, "UCS-2"),
        ("😀" * 35, 70, 1, 0, "UCS-2"),
        ("a" * 66 + "😀" + "bbb", 71, 2, 62, "UCS-2"),
    ],
)
def test_a_text_is_counted_as_networks_do(text: str, units: int, segments: int, left: int, encoding: str) -> None:
    found = sms_length(text)
    assert (found.units, found.segments, found.left, found.encoding) == (units, segments, left, encoding)


def test_the_sign_that_halves_what_fits_is_named() -> None:
    assert sms_length("Thank you’s").odd == "’"
