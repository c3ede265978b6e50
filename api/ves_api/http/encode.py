"""Writing a response: JSON bodies and times (http-api 1.5)."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from litestar.response.base import ASGIResponse

from ves.timestamps import micros_text

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_encode = msgspec.json.Encoder().encode


def answer(body: Any) -> ASGIResponse:
    """200 with a struct (or plain JSON value) as its body."""
    return ASGIResponse(body=_encode(body), media_type="application/json")


def micros(moment: dt.datetime) -> int:
    """Microseconds since the Unix epoch."""
    return (moment - _EPOCH) // _MICROSECOND


def zulu(moment: dt.datetime) -> str:
    """The spelling of stored objects: `2025-01-08T10:30:00.123456Z`."""
    return micros_text(micros(moment), zulu=True)
