"""The database as the workers see it: one typed function per function of schema `ves`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ves_workers.runtime.database import Database

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


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

    async def claim_cursors(
        self, *, consumer: str, max_streams: int, claim_seconds: float
    ) -> list[tuple[UUID, UUID]]:
        """Claim streams in which a consumer has something due, as (tenant_id, store_id)."""
        rows = await self.fetch(
            "claim_cursors", consumer=consumer, max_streams=max_streams, claim_seconds=claim_seconds
        )
        return [(row["tenant_id"], row["store_id"]) for row in rows]

    async def find_lost_wake_ups(
        self, tenant_id: UUID | None, store_id: UUID | None
    ) -> tuple[int, UUID | None, UUID | None]:
        """Look at the streams after the given one; how many were found, and the last one looked at, None at the end."""
        row = (await self.fetch("find_lost_wake_ups", after_tenant_id=tenant_id, after_store_id=store_id))[0]
        return row["streams"], row["last_tenant_id"], row["last_store_id"]

    async def commit_due(self, tenant_id: UUID, store_id: UUID) -> Commitment | None:
        """Commit the next range of a claimed stream; None when somebody else holds it, or nothing is left."""
        rows = await self.fetch("commit_due", tenant_id=tenant_id, store_id=store_id)
        return Commitment(**rows[0]) if rows else None

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
