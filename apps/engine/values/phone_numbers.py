"""Phone numbers as people of a country write them, and as gateways hand them on."""

import re

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

_NUMBER = re.compile(r"[\d\s()./+-]{5,30}")
_PREFIXES = ("whatsapp:", "tel:", "sms:")
_MEXICAN_MOBILE = re.compile(r"\+521(\d{10})")
_OLD_BRAZILIAN_MOBILE = re.compile(r"\+55(\d\d)([6-9]\d{7})")


def whole_number(text: str, country: str) -> str:
    """With its country's code, as +919800000001 (E.164); empty for what is none. `country` (ISO 3166, as IN) is that
    of numbers without a code; empty: such a number is none, unless it is a whole one that lacks only its `+`, as
    WhatsApp hands it on."""
    plain = _without_prefix(text.strip())
    if not _NUMBER.fullmatch(plain):
        return ""
    found = _parsed(plain, country or None)
    if not plain.startswith("+") and not (found and phonenumbers.is_valid_number(found)):
        whole = _parsed(f"+{plain}", None)
        found = whole if whole and phonenumbers.is_valid_number(whole) else found
    return _with_nine(str(phonenumbers.format_number(found, PhoneNumberFormat.E164))) if found else ""


def is_country(code: str) -> bool:
    """Whether numbers of this country are known."""
    return code in phonenumbers.SUPPORTED_REGIONS


def _without_prefix(text: str) -> str:
    return next((text[len(p) :] for p in _PREFIXES if text.lower().startswith(p)), text)


def _parsed(text: str, country: str | None) -> PhoneNumber | None:
    """Mexico's mobiles have no 1 after the code any more."""
    try:
        found = phonenumbers.parse(_MEXICAN_MOBILE.sub(r"+52\1", re.sub(r"[^+\d]", "", text)), country)
    except phonenumbers.NumberParseException:
        return None
    return found if phonenumbers.is_possible_number(found) else None


def _with_nine(number: str) -> str:
    """Brazil's mobiles begin with a 9, which older ones lack."""
    return _OLD_BRAZILIAN_MOBILE.sub(r"+55\g<1>9\2", number)
