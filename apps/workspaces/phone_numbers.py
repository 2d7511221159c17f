"""Phone numbers as people of a country write them."""

import re

import phonenumbers

_NUMBER = re.compile(r"[\d\s()./+-]{5,30}")


def whole_number(text: str, country: str) -> str:
    """With its country's code, as +919800000001 (E.164); empty for what is none. `country` (ISO 3166, as IN) is that
    of numbers without a code; empty: such a number is none."""
    if not _NUMBER.fullmatch(text.strip()):
        return ""
    try:
        found = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(found):
        return ""
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))


def is_country(code: str) -> bool:
    """Whether numbers of this country are known."""
    return code in phonenumbers.SUPPORTED_REGIONS
