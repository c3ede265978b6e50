"""The database as the workers see it: one typed function per function of schema `ves`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ves_workers.runtime.database import Database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class WakeUp:
    """A queue message: `sequence_from..sequence_to` of a stream were sequenced."""

    msg_id: int
    tenant_id: UUID
    store_id: UUID
    sequence_from: int
    sequence_to: int


@dataclass(frozen=True, slots=True)
class Commitment:
    """The part of a commitment that a worker reports (VES 10.1)."""

    batch_id: UUID
    leaf_count: int
    sequence_start: int
    sequence_end: int
    merkle_root: bytes


@dataclass(frozen=True, slots=True)
class ReceiptWork:
    """An event without a stored receipt."""

    tenant_id: UUID
    store_id: UUID
    sequence_number: int
    event_id: UUID
    signing_hash: bytes
    signer_id: int


@dataclass(frozen=True, slots=True)
class Signer:
    """A registered signer of receipts; `public_key` is None for algorithm `none`."""

    signer_id: int
    sequencer_id: UUID
    key_version: int
    algorithm: str
    public_key: bytes | None


class RotationCounts(NamedTuple):
    """Rotations by how they ended; `in_progress` ones wait for the agent to register a key."""

    completed: int
    in_progress: int
    failed: int
    cancelled: int
    expired: int


class Gateway(Database):
    """Typed calls. Errors as in `Database.fetch`; every call may be repeated."""

    async def read_commit_queue(self, *, vt_seconds: int, max_messages: int) -> list[WakeUp]:
        """Take wake-ups; they come back after `vt_seconds` unless finished."""
        rows = await self.fetch("read_commit_queue", vt_seconds=vt_seconds, max_messages=max_messages)
        return [WakeUp(**row) for row in rows]

    async def finish_commit_messages(self, msg_ids: Sequence[int]) -> None:
        """Forget wake-ups."""
        await self.fetch("finish_commit_messages", msg_ids=list(msg_ids))

    async def list_commit_due(
        self, *, min_events: int, max_age_seconds: int, max_streams: int
    ) -> list[tuple[UUID, UUID]]:
        """List streams that are due by count or by age, as (tenant_id, store_id)."""
        rows = await self.fetch(
            "list_commit_due", min_events=min_events, max_age_seconds=max_age_seconds, max_streams=max_streams
        )
        return [(row["tenant_id"], row["store_id"]) for row in rows]

    async def requeue_uncommitted(self) -> int:
        """Queue a wake-up for streams that have uncommitted events and none; the number of streams."""
        return int((await self.fetch("requeue_uncommitted"))[0]["streams"])

    async def commit_next(self, tenant_id: UUID, store_id: UUID, *, max_events: int) -> Commitment | None:
        """Commit the next range of a stream; None when nothing is left."""
        rows = await self.fetch("commit_next", tenant_id=tenant_id, store_id=store_id, max_events=max_events)
        return Commitment(**rows[0]) if rows and rows[0]["batch_id"] is not None else None

    async def get_receipt_work(self, *, max_events: int) -> list[ReceiptWork]:
        """Find events whose receipt is not stored."""
        return [ReceiptWork(**row) for row in await self.fetch("get_receipt_work", max_events=max_events)]

    async def count_key_usage(self, *, max_events: int) -> int:
        """Count events that are not counted yet under their keys; how many."""
        return int((await self.fetch("count_key_usage", max_events=max_events))[0]["counted"])

    async def apply_due_rotations(self, *, max_rotations: int) -> RotationCounts:
        """Do the rotations that are due."""
        return RotationCounts(**(await self.fetch("apply_due_rotations", max_rotations=max_rotations))[0])

    async def list_signers(self) -> list[Signer]:
        """List all registered signers."""
        return [Signer(**row) for row in await self.fetch("list_signers")]

    async def store_receipts(
        self,
        tenant_id: UUID,
        store_id: UUID,
        *,
        sequence_numbers: Sequence[int],
        receipt_hashes: bytes,
        signatures: bytes | None,
    ) -> None:
        """Store receipts of one stream: 32 bytes of hash and 64 of signature for each number, in order.

        `signatures` is None for an unsigned signer.
        """
        await self.fetch(
            "store_receipts",
            tenant_id=tenant_id,
            store_id=store_id,
            sequence_numbers=list(sequence_numbers),
            receipt_hashes=receipt_hashes,
            signatures=signatures,
        )
