"""Numbers digit for digit, as JSON and machines write them."""

import math
from decimal import Context, Decimal

_EXACT = Context(prec=100)
NOISY, SURE = 15, 12  # digits of a number, and of the same without its last two


def of_float(value: float) -> Decimal:
    """What was meant: 0.30000000000000004 is 0.3, as what stands so far behind so few digits is a machine's noise."""
    return _meant(Decimal(repr(value)), value)


def _meant(exact: Decimal, value: float) -> Decimal:
    near = Decimal(f"{value:.15g}")
    is_noise = len(exact.as_tuple().digits) > NOISY and len(near.normalize().as_tuple().digits) <= SURE
    return near if is_noise else exact


def int_or_text(digits: str) -> int | str:
    """A whole number of 64 bits, or the digits of a longer one."""
    fits = len(digits) <= 20 and -(2**63) <= int(digits) < 2**63
    return int(digits) if fits else digits


def float_or_text(digits: str) -> float | str:
    """A number, or its digits where it would lose some."""
    value = float(digits)
    if not math.isfinite(value):
        return digits
    exact = Decimal(digits)
    return value if Decimal(repr(value)) in (exact, _meant(exact, value)) else digits


def kept(number: Decimal) -> int | float | str:
    """A number as JSON keeps it, or its digits."""
    whole = number == number.to_integral_value()
    return int_or_text(f"{number:.0f}") if whole else float_or_text(f"{number:f}")


def plus(left: int | float | str, right: int | float | str) -> int | float | str:
    """The exact sum of two such numbers."""
    return kept(_EXACT.add(Decimal(str(left)), Decimal(str(right))))
