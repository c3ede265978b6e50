"""Rows that a program without envelopes has recorded, for example the original: signed before a push (operations 14)."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from ves.errors import ProtocolError
from ves.timestamps import rfc3339_micros
from ves_client.agent import sign_event
from ves_client.outbox_rows import UNSIGNED, event_of, insert_envelope, now

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from ves_client.outbox import Outbox

PAGE_ROWS = 1000


class UnsignedRow(msgspec.Struct, frozen=True):
    """A row that cannot be signed: its event id, or `row N` in the place of one that is no text, and why."""

    event_id: str
    message: str


def adopt(outbox: Outbox) -> int:
    """Sign the rows without envelope; returns their count. One that cannot be signed is held, and the others go on."""
    statement = (
        "select id, event_id, entity_type, entity_id, event_type, created_at, payload, command_id, base_version"
        " from outbox where acked_at is null and tenant_id = ? and store_id = ?"
        " and (event_id is null or event_id not in (select event_id from ves_envelopes)) order by id limit ?"
    )
    adopted = 0
    while True:
        with outbox.transaction() as connection:
            with _any_text(connection):
                rows = connection.execute(
                    statement, (str(outbox.tenant_id), str(outbox.store_id), PAGE_ROWS)
                ).fetchall()
            for number, *columns in rows:
                adopted += _adopt_row(outbox, connection, number, tuple(columns))
        if not rows:
            return adopted


def unsigned_rows(outbox: Outbox) -> list[UnsignedRow]:
    """Return the rows that could not be signed and were not dropped, oldest first; `Outbox.drop` takes their ids."""
    with outbox.transaction() as connection:
        rows = connection.execute(
            "select event_id, refused_message from ves_envelopes join outbox using (event_id)"
            " where tenant_id = ? and store_id = ? and refused_reason = ? and dropped = 0 order by id",
            (str(outbox.tenant_id), str(outbox.store_id), UNSIGNED),
        ).fetchall()
    return [UnsignedRow(*row) for row in rows]


@contextmanager
def _any_text(connection: sqlite3.Connection) -> Iterator[None]:
    """Read text that is not UTF-8 as surrogates, which no check accepts, instead of failing the whole statement."""
    usual = connection.text_factory
    connection.text_factory = lambda raw: raw.decode(errors="surrogateescape")
    try:
        yield
    finally:
        connection.text_factory = usual


def _adopt_row(outbox: Outbox, connection: sqlite3.Connection, number: int, row: tuple[Any, ...]) -> bool:
    try:
        _require_types(row)
        event = event_of(row)
        insert_envelope(connection, sign_event(outbox.key, outbox.tenant_id, outbox.store_id, event))
    except (ProtocolError, ValueError, TypeError, OverflowError) as error:
        event_id = row[0]
        if not _is_text(event_id):
            # All tables know a row by this text, so a row without one could be neither held nor dropped.
            event_id = f"row {number}"
            connection.execute("update outbox set event_id = ? where id = ?", (event_id, number))
        connection.execute(
            "insert into ves_envelopes (event_id, envelope, signing_hash, refused_reason, refused_message, refused_at)"
            " values (?, x'', x'', ?, ?, ?)",
            (event_id, UNSIGNED, f"it cannot be signed: {error}", now()),
        )
        return False
    return True


def _require_types(row: tuple[Any, ...]) -> None:
    """Raise ValueError unless the columns have the types of `event_of`: SQLite stores a value of any type in any column."""
    *texts, command_id, base_version = row
    if not _is_text(row[0]):
        raise ValueError(f"event_id was {row[0]!r}")
    if not all(_is_text(text) for text in (*texts, command_id or "")):
        raise ValueError("a column that holds text has a value of another type, or is not UTF-8")
    if base_version is not None and not (isinstance(base_version, int) and base_version >= 0):
        raise ValueError("base_version is not a whole number")
    if rfc3339_micros(row[4]) is None:
        raise ValueError("created_at is no time of RFC 3339 with an offset")
    # The receipt names the event by the canonical spelling, which is also that of the other tables.
    if str(UUID(row[0])) != row[0]:
        raise ValueError("event_id is not spelled as a UUID in lower case")


def _is_text(value: object) -> bool:
    """Whether a value is text that was UTF-8 in the file."""
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)
