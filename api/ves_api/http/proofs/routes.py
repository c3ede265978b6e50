"""`/api/v1/ves/proofs` (http-api 5, VES 9.3)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.response.base import ASGIResponse

from ves.merkle import verify_inclusion
from ves_api.errors import ApiError
from ves_api.gateway.commitments import get_inclusion_proof
from ves_api.http.decode import Query, hex_field, path_number, read_struct
from ves_api.http.docs.operation import (
    BATCH_QUERY,
    SEQUENCE_PATH,
    STORE,
    TENANT,
    Operation,
    operation_opt,
)
from ves_api.http.encode import answer
from ves_api.services import identify, services_of

_TAG = "Proofs"
_HASH_BYTES = 32
_MAX_PATH = 64


class ProofResponse(msgspec.Struct):
    """An inclusion proof; `directions[d]` is true when the running hash is the left input at level d."""

    sequence_number: int
    batch_id: uuid.UUID
    merkle_root: str
    leaf_hash: str
    leaf_index: int
    proof_path: list[str]
    directions: list[bool]


class VerifyRequest(msgspec.Struct):
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


_GET = Operation(
    summary="Prove that an event is in a commitment",
    tag=_TAG,
    needs="read, and the stream in scope",
    response=ProofResponse,
    parameters=(SEQUENCE_PATH, TENANT, STORE, BATCH_QUERY),
    errors=("commitment_not_found", "commitment_access_denied", "sequence_outside_commitment"),
)
_VERIFY = Operation(
    summary="Check an inclusion proof",
    tag=_TAG,
    needs="read or admin",
    request=VerifyRequest,
    response=VerifyResponse,
    errors=("invalid_field",),
)
_verify_decoder = msgspec.json.Decoder(VerifyRequest)


def path_hashes(proof_path: list[str]) -> list[bytes]:
    """The siblings of a sent proof. Raises invalid_field."""
    if len(proof_path) > _MAX_PATH:
        details = {"field": "proof_path", "limit": _MAX_PATH}
        raise ApiError("invalid_field", f"proof_path has more than {_MAX_PATH} entries", details=details)
    return [hash_field(node, "proof_path") for node in proof_path]


def hash_field(text: str, field: str) -> bytes:
    """A hash in bare hex. Raises invalid_field."""
    return hex_field(text, _HASH_BYTES, field, prefix=False)


@get("/api/v1/ves/proofs/{sequence_number:str}", opt=operation_opt(_GET))
async def get_proof(request: Request[Any, Any, Any], sequence_number: str) -> ASGIResponse:
    """The path from one event to the root of its commitment."""
    identity = await identify(request)
    query = Query(request)
    number = path_number(sequence_number, "sequence_number")
    tenant_id, store_id = query.required_uuid("tenant_id"), query.required_uuid("store_id")
    batch_id = query.required_uuid("batch_id")
    identity.require("read")
    identity.require_scope(tenant_id, store_id)
    proof = await get_inclusion_proof(services_of(request).reads, tenant_id, store_id, number, batch_id)
    if proof is None:
        raise ApiError("commitment_not_found", resource_id=str(batch_id))
    return answer(
        ProofResponse(
            sequence_number=proof.sequence_number,
            batch_id=proof.batch_id,
            merkle_root=proof.merkle_root.hex(),
            leaf_hash=proof.leaf_hash.hex(),
            leaf_index=proof.leaf_index,
            proof_path=[node.hex() for node in proof.proof_path],
            directions=proof.directions,
        )
    )


@post("/api/v1/ves/proofs/verify", opt=operation_opt(_VERIFY))
async def verify_proof(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Pure computation: the library answers, no data of any tenant is read."""
    identity = await identify(request)
    sent = await read_struct(request, _verify_decoder)
    identity.require_read_or_admin()
    path = path_hashes(sent.proof_path)
    leaf = hash_field(sent.leaf_hash, "leaf_hash")
    root = hash_field(sent.merkle_root, "merkle_root")
    valid = verify_inclusion(leaf, sent.leaf_index, path, root)
    return answer(VerifyResponse(valid, sent.leaf_hash, sent.merkle_root))


ROUTES = [get_proof, verify_proof]
