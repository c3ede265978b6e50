"""Commitments and inclusion proofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.errors import ApiError

if TYPE_CHECKING:
    import datetime as dt
    import uuid

    from ves_api.cache import Cache
    from ves_api.gateway.database import Database
    from ves_api.gateway.reads import ProofKey, Reads


@dataclass(frozen=True, slots=True)
class Commitment:
    """A VES commitment (VES 10.1); roots are 32 bytes, chain fields are null until anchoring."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    ves_version: int
    tree_depth: int
    leaf_count: int
    padded_leaf_count: int
    merkle_root: bytes
    prev_state_root: bytes
    new_state_root: bytes
    sequence_start: int
    sequence_end: int
    committed_at: dt.datetime
    chain_id: int | None
    chain_tx_hash: bytes | None
    chain_block_number: int | None
    anchored_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """A path from a leaf to the root of its commitment (VES 9.3)."""

    sequence_number: int
    batch_id: uuid.UUID
    merkle_root: bytes
    leaf_hash: bytes
    leaf_index: int
    proof_path: list[bytes]
    directions: list[bool]


async def create_commitment(
    database: Database, tenant_id: uuid.UUID, store_id: uuid.UUID, sequence_start: int, sequence_end: int
) -> Commitment:
    """Commit a range; the same range again answers the stored one. Raises VE6nn."""
    row = await database.fetch_one(
        "create_commitment",
        {
            "tenant_id": tenant_id,
            "store_id": store_id,
            "sequence_start": sequence_start,
            "sequence_end": sequence_end,
        },
        idempotent=True,
    )
    if row is None:
        raise ApiError("internal_error")
    return Commitment(*row)


async def list_commitments(database: Database, tenant_id: uuid.UUID, store_id: uuid.UUID) -> list[Commitment]:
    """Commitments without a chain transaction, oldest first."""
    rows = await database.fetch(
        "list_commitments", {"tenant_id": tenant_id, "store_id": store_id}, idempotent=True
    )
    return [Commitment(*row) for row in rows]


async def get_commitment(reads: Reads, tenant_id: uuid.UUID, batch_id: uuid.UUID) -> Commitment | None:
    """The commitment, searched in one tenant (nil: in all), or None."""
    cache, key = reads.caches.ves_commitment, (tenant_id, batch_id)
    known = cache.get(key)
    if known is not None:
        return known
    row = await reads.fetch_one("get_commitment", {"tenant_id": tenant_id, "batch_id": batch_id})
    if row is None or row[0] is None:
        return None
    commitment = Commitment(*row)
    if commitment.anchored_at is not None:
        cache.put(key, commitment)
    return commitment


async def get_inclusion_proof(
    reads: Reads, tenant_id: uuid.UUID, store_id: uuid.UUID, sequence_number: int, batch_id: uuid.UUID
) -> InclusionProof | None:
    """The proof of one event in one commitment of its stream. Raises VE605, VE606, VE607."""
    return await read_proof(
        reads,
        reads.caches.ves_proof,
        "get_inclusion_proof",
        (tenant_id, store_id, sequence_number, batch_id),
    )


async def read_proof(
    reads: Reads, cache: Cache[ProofKey, InclusionProof], statement: str, key: ProofKey
) -> InclusionProof | None:
    """An inclusion proof of either stream: a path in a stored tree never changes. Raises VE605, VE606, VE607."""
    known = cache.get(key)
    if known is not None:
        return known
    parameters = dict(zip(("tenant_id", "store_id", "sequence_number", "batch_id"), key, strict=True))
    row = await reads.fetch_one(statement, parameters)
    if row is None or row[0] is None:
        return None
    proof = InclusionProof(*row)
    cache.put(key, proof)
    return proof
