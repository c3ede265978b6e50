"""Answers made from the records of database calls."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

import msgspec

from ves_api.times import zulu

T = TypeVar("T", bound=msgspec.Struct)


def answer(kind: type[T], record: Any, **members: Any) -> T:
    """Make an answer from the record's members of the same names: bytes in bare hex, times as `zulu` writes them.

    `members` are those that the record has not, or has in another form.
    """
    same = {name: _wire(getattr(record, name)) for name in kind.__struct_fields__ if name not in members}
    return kind(**same, **members)


def prefixed(data: bytes) -> str:
    """Hex with `0x`."""
    return "0x" + data.hex()


def _wire(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_wire(item) for item in value]
    return zulu(value) if isinstance(value, dt.datetime) else value
