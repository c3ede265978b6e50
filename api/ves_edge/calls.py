"""Runtime of the generated calls: the asynchronous and synchronous interface, conversion of parameters and rows.

Rows are converted with a type check, so an unexpected null (not nullable by sql/calls.toml) fails the call. The check
costs 0.2 µs per row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from ves.codec import key_id_bits
from ves_edge.catalog import Function

Parameters = Mapping[str, Any]
Rows = Sequence[tuple[Any, ...]]
T = TypeVar("T")


class AsyncDatabase(Protocol):
    """Runs a call and returns all its rows. Raises ApiError."""

    async def fetch(self, function: Function, parameters: Parameters) -> Rows:
        """All rows of one call."""
        ...


class SyncDatabase(Protocol):
    """As AsyncDatabase, without an event loop."""

    def fetch(self, function: Function, parameters: Parameters) -> Rows:
        """All rows of one call."""
        ...

    def stream(self, function: Function, parameters: Parameters) -> Iterator[tuple[Any, ...]]:
        """Stream rows through a server-side cursor, in one snapshot."""
        ...


def records(rows: Rows, kind: type[T]) -> list[T]:
    """Every row as a record."""
    return [msgspec.convert(row, kind) for row in rows]


def record(rows: Rows, kind: type[T]) -> T:
    """The only row as a record."""
    return msgspec.convert(rows[0], kind)


def record_or_none(rows: Rows, kind: type[T]) -> T | None:
    """The only row as a record; a composite null arrives as a row of nulls."""
    return None if all(value is None for value in rows[0]) else msgspec.convert(rows[0], kind)


def stream(rows: Iterator[tuple[Any, ...]], kind: type[T]) -> Iterator[T]:
    """Convert a stream of rows lazily, row by row."""
    return (msgspec.convert(row, kind) for row in rows)


def value(rows: Rows, kind: type[T]) -> T:
    """The only column of the only row."""
    return msgspec.convert(rows[0][0], kind)


def value_or_none(rows: Rows, kind: type[T]) -> T | None:
    """The only column of the only row, which may be null."""
    return None if rows[0][0] is None else msgspec.convert(rows[0][0], kind)


def json_text(content: Any) -> str | None:
    """A jsonb parameter: bytes are JSON text, any other value is encoded, None is null."""
    if content is None:
        return None
    return (content if isinstance(content, bytes) else msgspec.json.encode(content)).decode()


def as_list(items: Sequence[T] | None) -> list[T] | None:
    """An array parameter: the driver sends a list as an array, a tuple as a record."""
    return None if items is None else list(items)


def to_int4(key_number: int | None) -> int | None:
    """Convert a key number (0 to 2^32-1) to the int4 with the same bits (VES 3, agent_key_id)."""
    return None if key_number is None else key_id_bits(key_number)


def to_int4s(key_numbers: Sequence[int]) -> list[int | None]:
    """Convert each key number with `to_int4`."""
    return [to_int4(key_number) for key_number in key_numbers]
