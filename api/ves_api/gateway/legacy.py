"""The legacy stream (VES 17): reads, commitments, proofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.errors import ApiError
from ves_api.gateway.commitments import InclusionProof, read_proof

if TYPE_CHECKING:
    import datetime as dt
    import uuid

    from ves_api.gateway.database import Database
    from ves_api.gateway.reads import Reads


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A legacy event as stored; its payload is JSON text, a blob, or destroyed (VES 16)."""

    sequence_number: int
    event_id: uuid.UUID
    command_id: uuid.UUID | None
    source_agent: uuid.UUID
    envelope_version: int
    base_version: int | None
    created_at: dt.datetime
    sequenced_at: dt.datetime
    entity_type: str
    entity_id: str
    event_type: str
    payload_hash: bytes
    signature: bytes | None
    payload: str | None
    payload_at_rest: bytes | None
    payload_key_id: bytes | None
    shredded_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class LegacyCommitment:
    """A legacy commitment (VES 17.3); roots are 32 bytes."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    prev_state_root: bytes
    new_state_root: bytes
    events_root: bytes
    event_count: int
    sequence_start: int
    sequence_end: int
    committed_at: dt.datetime
    chain_tx_hash: bytes | None
    anchored_at: dt.datetime | None


async def get_head(database: Database, tenant_id: uuid.UUID, store_id: uuid.UUID) -> int:
    """Highest number of the stream; 0 for an unknown one."""
    parameters = {"tenant_id": tenant_id, "store_id": store_id}
    return int(await database.fetch_value("get_legacy_head", parameters, idempotent=True))


async def list_events(
    reads: Reads, tenant_id: uuid.UUID, store_id: uuid.UUID, from_sequence: int, max_events: int
) -> list[StoredEvent]:
    """The events of a window of numbers. Raises sequence_gap."""
    rows = await reads.fetch(
        "list_legacy_events",
        {
            "tenant_id": tenant_id,
            "store_id": store_id,
            "from_sequence": from_sequence,
            "max_events": max_events,
        },
    )
    return [StoredEvent(*row) for row in rows]


async def get_entity_history(
    database: Database,
    stream: tuple[uuid.UUID, uuid.UUID],
    entity: tuple[str, str],
    skip: int,
    max_events: int,
) -> tuple[int, list[StoredEvent]]:
    """(total, page) of an entity's events; `stream` is tenant and store, `entity` type and id."""
    rows = await database.fetch(
        "get_entity_history",
        {
            "tenant_id": stream[0],
            "store_id": stream[1],
            "entity_type": entity[0],
            "entity_id": entity[1],
            "skip": skip,
            "max_events": max_events,
        },
        idempotent=True,
    )
    return rows[0][0], [StoredEvent(*row[1:]) for row in rows if row[1] is not None]


async def create_commitment(
    database: Database, tenant_id: uuid.UUID, store_id: uuid.UUID, sequence_start: int, sequence_end: int
) -> LegacyCommitment:
    """Commit a range. Raises VE6nn. Not repeated after a lost connection: it would be told as taken."""
    row = await database.fetch_one(
        "create_legacy_commitment",
        {
            "tenant_id": tenant_id,
            "store_id": store_id,
            "sequence_start": sequence_start,
            "sequence_end": sequence_end,
        },
        idempotent=False,
    )
    if row is None:
        raise ApiError("internal_error")
    return LegacyCommitment(*row)


async def list_commitments(
    database: Database, tenant_id: uuid.UUID, store_id: uuid.UUID
) -> list[LegacyCommitment]:
    """Commitments without a chain transaction, oldest first."""
    parameters = {"tenant_id": tenant_id, "store_id": store_id}
    rows = await database.fetch("list_legacy_commitments", parameters, idempotent=True)
    return [LegacyCommitment(*row) for row in rows]


async def get_commitment(reads: Reads, tenant_id: uuid.UUID, batch_id: uuid.UUID) -> LegacyCommitment | None:
    """The commitment, searched in one tenant (nil: in all), or None."""
    cache, key = reads.caches.commitment, (tenant_id, batch_id)
    known = cache.get(key)
    if known is not None:
        return known
    row = await reads.fetch_one("get_legacy_commitment", {"tenant_id": tenant_id, "batch_id": batch_id})
    if row is None or row[0] is None:
        return None
    commitment = LegacyCommitment(*row)
    if commitment.anchored_at is not None:
        cache.put(key, commitment)
    return commitment


async def get_inclusion_proof(
    reads: Reads, stream: tuple[uuid.UUID, uuid.UUID], sequence_number: int, batch_id: uuid.UUID
) -> InclusionProof:
    """The proof of one event; `merkle_root` is the events_root. Raises VE605, VE606, VE607."""
    key = (*stream, sequence_number, batch_id)
    proof = await read_proof(reads, reads.caches.proof, "get_legacy_inclusion_proof", key)
    if proof is None:
        raise ApiError("commitment_not_found", resource_id=str(batch_id))
    return proof
