"""Text of doubles: ECMAScript form for JCS (VES 2.1) and compact form (VES 2.3)."""

from __future__ import annotations

from ves.errors import ProtocolError

_ES6_MAX_INTEGER_DIGITS = 21
_ES6_MIN_POINT = -6
_PLAIN_MAX_INTEGER_DIGITS = 16
_PLAIN_MIN_POINT = -5


def parse_double(literal: str) -> float:
    """The nearest double of a JSON number literal; an infinite one is ProtocolError."""
    return finite(float(literal))


def double_of(integer: int) -> float:
    """The nearest double of an integer, ties to even; an infinite one is ProtocolError."""
    try:
        return float(integer)
    except OverflowError:
        raise ProtocolError("malformed_json", "number out of range") from None


def finite(value: float) -> float:
    """`value` itself. Raises ProtocolError("malformed_json") for an infinity or not-a-number."""
    if value - value != 0.0:
        raise ProtocolError("malformed_json", "number out of range")
    return value


def _decimal(value: float) -> tuple[str, int]:
    """Shortest round-trip digits D and exponent K with |value| = 0.D x 10^K, for a value not zero."""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    significant = digits.lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(digits) - len(significant))
    return significant.rstrip("0"), point


def es6_text(value: float) -> str:
    """ECMAScript Number::toString of a finite double; both zeros are ``0``."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, point = _decimal(value)
    count = len(digits)
    if count <= point <= _ES6_MAX_INTEGER_DIGITS:
        return sign + digits + "0" * (point - count)
    if 0 < point <= _ES6_MAX_INTEGER_DIGITS:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if _ES6_MIN_POINT < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return sign + _scientific(digits, f"{point - 1:+d}")


def plain_text(value: float) -> str:
    """The compact form's text of a finite double (VES 2.3): always shows that it is a double."""
    if value == 0:
        return repr(value)
    sign = "-" if value < 0 else ""
    digits, point = _decimal(value)
    count = len(digits)
    if count <= point <= _PLAIN_MAX_INTEGER_DIGITS:
        return f"{sign}{digits}{'0' * (point - count)}.0"
    if 0 < point <= _PLAIN_MAX_INTEGER_DIGITS:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if _PLAIN_MIN_POINT < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    return sign + _scientific(digits, str(point - 1))


def _scientific(digits: str, exponent: str) -> str:
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{exponent}"
