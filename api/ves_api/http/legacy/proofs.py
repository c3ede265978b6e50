"""`/api/v1/proofs` (http-api 4.4, 4.5, VES 17.3)."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.response.base import ASGIResponse

from ves.legacy import verify_path
from ves_api.gateway.legacy import get_inclusion_proof
from ves_api.http.decode import Query, path_number, read_struct
from ves_api.http.docs.operation import (
    BATCH_QUERY,
    SEQUENCE_PATH,
    STORE,
    TENANT,
    Operation,
    operation_opt,
)
from ves_api.http.encode import answer
from ves_api.http.legacy.reads import require_stream
from ves_api.operations.proofs import hash_field, path_hashes
from ves_api.services import identify, services_of

_TAG = "Legacy"


class LegacyProofResponse(msgspec.Struct):
    """An inclusion proof; `directions[i]` is true when the running hash is the left input of step i."""

    sequence_number: int
    batch_id: uuid.UUID
    events_root: str
    leaf_hash: str
    leaf_index: int
    proof_path: list[str]
    directions: list[bool]


class LegacyVerifyRequest(msgspec.Struct):
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


_GET = Operation(
    summary="Prove that a legacy event is in a commitment",
    tag=_TAG,
    needs="read, and the stream in scope",
    response=LegacyProofResponse,
    parameters=(SEQUENCE_PATH, TENANT, STORE, BATCH_QUERY),
    errors=("commitment_not_found", "commitment_access_denied", "sequence_outside_commitment"),
)
_VERIFY = Operation(
    summary="Check a legacy inclusion proof; one that skips levels is recognised by its length",
    tag=_TAG,
    needs="read or admin",
    request=LegacyVerifyRequest,
    response=LegacyVerifyResponse,
    errors=("invalid_field",),
)
_verify_decoder = msgspec.json.Decoder(LegacyVerifyRequest)


@get("/api/v1/proofs/{sequence_number:str}", opt=operation_opt(_GET))
async def get_legacy_proof(request: Request[Any, Any, Any], sequence_number: str) -> ASGIResponse:
    """The path from one event to the root of its commitment."""
    query = Query(request)
    stream = await require_stream(request, query)
    number = path_number(sequence_number, "sequence_number")
    batch_id = query.required_uuid("batch_id")
    proof = await get_inclusion_proof(services_of(request).reads, stream, number, batch_id)
    return answer(
        LegacyProofResponse(
            sequence_number=proof.sequence_number,
            batch_id=proof.batch_id,
            events_root=proof.merkle_root.hex(),
            leaf_hash=proof.leaf_hash.hex(),
            leaf_index=proof.leaf_index,
            proof_path=[node.hex() for node in proof.proof_path],
            directions=proof.directions,
        )
    )


@post("/api/v1/proofs/verify", opt=operation_opt(_VERIFY))
async def verify_legacy_proof(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Pure computation: no data of any tenant is read."""
    identity = await identify(request)
    sent = await read_struct(request, _verify_decoder)
    identity.require_read_or_admin()
    path = path_hashes(sent.proof_path)
    leaf, root = hash_field(sent.leaf_hash, "leaf_hash"), hash_field(sent.events_root, "events_root")
    valid = verify_path(leaf, sent.leaf_index, path, root)
    return answer(LegacyVerifyResponse(valid, sent.leaf_hash, sent.events_root))


ROUTES = [get_legacy_proof, verify_legacy_proof]
