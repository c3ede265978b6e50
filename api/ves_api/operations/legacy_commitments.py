"""Commitments and inclusion proofs of the legacy stream (http-api 4, VES 17.3): snake_case, roots in bare hex."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated

import msgspec

from ves.bundles import Byte
from ves.legacy import verify_path
from ves_api.auth.permission import READ_OR_ADMIN, in_stream, where_found
from ves_api.operations.answers import answer
from ves_api.operations.commitments import (
    PAGE,
    RANGE_ERRORS,
    CommitmentById,
    CommitmentPage,
    CommitmentRequest,
    find_final,
)
from ves_api.operations.fields import Numbered
from ves_api.operations.kit import Area, Context
from ves_api.operations.proofs import ProofOfEvent, hash_field, path_hashes, read_proof
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_edge.gen.records import LegacyCommitment

operation = Area("Legacy").operation


class LegacyCommitmentCreated(msgspec.Struct):
    """A commitment as the call that made it answers; roots in bare hex."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    prev_state_root: str
    new_state_root: str
    events_root: str
    event_count: int
    sequence_start: int
    sequence_end: int
    committed_at: str


class LegacyCommitmentListed(msgspec.Struct):
    """A commitment in a list; roots in bare hex."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    events_root: str
    event_count: int
    sequence_start: int
    sequence_end: int
    committed_at: str
    is_anchored: bool


class LegacyCommitmentList(msgspec.Struct, omit_defaults=True):
    """Commitments of a legacy stream that are not on a chain yet, oldest first; `has_more` when the page is full."""

    commitments: list[LegacyCommitmentListed]
    count: int
    has_more: bool = False


class LegacyCommitmentDetail(msgspec.Struct):
    """One commitment; here hashes are arrays of 32 numbers."""

    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    prev_state_root: list[Byte]
    new_state_root: list[Byte]
    events_root: list[Byte]
    event_count: int
    sequence_range: tuple[int, int]
    committed_at: str
    chain_tx_hash: list[Byte] | None


class LegacyProofResponse(msgspec.Struct):
    """An inclusion proof; `directions[i]` is true when the running hash is the left input of step i."""

    sequence_number: int
    batch_id: uuid.UUID
    events_root: str
    leaf_hash: str
    leaf_index: int
    proof_path: list[str]
    directions: list[bool]


class LegacyVerifyRequest(Numbered):
    """A proof to check; hashes in bare hex, at most 64 path entries."""

    leaf_hash: str
    events_root: str
    proof_path: list[str]
    leaf_index: Annotated[int, msgspec.Meta(ge=0)]


class LegacyVerifyResponse(msgspec.Struct):
    """The verdict, with the hashes as sent."""

    valid: bool
    leaf_hash: str
    events_root: str


@operation(
    permission=in_stream("write"),
    errors=("range_is_committed", *RANGE_ERRORS),
)
async def create_legacy_commitment(context: Context, given: CommitmentRequest) -> LegacyCommitmentCreated:
    """Commit a range of legacy events; a start that is committed already is refused."""
    made = await aio.create_legacy_commitment(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        **given.stored_range(),
    )
    return answer(LegacyCommitmentCreated, made)


@operation(permission=in_stream("read"))
async def list_legacy_commitments(context: Context, given: CommitmentPage) -> LegacyCommitmentList:
    """List the commitments of a legacy stream that are not on a chain yet, at most 1,000 that start above `after`.

    The next page starts after the highest `sequence_end`.
    """
    found = await aio.list_legacy_commitments(context.database, **given.asked(context.tenant_id))
    listed = await context.each(_listed, found[:PAGE])
    return LegacyCommitmentList(listed, len(listed), len(found) > PAGE)


def _listed(commitment: LegacyCommitment) -> LegacyCommitmentListed:
    return answer(LegacyCommitmentListed, commitment, is_anchored=commitment.anchored_at is not None)


@operation(permission=where_found("read", "its stream"), errors=("commitment_not_found",))
async def get_legacy_commitment(context: Context, given: CommitmentById) -> LegacyCommitmentDetail:
    """Get one legacy commitment, hashes as arrays of numbers.

    Another tenant's id is answered like one that does not exist.
    """
    found = await find_legacy_commitment(context, given.batch_id)
    return answer(
        LegacyCommitmentDetail,
        found,
        prev_state_root=list(found.prev_state_root),
        new_state_root=list(found.new_state_root),
        events_root=list(found.events_root),
        sequence_range=(found.sequence_start, found.sequence_end),
        chain_tx_hash=None if found.chain_tx_hash is None else list(found.chain_tx_hash),
    )


@operation(
    permission=in_stream("read"),
    errors=("commitment_not_found", "commitment_access_denied", "sequence_outside_commitment"),
)
async def get_legacy_inclusion_proof(context: Context, given: ProofOfEvent) -> LegacyProofResponse:
    """Prove that a legacy event is in a commitment."""
    cache = context.reads.caches.proof
    proof = await read_proof(context, given, aio.get_legacy_inclusion_proof, cache)
    return answer(LegacyProofResponse, proof, events_root=proof.merkle_root.hex())


@operation(permission=READ_OR_ADMIN, errors=("invalid_field",))
async def verify_legacy_proof(_: Context, given: LegacyVerifyRequest) -> LegacyVerifyResponse:
    """Check a legacy inclusion proof; one that skips levels is recognised by its length.

    Pure computation: no data of any tenant is read.
    """
    path = path_hashes(given.proof_path)
    leaf, root = hash_field(given.leaf_hash, "leaf_hash"), hash_field(given.events_root, "events_root")
    valid = verify_path(leaf, given.leaf_index, path, root)
    return LegacyVerifyResponse(valid, given.leaf_hash, given.events_root)


async def find_legacy_commitment(context: Context, batch_id: uuid.UUID) -> LegacyCommitment:
    """A commitment in the caller's scope, cached when it is final. Raises commitment_not_found, 403."""
    cache = context.reads.caches.commitment
    return await find_final(context, batch_id, aio.get_legacy_commitment, cache)
