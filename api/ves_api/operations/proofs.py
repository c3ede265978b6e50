"""VES inclusion proofs (http-api 5, VES 9.3)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated

import msgspec

from ves.merkle import verify_inclusion
from ves_api.auth.permission import READ_OR_ADMIN, in_stream
from ves_api.operations.answers import answer
from ves_api.operations.fields import Numbered, hex_field
from ves_api.operations.kit import Area, Context
from ves_api.operations.parameters import EventBatchId, Parameters, SequenceNumber, StoreId, TenantId
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ves_api.cache import Cache
    from ves_api.reads import ProofKey
    from ves_edge.gen.records import InclusionProof

operation = Area("Proofs").operation
_HASH_BYTES = 32
_MAX_PATH = 64


class ProofOfEvent(Parameters, kw_only=True, frozen=True):
    """One event of a stream in one commitment."""

    sequence_number: SequenceNumber
    tenant_id: TenantId
    store_id: StoreId
    batch_id: EventBatchId


class ProofResponse(msgspec.Struct):
    """An inclusion proof; `directions[d]` is true when the running hash is the left input at level d."""

    sequence_number: int
    batch_id: uuid.UUID
    merkle_root: str
    leaf_hash: str
    leaf_index: int
    proof_path: list[str]
    directions: list[bool]


class VerifyRequest(Numbered):
    """A proof to check; hashes in bare hex, at most 64 path entries."""

    leaf_hash: str
    merkle_root: str
    proof_path: list[str]
    leaf_index: Annotated[int, msgspec.Meta(ge=0)]


class VerifyResponse(msgspec.Struct):
    """The verdict, with the hashes as sent."""

    valid: bool
    leaf_hash: str
    merkle_root: str


def path_hashes(proof_path: list[str]) -> list[bytes]:
    """The siblings of a sent proof. Raises invalid_field."""
    if len(proof_path) > _MAX_PATH:
        details = {"field": "proof_path", "limit": _MAX_PATH}
        raise ApiError("invalid_field", f"proof_path has more than {_MAX_PATH} entries", details=details)
    return [hash_field(node, "proof_path") for node in proof_path]


def hash_field(text: str, field: str) -> bytes:
    """A hash in bare hex. Raises invalid_field."""
    return hex_field(text, _HASH_BYTES, field, prefix=False)


async def read_proof(
    context: Context,
    given: ProofOfEvent,
    get_proof: Callable[..., Awaitable[InclusionProof]],
    cache: Cache[ProofKey, InclusionProof],
) -> InclusionProof:
    """An inclusion proof of either kind of stream: a path in a stored tree never changes. Raises VE605, VE606, VE607."""
    key = (context.tenant_id, given.store_id, given.sequence_number, given.batch_id)
    names = ("tenant_id", "store_id", "sequence_number", "batch_id")
    wanted = dict(zip(names, key, strict=True))
    return await context.reads.remembered(cache, key, lambda: get_proof(context.reads, **wanted))


@operation(
    permission=in_stream("read"),
    errors=("commitment_not_found", "commitment_access_denied", "sequence_outside_commitment"),
)
async def get_inclusion_proof(context: Context, given: ProofOfEvent) -> ProofResponse:
    """Prove that an event is in a commitment."""
    cache = context.reads.caches.ves_proof
    proof = await read_proof(context, given, aio.get_inclusion_proof, cache)
    return answer(ProofResponse, proof)


@operation(permission=READ_OR_ADMIN, errors=("invalid_field",))
async def verify_proof(_: Context, given: VerifyRequest) -> VerifyResponse:
    """Check an inclusion proof.

    Pure computation: no data of any tenant is read.
    """
    path = path_hashes(given.proof_path)
    leaf = hash_field(given.leaf_hash, "leaf_hash")
    root = hash_field(given.merkle_root, "merkle_root")
    valid = verify_inclusion(leaf, given.leaf_index, path, root)
    return VerifyResponse(valid, given.leaf_hash, given.merkle_root)
