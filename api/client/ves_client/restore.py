"""Accepting that the sequencer was restored from a backup: what it gave after that is withdrawn, kept and sent again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ves_client.contradictions import write_contradiction
from ves_client.errors import usage
from ves_client.outbox_rows import now
from ves_client.pulled_rows import PulledRows

if TYPE_CHECKING:
    import sqlite3

    from ves_client.outbox import Outbox

STREAM = "tenant_id = ? and store_id = ?"


class Restored(msgspec.Struct, frozen=True):
    """`events` of this outbox are sent again; `receipts` were withdrawn, `evidence` shows that one of them was given."""

    restored_to: int
    events: int
    receipts: int
    evidence: Path


def accept_restore(outbox: Outbox, restored_to: int, *, evidence: Path | None = None) -> Restored:
    """Accept that the stream ended at this number when the sequencer was restored, and allow syncs again.

    A decision of the operator's and the agent's, because a sequencer that drops events on purpose looks the same. Every receipt
    and commitment beyond the number moves to the table `ves_withdrawn`, and the evidence file is written into the folder
    `evidence` (by default the outbox's). The next push sends the events under those receipts again, with the same ids and
    signatures; the next pull goes on after the number, and gives events that are pulled again to `on_event` again. A
    number that is too low is safe, one that is too high stops the next sync again. Pruned events are not in the file
    and cannot be sent again. ClientError: exit code 2 if nothing is beyond the number, or the evidence cannot be written.
    """
    stream = (str(outbox.tenant_id), str(outbox.store_id))
    with outbox.transaction() as connection:
        greatest = connection.execute(
            f"select coalesce(max(sequence_number), 0) from ves_receipts where {STREAM}",  # noqa: S608 - a constant
            stream,
        ).fetchone()[0]
        known = max(greatest, outbox.head_sequence())
        if not 0 <= restored_to < known:
            raise usage(f"{restored_to} is not below the greatest number that is known, {known}")
        found = outbox.contradiction() or outbox.head_went_back(known, restored_to)
        path = write_contradiction(found, evidence or Path(outbox.path).absolute().parent)
        receipts = _withdraw(connection, stream, restored_to)
        PulledRows(connection).undo(stream, restored_to)
        events = connection.execute(
            "update outbox set pushed_at = null, acked_at = null, remote_sequence = null"  # noqa: S608 - a constant
            f" where {STREAM} and remote_sequence > ?",
            (*stream, restored_to),
        ).rowcount
        outbox.lower_to(restored_to)
        outbox.resume()
    return Restored(restored_to, events, receipts, path)


def _withdraw(connection: sqlite3.Connection, stream: tuple[str, str], restored_to: int) -> int:
    """Move receipts and commitments to `ves_withdrawn`; returns the count of the receipts."""
    time = now()
    counts = []
    for table, number, signing_hash, document in (
        ("ves_receipts", "sequence_number", "signing_hash", "receipt"),
        ("ves_commitments", "sequence_end", "null", "commitment"),
    ):
        connection.execute(
            "insert into ves_withdrawn (tenant_id, store_id, withdrawn_at, sequence_number, signing_hash, document)"  # noqa: S608 - constants
            f" select tenant_id, store_id, ?, {number}, {signing_hash}, {document} from {table}"
            f" where {STREAM} and {number} > ?",
            (time, *stream, restored_to),
        )
        counts.append(
            connection.execute(
                f"delete from {table} where {STREAM} and {number} > ?",  # noqa: S608 - constants
                (*stream, restored_to),
            ).rowcount
        )
    return counts[0]
