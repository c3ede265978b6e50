"""Rows that a program without envelopes has recorded, for example the original: signed before a push (operations 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ves.errors import ProtocolError
from ves_client.agent import sign_event
from ves_client.outbox_rows import UNSIGNED, event_of, insert_envelope, now

if TYPE_CHECKING:
    import sqlite3

    from ves_client.outbox import Outbox

PAGE_ROWS = 1000


class UnsignedRow(msgspec.Struct, frozen=True):
    """A row that cannot be signed: its id as it stands in the file, and why."""

    event_id: str
    message: str


def adopt(outbox: Outbox) -> int:
    """Sign the rows without envelope; returns their count. One that cannot be signed is held, and the others go on."""
    statement = (
        "select event_id, entity_type, entity_id, event_type, created_at, payload, command_id, base_version"
        " from outbox where acked_at is null and tenant_id = ? and store_id = ?"
        " and event_id not in (select event_id from ves_envelopes) order by id limit ?"
    )
    adopted = 0
    while True:
        with outbox.transaction() as connection:
            rows = connection.execute(
                statement, (str(outbox.tenant_id), str(outbox.store_id), PAGE_ROWS)
            ).fetchall()
            for row in rows:
                adopted += _adopt_row(outbox, connection, row)
        if not rows:
            return adopted


def unsigned_rows(outbox: Outbox) -> list[UnsignedRow]:
    """Return the rows that could not be signed and were not dropped, oldest first; `Outbox.drop` takes their ids."""
    with outbox.transaction() as connection:
        rows = connection.execute(
            "select event_id, refused_message from ves_envelopes join outbox using (event_id)"
            " where refused_reason = ? and dropped = 0 order by id",
            (UNSIGNED,),
        ).fetchall()
    return [UnsignedRow(*row) for row in rows]


def _adopt_row(outbox: Outbox, connection: sqlite3.Connection, row: tuple[Any, ...]) -> bool:
    try:
        event = event_of(row)
        # The receipt names the event by the canonical spelling, which is also that of the other tables.
        if str(event.event_id) != row[0]:
            raise ValueError("event_id is not spelled as a UUID in lower case")  # noqa: TRY301 - one place to hold a row
        insert_envelope(connection, sign_event(outbox.key, outbox.tenant_id, outbox.store_id, event))
    except (ProtocolError, ValueError, TypeError, AttributeError, OverflowError) as error:
        connection.execute(
            "insert into ves_envelopes (event_id, envelope, signing_hash, refused_reason, refused_message, refused_at)"
            " values (?, x'', x'', ?, ?, ?)",
            (row[0], UNSIGNED, f"it cannot be signed: {error}", now()),
        )
        return False
    return True
