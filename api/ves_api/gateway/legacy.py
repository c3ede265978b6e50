"""The legacy stream (VES 17): ingest, reads, commitments, proofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ves_api.errors import ApiError
from ves_api.gateway import arrays
from ves_api.gateway.commitments import InclusionProof, read_proof
from ves_api.gateway.ingest import IngestAnswer

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Sequence

    from ves.legacy_ingest import LegacyEvent, LegacyRequest
    from ves_api.gateway.database import Database
    from ves_api.gateway.reads import Reads


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A legacy event as stored; `payload` is the JSON text received."""

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
    payload: str


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


def encode_legacy(events: Sequence[LegacyEvent]) -> dict[str, Any]:
    """The array parameters of `ves.ingest_legacy_events`, but for those of `encode_refusals`."""
    texts, blobs, int8s, nullable = arrays.texts, arrays.blobs, arrays.int8s, arrays.nullable
    base_versions = nullable([e.base_version for e in events], int8s)
    envelope_versions = nullable([e.envelope_version for e in events], int8s)
    return {
        "event_ids": arrays.UuidArray([arrays.uuids([e.event_id for e in events])]),
        "command_ids": arrays.UuidArray([nullable([e.command_id for e in events], arrays.uuids)]),
        "entity_types": arrays.TextArray([texts([e.entity_type for e in events])]),
        "entity_ids": arrays.TextArray([texts([e.entity_id for e in events])]),
        "event_types": arrays.TextArray([texts([e.event_type for e in events])]),
        "created_at_micros": arrays.Int8Array([int8s([e.created_at_micros for e in events])]),
        "payloads": arrays.JsonArray([blobs([e.payload for e in events])]),
        "payload_hashes": b"".join([e.payload_hash for e in events]),
        "base_versions": arrays.Int8Array([base_versions]),
        "envelope_versions": arrays.Int8Array([envelope_versions]),
        "signatures": arrays.BytesArray([nullable([e.signature for e in events], blobs)]),
    }


def encode_refusals(
    refusals: Sequence[str | None], messages: Sequence[str | None], schema_epoch: int | None
) -> dict[str, Any]:
    """The parameters that change with the schemas; `schema_epoch` is theirs, None if none were looked at."""
    return {
        "refusals": arrays.TextArray([arrays.nullable(list(refusals), arrays.texts)]),
        "refusal_messages": arrays.TextArray([arrays.nullable(list(messages), arrays.texts)]),
        "schema_epoch": schema_epoch,
    }


async def ingest_legacy_events(
    database: Database, request: LegacyRequest, columns: dict[str, Any], auth_epoch: int | None
) -> IngestAnswer:
    """Append a batch in one transaction. Raises stale_credentials, stale_schemas (nothing was stored).

    Not repeated after a lost connection: a batch that was stored after all would be told as duplicates.
    """
    parameters = {
        "tenant_id": request.tenant_id,
        "store_id": request.store_id,
        "auth_epoch": auth_epoch,
        "source_agent": request.agent_id,
        **columns,
    }
    row = await database.fetch_one("ingest_legacy_events", parameters, idempotent=False)
    if row is None:
        raise ApiError("internal_error")
    first, last, head, sequenced_at, exceptions = row
    return IngestAnswer(first, last, head, sequenced_at, exceptions or [])


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
