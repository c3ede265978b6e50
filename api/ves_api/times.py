"""Times on the wire (http-api 1.5)."""

from __future__ import annotations

import datetime as dt

from ves.timestamps import micros_text, rfc3339_moment
from ves_edge.errors import ApiError

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def micros(moment: dt.datetime) -> int:
    """Microseconds since the Unix epoch."""
    return (moment - _EPOCH) // _MICROSECOND


def zulu(moment: dt.datetime) -> str:
    """Format of times in stored objects: `2025-01-08T10:30:00.123456Z`."""
    return micros_text(micros(moment), zulu=True)


def zulu_or_none(moment: dt.datetime | None) -> str | None:
    """`zulu` of an optional time."""
    return None if moment is None else zulu(moment)


def now_text() -> str:
    """The current time as RFC 3339 text."""
    return zulu(dt.datetime.now(dt.UTC))


def parse_time(text: str, field: str, *, refusal: str = "invalid_field") -> dt.datetime:
    """Parse an RFC 3339 time with an offset. Raises invalid_field, or the named error."""
    moment = rfc3339_moment(text)
    if moment is None:
        message = f"{field} is not an RFC 3339 time with an offset in the years 1 to 9999"
        raise ApiError(refusal, message, details={"field": field})
    return moment


def parse_time_or_none(text: str | None, field: str) -> dt.datetime | None:
    """`parse_time` of an optional member."""
    return None if text is None else parse_time(text, field)
