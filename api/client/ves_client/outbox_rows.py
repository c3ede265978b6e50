"""How the events and receipts of an outbox stand in its rows (operations 14)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import orjson

from ves import json_decode
from ves.timestamps import micros_text
from ves_client.agent import Event
from ves_client.contradictions import Contradiction, Kind, SignedReceipt, roots_contradict
from ves_client.evidence import CommitmentRecord, Envelope

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

    from ves.receipts import Receipt
    from ves_client.agent import Signed


UNSIGNED = "not_signed"  # reason of a row that cannot be signed


class ContradictionFound(Exception):  # noqa: N818 - the name says what was found
    """A verified receipt or a commitment that cannot be true beside a stored one."""

    def __init__(self, evidence: Contradiction) -> None:
        super().__init__(evidence.kind)
        self.evidence = evidence


@dataclass(frozen=True, slots=True)
class Pending:
    """An event to send: its row, the exact signed bytes, and the hash that its receipt must cover."""

    row: int
    event_id: UUID
    envelope: bytes
    signing_hash: bytes


class Refused(msgspec.Struct, frozen=True):
    """An event that the sequencer refused (VES 14.3), and its content as it was recorded."""

    event_id: UUID
    reason: str
    message: str
    event: Event
    dropped: bool = False


class Status(msgspec.Struct, frozen=True):
    """Counts of the events of a stream in the file by state; `head_sequence` is the greatest head that an answer named."""

    local: int
    pushed: int
    acked: int
    refused: int
    dropped: int
    last_pushed_sequence: int
    last_pulled_sequence: int
    head_sequence: int
    last_sync_at: str | None
    contradiction: str | None


def now() -> str:
    """Return the time in UTC as RFC 3339 text, exact to a microsecond, in the spelling that gRPC keeps (VES 3.1)."""
    return micros_text(time.time_ns() // 1000)


def columns_of(event: Event) -> tuple[str | int | None, ...]:
    """Return event_id, entity_type, entity_id, event_type, created_at, payload, command_id and base_version."""
    return (
        str(event.event_id),
        event.entity_type,
        event.entity_id,
        event.event_type,
        event.created_at,
        event.payload.decode(),
        str(event.command_id) if event.command_id else None,
        event.base_version,
    )


def event_of(columns: tuple[Any, ...]) -> Event:
    """Build the event of a row; inverse of `columns_of`."""
    event_id, entity_type, entity_id, event_type, created_at, payload, command_id, base_version = columns
    command = UUID(command_id) if command_id else None
    return Event(
        UUID(event_id),
        entity_type,
        entity_id,
        event_type,
        created_at,
        payload.encode(),
        command,
        base_version,
    )


def payload_hash_of(signed: Signed) -> str:
    """Return `payload_plain_hash` as bare hex (VES 4)."""
    return json_decode.decode(signed.text, type=Envelope).plain_hash.hex()


def insert_envelope(
    connection: sqlite3.Connection, signed: Signed, recipients: Mapping[int, bytes] | None = None
) -> None:
    """Store the signed bytes of an event, and to whom it is sealed; one that is there stays."""
    sealed_to = {str(kid): key.hex() for kid, key in (recipients or {}).items()}
    connection.execute(
        "insert into ves_envelopes (event_id, envelope, signing_hash, recipients) values (?, ?, ?, ?)"
        " on conflict (event_id) do nothing",
        (
            str(signed.event_id),
            signed.text,
            signed.signing_hash,
            orjson.dumps(sealed_to).decode() if sealed_to else None,
        ),
    )


class StoredReceipt(msgspec.Struct, frozen=True):
    """A verified receipt: its text as it came, and the signing hash (32 bytes) that it covers."""

    sequence_number: int
    event_id: UUID
    signing_hash: bytes
    receipt: msgspec.Raw

    def signed(self) -> SignedReceipt:
        """Return the form of evidence files."""
        return SignedReceipt(self.signing_hash.hex(), self.receipt)


class ReceiptStore:
    """The receipts of one stream in `ves_receipts`, through a connection of the outbox."""

    def __init__(self, connection: sqlite3.Connection, tenant_id: UUID, store_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._store_id = store_id

    def add(self, receipts: Sequence[tuple[bytes, Receipt, bytes]]) -> None:
        """Insert verified receipts, each with the signing hash that it covers and its text.

        ContradictionFound if the event or the number of one has another receipt.
        """
        fresh = [
            StoredReceipt(receipt.sequence_number, receipt.event_id, signing_hash, msgspec.Raw(text))
            for signing_hash, receipt, text in receipts
        ]
        stream = (str(self._tenant_id), str(self._store_id))
        inserted = self._connection.executemany(
            "insert into ves_receipts (tenant_id, store_id, sequence_number, event_id, signing_hash, receipt)"
            " values (?, ?, ?, ?, ?, ?) on conflict do nothing",
            [
                (*stream, it.sequence_number, str(it.event_id), it.signing_hash, bytes(it.receipt).decode())
                for it in fresh
            ],
        ).rowcount
        for item in fresh if inserted < len(fresh) else ():
            self._require_same(item)

    def _require_same(self, fresh: StoredReceipt) -> None:
        """Compare a receipt with those that are stored under its number and under its event."""
        kinds: tuple[tuple[Kind, list[StoredReceipt]], ...] = (
            ("number_given_twice", self._select("sequence_number = ?", fresh.sequence_number)),
            ("receipt_changed", self._select("event_id = ?", str(fresh.event_id))),
        )
        for kind, stored in kinds:
            for earlier in stored:
                if (earlier.sequence_number, earlier.event_id, earlier.signing_hash) != (
                    fresh.sequence_number,
                    fresh.event_id,
                    fresh.signing_hash,
                ):
                    raise ContradictionFound(self._evidence(kind, [earlier, fresh]))

    def page(self, after: int, count: int = 1000) -> list[StoredReceipt]:
        """Return the next receipts by number."""
        return self._select("sequence_number > ? order by sequence_number limit ?", after, count)

    def head_went_back(self, earlier: int, later: int) -> Contradiction:
        """Build the evidence that the head was `earlier` before a request and `later` in its answer.

        It carries the receipt with the greatest number up to `earlier`: the only part that is signed.
        """
        last = self._select("sequence_number <= ? order by sequence_number desc limit 1", earlier)
        return self._evidence("head_went_back", last, later)

    def number_missing(self, number: int, head: int, later: SignedReceipt | None) -> Contradiction:
        """Build the evidence that no event came under a number; it carries a receipt of a greater one, if there is one."""
        stored = self._select("sequence_number > ? order by sequence_number limit 1", number)
        found = self._evidence("number_missing", [] if later else stored, head)
        return msgspec.structs.replace(found, missing=number, receipts=[later] if later else found.receipts)

    def _select(self, condition: str, *parameters: str | int) -> list[StoredReceipt]:
        rows = self._connection.execute(
            "select sequence_number, event_id, signing_hash, receipt from ves_receipts"  # noqa: S608 - constants
            f" where tenant_id = ? and store_id = ? and {condition}",
            (str(self._tenant_id), str(self._store_id), *parameters),
        )
        return [
            StoredReceipt(number, UUID(event_id), signing_hash, msgspec.Raw(text.encode()))
            for number, event_id, signing_hash, text in rows
        ]

    def _evidence(
        self, kind: Kind, receipts: list[StoredReceipt], head_sequence: int | None = None
    ) -> Contradiction:
        signed = [receipt.signed() for receipt in receipts]
        return Contradiction(1, kind, self._tenant_id, self._store_id, now(), signed, head_sequence)


class SeenCommitments:
    """The commitments of one stream in `ves_commitments`, through a connection of the outbox."""

    def __init__(self, connection: sqlite3.Connection, tenant_id: UUID, store_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._store_id = store_id

    def add(self, commitment: CommitmentRecord, text: bytes) -> None:
        """Insert a checked commitment; ContradictionFound if it contradicts the one of its start or the one before."""
        stream = (str(self._tenant_id), str(self._store_id))
        rows = self._connection.execute(
            "select commitment from ves_commitments where tenant_id = ? and store_id = ?"
            " and (sequence_start = ? or sequence_end = ?)",
            (*stream, commitment.sequence_start, commitment.sequence_start - 1),
        ).fetchall()
        for (earlier,) in rows:
            if roots_contradict(json_decode.decode(earlier.encode(), type=CommitmentRecord), commitment):
                pair = [msgspec.Raw(earlier.encode()), msgspec.Raw(text)]
                raise ContradictionFound(
                    Contradiction(
                        1, "root_changed", self._tenant_id, self._store_id, now(), [], commitments=pair
                    )
                )
        self._connection.execute(
            "insert into ves_commitments (tenant_id, store_id, sequence_start, sequence_end, commitment)"
            " values (?, ?, ?, ?, ?) on conflict do nothing",
            (*stream, commitment.sequence_start, commitment.sequence_end, text.decode()),
        )
