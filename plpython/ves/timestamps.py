"""Times as text (VES 3, 3.1, 11): reading `created_at`, writing response times."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFSET = r"(?:[01]\d|2[0-3]):[0-5]\d"
_COMMON = re.compile(
    rf"(?!0000)\d{{4}}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d{{1,9}})?(?:Z|[+-]{_OFFSET})", re.ASCII
).fullmatch
# U+2212 is a minus sign too.
_ANY = re.compile(
    rf"(\d{{4}})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+\-\u2212])({_OFFSET}))",
    re.ASCII,
).fullmatch
_DAYS_400_YEARS = 146_097
_MICROS = 1_000_000
_LEAP_SECOND = 60
_NANOS_MAX = 999_999_999


def rfc3339_micros(text: str) -> int | None:
    """Microseconds since the Unix epoch of an RFC 3339 text with an offset, or None if it is not one.

    Also taken: lower-case ``t`` and ``z``, a space for ``T``, second 60 (counted as the next one), any
    number of fraction digits (those beyond microseconds are cut off), year 0000 to 9999.
    """
    if _COMMON(text) is None:
        return _uncommon_micros(text)
    try:
        since = datetime.fromisoformat(text) - _EPOCH
    except (ValueError, OverflowError):
        return None
    return (since.days * 86_400 + since.seconds) * _MICROS + since.microseconds


def rfc3339_moment(text: str) -> datetime | None:
    """The instant of an RFC 3339 text as `rfc3339_micros` reads it; None also outside the years 1 to 9999."""
    micros = rfc3339_micros(text)
    try:
        return None if micros is None else _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None


def _uncommon_micros(text: str) -> int | None:
    match = _ANY(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, offset = match.group(7, 8, 9)
    if hour > 23 or minute > 59 or second > _LEAP_SECOND:  # noqa: PLR2004
        return None
    try:
        # The calendar repeats every 400 years; shifting makes year 0000 valid for datetime.
        days = date(year + 400 if year < 400 else year, month, day).toordinal()  # noqa: PLR2004
    except ValueError:
        return None
    days -= _EPOCH.toordinal() + (_DAYS_400_YEARS if year < 400 else 0)  # noqa: PLR2004
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    if offset:
        shift = int(offset[:2]) * 3600 + int(offset[3:]) * 60
        seconds -= shift if sign == "+" else -shift
    return seconds * _MICROS + int((fraction or "")[:6].ljust(6, "0"))


def grpc_text(seconds: int, nanos: int) -> str | None:
    """The `created_at` text that gRPC v2 makes of a protobuf Timestamp (VES 3.1), None out of range."""
    if not 0 <= nanos <= _NANOS_MAX:
        return None
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return f"{moment.replace(tzinfo=None).isoformat()}{_fraction(nanos)}+00:00"


def micros_text(micros: int, *, zulu: bool = False) -> str:
    """RFC 3339 text in UTC of microseconds since the epoch; ends in ``+00:00``, or ``Z`` if `zulu`."""
    seconds, rest = divmod(micros, _MICROS)
    moment = _EPOCH + timedelta(seconds=seconds)
    text = moment.replace(tzinfo=None).isoformat() + _fraction(rest * 1000)
    return text + ("Z" if zulu else "+00:00")


def _fraction(nanos: int) -> str:
    """Return the fraction with 3, 6 or 9 digits, the fewest that are exact; empty for zero."""
    if not nanos:
        return ""
    for digits in (3, 6):
        if nanos % 10 ** (9 - digits) == 0:
            return f".{nanos // 10 ** (9 - digits):0{digits}d}"
    return f".{nanos:09d}"
