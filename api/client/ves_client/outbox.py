"""An agent's events in an SQLite file, from their signature until their receipts have come (operations 14).

A row is local (`pushed_at` is null), pushed (sent, no receipt yet), acked (its verified receipt is stored) and then
pruned. Each step is one transaction with `synchronous=FULL`; several processes may use one file.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import orjson

from ves.errors import ProtocolError
from ves.timestamps import rfc3339_micros
from ves_client.agent import AgentKey, Event, Signed, sign_event
from ves_client.contradictions import Contradiction, SignedReceipt, decode_contradiction
from ves_client.errors import usage
from ves_client.ids import new_id
from ves_client.outbox_rows import (
    UNSIGNED,
    Pending,
    ReceiptStore,
    Refused,
    SeenCommitments,
    Status,
    StoredReceipt,
    columns_of,
    event_of,
    insert_envelope,
    now,
    payload_hash_of,
)
from ves_client.outbox_state import COUNTERS, SyncState
from ves_client.pulled_rows import PinnedKeys, PulledRows
from ves_client.trust import Trust

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ves.receipts import Receipt
    from ves_client.pulled_rows import PulledEvent
    from ves_client.sequencer import Rejection

BUSY_SECONDS = 30.0
FULL = 2  # `pragma synchronous`: a commit has reached the disk when it returns


class Outbox:
    """The outbox of one agent and stream. Thread-safe.

    ClientError with exit code 2 if the file belongs to another agent or stream.
    """

    def __init__(self, path: Path | str, key: AgentKey, tenant_id: UUID, store_id: UUID) -> None:
        self.path = path
        self.key = key
        self.tenant_id = tenant_id
        self.store_id = store_id
        self._lock = threading.RLock()
        # Payloads are the user's alone, as the key file is. What is wrong with the path, SQLite says.
        with suppress(OSError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
        self._connection = self.connect()
        self._state = SyncState(self._connection)
        self._create()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the file needs no other step."""
        self._connection.close()

    def connect(self) -> sqlite3.Connection:
        """Open a further connection in autocommit mode: WAL, `synchronous=FULL`, 30 s of patience for locks."""
        connection = sqlite3.connect(
            self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run a write transaction on the outbox's own connection: commit at the end, roll back on an exception."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def record(
        self,
        entity_type: str,
        entity_id: str,
        event_type: str,
        payload: Any,
        *,
        command_id: UUID | None = None,
        base_version: int | None = None,
        event_id: UUID | None = None,
        created_at: str | None = None,
        recipients: Mapping[int, bytes] | None = None,
        connection: sqlite3.Connection | None = None,
    ) -> UUID:
        """Sign an event and store it; returns its id, by default a version-7 UUID.

        `payload` is a JSON value, or JSON text as bytes. With `connection` the row becomes part of the caller's own
        transaction on this file, which the caller commits; without it the event is durable on return. With
        `recipients` the payload is sealed (VES 8), and the file keeps it in plain text until it is pruned.
        ProtocolError for a payload, `created_at` or `base_version` that the protocol does not allow, TypeError for a payload
        that is not JSON, sqlite3.IntegrityError for an `event_id` that the file has; nothing is stored then.
        """
        if created_at is not None and rfc3339_micros(created_at) is None:
            raise ProtocolError("invalid_shape", "created_at is no time of RFC 3339 with an offset")
        if base_version is not None and base_version < 0:
            raise ProtocolError("invalid_shape", "base_version is negative")
        event = Event(
            event_id=event_id or new_id(),
            entity_type=entity_type,
            entity_id=entity_id,
            event_type=event_type,
            created_at=created_at or now(),
            payload=payload if isinstance(payload, bytes) else orjson.dumps(payload),
            command_id=command_id,
            base_version=base_version,
        )
        signed = sign_event(self.key, self.tenant_id, self.store_id, event, recipients=recipients)
        if connection is None:
            with self.transaction() as own:
                self._insert(own, event, signed, recipients)
        else:
            if connection.execute("pragma synchronous").fetchone()[0] < FULL:
                raise usage("the connection would lose events in a crash: `pragma synchronous = full` first")
            self._insert(connection, event, signed, recipients)
        return event.event_id

    def pending(self, max_events: int, max_bytes: int, *, after: int = 0) -> list[Pending]:
        """Return the oldest events, from those after a row, without receipt or refusal: within both limits, at least one."""
        statement = (
            "select o.id, e.event_id, e.envelope, e.signing_hash from outbox o indexed by ves_outbox_unacked"
            " join ves_envelopes e using (event_id)"
            " where o.acked_at is null and e.refused_at is null and o.tenant_id = ? and o.store_id = ?"
            " and o.id > ? order by o.id limit ?"
        )
        found: list[Pending] = []
        size = 0
        with self._lock:
            for row, event_id, envelope, signing_hash in self._connection.execute(
                statement, (*self._stream, after, max_events)
            ):
                size += len(envelope)
                if found and size > max_bytes:
                    break
                found.append(Pending(row, UUID(event_id), envelope, signing_hash))
        return found

    def mark_pushed(self, events: Sequence[Pending]) -> None:
        """Note that the events are sent; a repeat does not move the time."""
        time = now()
        with self.transaction() as connection:
            connection.executemany(
                "update outbox set pushed_at = ? where id = ? and event_id = ? and pushed_at is null",
                [(time, event.row, str(event.event_id)) for event in events],
            )

    def settle(
        self,
        receipts: Sequence[tuple[Pending, Receipt, bytes]],
        rejections: Sequence[tuple[Pending, Rejection]],
        head_sequence: int,
    ) -> None:
        """Store the verified answer for a batch in one transaction: receipts, refusals, head.

        ContradictionFound, and nothing is stored, if a receipt cannot be true beside an earlier one. An event that
        another process has signed anew meanwhile is left as it is.
        """
        time = now()
        with self.transaction() as connection:
            self._receipts(connection).add(
                [(event.signing_hash, receipt, text) for event, receipt, text in receipts]
            )
            connection.executemany(
                "update outbox set acked_at = ?, remote_sequence = ?"
                " where id = ? and event_id = ? and acked_at is null",
                [
                    (time, receipt.sequence_number, event.row, str(event.event_id))
                    for event, receipt, _ in receipts
                ],
            )
            connection.executemany(
                "update ves_envelopes set refused_reason = ?, refused_message = ?, refused_at = ?"
                " where event_id = ? and signing_hash = ?"
                " and event_id not in (select event_id from ves_receipts)",
                [
                    (rejection.reason, rejection.message, time, str(event.event_id), event.signing_hash)
                    for event, rejection in rejections
                ],
            )
            numbers = [receipt.sequence_number for _, receipt, _ in receipts]
            self._state.raise_to("last_pushed_sequence", max(numbers, default=0))
            self._state.raise_to("head_sequence", head_sequence)
            self._state.put("last_sync_at", time)

    def refused(self, *, dropped: bool = False) -> list[Refused]:
        """Return the refused events that wait for a decision, or those that were dropped, oldest first."""
        statement = (
            "select o.event_id, refused_reason, refused_message, entity_type, entity_id, event_type, created_at,"
            " payload, command_id, base_version from outbox o join ves_envelopes e using (event_id)"
            " where tenant_id = ? and store_id = ? and refused_at is not null and refused_reason <> ?"
            " and dropped = ? order by o.id"
        )
        with self._lock:
            rows = self._connection.execute(statement, (*self._stream, UNSIGNED, int(dropped))).fetchall()
        return [Refused(UUID(row[0]), row[1], row[2], event_of((row[0], *row[3:])), dropped) for row in rows]

    def drop(self, event_id: UUID | str) -> None:
        """Decide that a refused event is never sent again; it stays in the file until it is pruned.

        Takes also the id of a row that could not be signed, which may be no UUID.
        """
        self._decide(event_id, "update ves_envelopes set dropped = 1 where event_id = ?")

    def release(self, event_id: UUID) -> None:
        """Send a refused event again as it is with the next push, for example after its key was registered."""
        self._decide(
            event_id,
            "update ves_envelopes set refused_at = null, refused_reason = null, refused_message = null,"
            " dropped = 0 where event_id = ?",
        )

    def replace(self, event_id: UUID, event: Event) -> None:
        """Sign other content in the place of a refused event; a sealed one is sealed to the same recipients again."""
        with self.transaction() as connection:
            self._require_refused(connection, event_id)
            (stored,) = connection.execute(
                "select recipients from ves_envelopes where event_id = ?", (str(event_id),)
            ).fetchone()
            recipients = {int(kid): bytes.fromhex(key) for kid, key in orjson.loads(stored or "{}").items()}
            signed = sign_event(self.key, self.tenant_id, self.store_id, event, recipients=recipients)
            connection.execute("delete from ves_envelopes where event_id = ?", (str(event_id),))
            connection.execute(
                "update outbox set event_id = ?, entity_type = ?, entity_id = ?, event_type = ?, created_at = ?,"
                " payload = ?, command_id = ?, base_version = ?, payload_hash = ?, signature = ?, pushed_at = null"
                " where event_id = ?",
                (*columns_of(event), payload_hash_of(signed), signed.signature, str(event_id)),
            )
            insert_envelope(connection, signed, recipients)

    def prune(self, older_than: timedelta) -> int:
        """Delete the stream's acked and dropped events that have been so for longer; receipts stay. Returns the count."""
        limit = (datetime.now(UTC) - older_than).isoformat(timespec="microseconds")
        with self.transaction() as connection:
            ended = (
                "select o.id from outbox o left join ves_envelopes e using (event_id)"
                " where o.tenant_id = ?2 and o.store_id = ?3"
                " and (o.acked_at <= ?1 or (e.dropped = 1 and e.refused_at <= ?1))"
            )
            rows = connection.execute(ended, (limit, *self._stream)).fetchall()
            connection.executemany(
                "delete from ves_envelopes where event_id = (select event_id from outbox where id = ?)", rows
            )
            connection.executemany("delete from outbox where id = ?", rows)
        return len(rows)

    def unsettled(self, last_row: int | None = None, *, after: int = 0) -> int:
        """Count the events of the stream, from those after a row up to another, that have neither receipt nor refusal."""
        # Refused events are few and have an index; the others are counted in an index.
        statement = (
            "select (select count(*) from outbox o indexed by ves_outbox_unacked"
            " where o.acked_at is null and o.tenant_id = ?1 and o.store_id = ?2"
            " and o.id > ?4 and o.id <= ?3) - (select count(*) from ves_envelopes e join outbox o using (event_id) where e.refused_at is not null"
            " and o.acked_at is null and o.tenant_id = ?1 and o.store_id = ?2"
            " and o.id > ?4 and o.id <= ?3)"
        )
        limit = sys.maxsize if last_row is None else last_row
        with self._lock:
            found: tuple[int] = self._connection.execute(statement, (*self._stream, limit, after)).fetchone()
        return found[0]

    def first_unsettled(self, after: int, last_row: int) -> int | None:
        """Return the first row of the stream, after a row up to another, whose event has neither receipt nor refusal.

        Reads no row behind it.
        """
        statement = (
            "select o.id from outbox o indexed by ves_outbox_unacked left join ves_envelopes e using (event_id)"
            " where o.acked_at is null and e.refused_at is null and o.tenant_id = ? and o.store_id = ?"
            " and o.id > ? and o.id <= ? order by o.id limit 1"
        )
        with self._lock:
            found = self._connection.execute(statement, (*self._stream, after, last_row)).fetchone()
        return found[0] if found else None

    def last_row(self) -> int:
        """Return the number of the row that was recorded last."""
        with self._lock:
            found: tuple[int] = self._connection.execute("select coalesce(max(id), 0) from outbox").fetchone()
        return found[0]

    def status(self) -> Status:
        """Count the events of the stream by state."""
        with self._lock:
            local, pushed, acked, refused, dropped = self._connection.execute(
                "select count(*) filter (where pushed_at is null and refused_at is null),"
                " count(*) filter (where pushed_at is not null and acked_at is null and refused_at is null),"
                " count(acked_at), count(*) filter (where refused_at is not null and dropped = 0),"
                " count(*) filter (where dropped = 1) from outbox left join ves_envelopes using (event_id)"
                " where tenant_id = ? and store_id = ?",
                self._stream,
            ).fetchone()
            state = self._state.all()
        found = self.contradiction()
        return Status(
            local,
            pushed,
            acked,
            refused,
            dropped,
            int(state["last_pushed_sequence"]),
            int(state["last_pulled_sequence"]),
            int(state["head_sequence"]),
            state.get("last_sync_at"),
            found.kind if found else None,
        )

    def head_sequence(self) -> int:
        """Return the greatest head that a verified answer named."""
        with self._lock:
            return self._state.counter("head_sequence")

    def last_pulled(self) -> int:
        """Return the number up to which the stream was pulled."""
        with self._lock:
            return self._state.counter("last_pulled_sequence")

    def entity_version(self, entity_type: str, entity_id: str) -> int:
        """Return the version of an entity after the pulled events: the `base_version` of the next one (VES 15)."""
        with self._lock:
            return PulledRows(self._connection).version(self._stream, entity_type, entity_id)

    def store_pulled(self, events: Sequence[PulledEvent], head_sequence: int) -> list[PulledEvent]:
        """Store verified events of consecutive numbers in one transaction; returns those that were new.

        ContradictionFound, and nothing is stored, if a receipt cannot be true beside an earlier one.
        """
        with self.transaction() as connection:
            rows = PulledRows(connection)
            after = self.last_pulled()  # another process may have pulled meanwhile
            self._receipts(connection).add([(it.signing_hash, it.receipt, it.receipt_text) for it in events])
            fresh = [pulled for pulled in events if pulled.sequence_number > after]
            for pulled in fresh:
                rows.add(pulled)
            self._state.raise_to("last_pulled_sequence", fresh[-1].sequence_number if fresh else 0)
            self._state.raise_to("head_sequence", head_sequence)
            self._state.put("last_sync_at", now())
        return fresh

    def pinned_keys(self) -> PinnedKeys:
        """Return the agents' public keys that were seen; use it within `transaction`."""
        return PinnedKeys(self._connection, self.tenant_id)

    def receipts(self, after: int = 0) -> Iterator[StoredReceipt]:
        """Yield the verified receipts of the stream by number, those of pruned events included."""
        while True:
            with self._lock:
                page = self._receipts(self._connection).page(after)
            if not page:
                return
            yield from page
            after = page[-1].sequence_number

    def pin(self, keys: tuple[bytes, ...]) -> None:
        """Store the sequencer's public keys (32 bytes each) in the file, in the place of the earlier ones."""
        with self.transaction():
            self._state.put("ves_sequencer_keys", ",".join(key.hex() for key in keys))

    def trust(self) -> Trust:
        """Return the pinned keys; empty if none was pinned."""
        with self._lock:
            pinned = self._state.get("ves_sequencer_keys") or ""
        return Trust(tuple(bytes.fromhex(key) for key in pinned.split(",") if key))

    def head_went_back(self, earlier: int, later: int) -> Contradiction:
        """Build the evidence for a head that was `earlier` before a request and `later` in its answer."""
        with self._lock:
            return self._receipts(self._connection).head_went_back(earlier, later)

    def number_missing(self, number: int, head: int, later: SignedReceipt | None) -> Contradiction:
        """Build the evidence for a number up to `head` under which no event came; `later` was given in its place."""
        with self._lock:
            return self._receipts(self._connection).number_missing(number, head, later)

    def contradiction(self) -> Contradiction | None:
        """Return the stored evidence that stopped the sync, if any."""
        with self._lock:
            text = self._state.get("ves_contradiction")
        return decode_contradiction(text.encode()) if text else None

    def stop(self, found: Contradiction) -> None:
        """Store evidence; no later push of any process sends anything until `resume`."""
        with self.transaction():
            self._state.put("ves_contradiction", found.text().decode())

    def resume(self) -> None:
        """Allow syncs again after a person has looked at the evidence.

        Receipts and heads stay, so a sequencer that was restored from a backup stops the next sync again: `accept_restore`.
        """
        with self.transaction():
            self._state.delete("ves_contradiction")

    def lower_to(self, number: int) -> None:
        """Forget that the stream went on after a number; use it within `transaction`."""
        for name in COUNTERS:
            self._state.lower_to(name, number)

    def _receipts(self, connection: sqlite3.Connection) -> ReceiptStore:
        return ReceiptStore(connection, self.tenant_id, self.store_id)

    def commitments(self) -> SeenCommitments:
        """Return the stored commitments; use it within `transaction`."""
        return SeenCommitments(self._connection, self.tenant_id, self.store_id)

    @property
    def _stream(self) -> tuple[str, str]:
        return str(self.tenant_id), str(self.store_id)

    def _create(self) -> None:
        script = resources.files("ves_client").joinpath("outbox.sql").read_text(encoding="utf-8")
        mine = dict(
            zip(("tenant_id", "store_id", "agent_id"), (*self._stream, str(self.key.agent_id)), strict=True)
        )
        with self.transaction() as connection:
            for statement in script.split(";\n"):
                connection.execute(statement)
            self._state.claim(self.path, mine)

    def _insert(
        self,
        connection: sqlite3.Connection,
        event: Event,
        signed: Signed,
        recipients: Mapping[int, bytes] | None,
    ) -> None:
        connection.execute(
            "insert into outbox (event_id, entity_type, entity_id, event_type, created_at, payload, command_id,"
            " base_version, payload_hash, signature, tenant_id, store_id, source_agent)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *columns_of(event),
                payload_hash_of(signed),
                signed.signature,
                *self._stream,
                str(self.key.agent_id),
            ),
        )
        insert_envelope(connection, signed, recipients)

    def _decide(self, event_id: UUID | str, statement: str) -> None:
        with self.transaction() as connection:
            self._require_refused(connection, event_id)
            connection.execute(statement, (str(event_id),))

    def _require_refused(self, connection: sqlite3.Connection, event_id: UUID | str) -> None:
        found = connection.execute(
            "select 1 from ves_envelopes join outbox using (event_id)"
            " where event_id = ? and refused_at is not null and tenant_id = ? and store_id = ?",
            (str(event_id), *self._stream),
        ).fetchone()
        if found is None:
            raise usage(f"event {event_id} is not a refused event of this outbox")
