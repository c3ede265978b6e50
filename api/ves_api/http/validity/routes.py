"""`/api/v1/ves/validity` (http-api 5.1, VES 12). Proofs are stored and hashed; a batch STARK is not verified."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, get, post
from litestar.response.base import ASGIResponse

from ves.digests import at_rest_validity_aad, validity_proof_hash
from ves_api.gateway import registries as gateway
from ves_api.http.decode import path_uuid, read_struct
from ves_api.http.docs.operation import BATCH_PATH, PROOF_PATH, Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.http.proof_fields import checked_proof, require_same_inputs
from ves_api.http.validity.wire import (
    ValidityDetail,
    ValidityInputsAnswer,
    ValidityList,
    ValiditySubmission,
    ValiditySummary,
    ValidityVerification,
    identifying_fields,
    summary_fields,
)
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    from ves_api.auth.identity import Identity, Right

_TAG = "Validity proofs"
_READ = "read, and the commitment's stream in scope"
_submission_decoder = msgspec.json.Decoder(ValiditySubmission)

_INPUTS = Operation(
    summary="What a validity proof of this commitment is bound to",
    tag=_TAG,
    needs=_READ,
    response=ValidityInputsAnswer,
    parameters=(BATCH_PATH,),
    errors=("commitment_not_found",),
)
_SUBMIT = Operation(
    summary="Store a validity proof, unverified; the same proof again answers the stored record",
    tag=_TAG,
    needs="admin, and the commitment's stream in scope",
    request=ValiditySubmission,
    response=ValiditySummary,
    parameters=(BATCH_PATH,),
    errors=("commitment_not_found", "invalid_field", "proof_conflict"),
)
_LIST = Operation(
    summary="List the validity proofs of a commitment, oldest first",
    tag=_TAG,
    needs=_READ,
    response=ValidityList,
    parameters=(BATCH_PATH,),
    errors=("commitment_not_found",),
)
_GET = Operation(
    summary="Get one validity proof with its bytes",
    tag=_TAG,
    needs=_READ,
    response=ValidityDetail,
    parameters=(PROOF_PATH,),
    errors=("proof_not_found",),
)
_VERIFY = Operation(
    summary="Check hash and public inputs of a stored validity proof; one that fails is still a 200",
    tag=_TAG,
    needs=_READ,
    response=ValidityVerification,
    parameters=(PROOF_PATH,),
    errors=("proof_not_found",),
)


async def _batch(
    request: Request[Any, Any, Any], identity: Identity, batch_id: uuid.UUID, permission: Right
) -> gateway.ValidityInputs:
    """The commitment's inputs, searched in the caller's tenant and in the caller's scope."""
    identity.require(permission)
    inputs = await gateway.get_validity_inputs(services_of(request).reads, identity.search_tenant, batch_id)
    identity.require_scope(inputs.tenant_id, inputs.store_id)
    return inputs


async def _proof(request: Request[Any, Any, Any], proof_id: str) -> gateway.ValidityProof:
    """The proof, for a caller who may read its stream."""
    identity = await identify(request)
    wanted = path_uuid(proof_id, "proof_id")
    identity.require("read")
    proof = await gateway.get_validity_proof(services_of(request).reads, identity.search_tenant, wanted)
    identity.require_scope(proof.tenant_id, proof.store_id)
    return proof


@get("/api/v1/ves/validity/{batch_id:str}/inputs", opt=operation_opt(_INPUTS))
async def get_inputs(request: Request[Any, Any, Any], batch_id: str) -> ASGIResponse:
    """The canonical public inputs."""
    identity = await identify(request)
    wanted = path_uuid(batch_id, "batch_id")
    inputs = await _batch(request, identity, wanted, "read")
    raw = msgspec.Raw(inputs.public_inputs.encode())
    return answer(ValidityInputsAnswer(wanted, raw, inputs.public_inputs_hash.hex()))


@post("/api/v1/ves/validity/{batch_id:str}/proofs", opt=operation_opt(_SUBMIT))
async def submit_proof(request: Request[Any, Any, Any], batch_id: str) -> ASGIResponse:
    """Store a proof of a commitment."""
    identity = await identify(request)
    sent = await read_struct(request, _submission_decoder)
    wanted = path_uuid(batch_id, "batch_id")
    inputs = await _batch(request, identity, wanted, "admin")
    kind, version, proof = checked_proof(sent.proof_type, sent.proof_version, sent.proof_b64)
    require_same_inputs(sent.public_inputs, inputs.public_inputs.encode())
    services = services_of(request)
    new_id, digest = uuid.uuid4(), validity_proof_hash(proof)
    sealed, key_id = services.at_rest.seal_proof(
        inputs.tenant_id,
        proof,
        lambda: at_rest_validity_aad(
            inputs.tenant_id, inputs.store_id, wanted, new_id, version, kind, digest
        ),
    )
    new = gateway.NewValidityProof(kind, version, new_id, sealed, key_id, digest)
    stored = await gateway.submit_validity_proof(services.database, inputs.tenant_id, wanted, new)
    return answer(ValiditySummary(**summary_fields(stored)))


@get("/api/v1/ves/validity/{batch_id:str}/proofs", opt=operation_opt(_LIST))
async def list_proofs(request: Request[Any, Any, Any], batch_id: str) -> ASGIResponse:
    """The proofs of a commitment."""
    identity = await identify(request)
    wanted = path_uuid(batch_id, "batch_id")
    inputs = await _batch(request, identity, wanted, "read")
    found = await gateway.list_validity_proofs(services_of(request).database, inputs.tenant_id, wanted)
    listed = [ValiditySummary(**summary_fields(proof)) for proof in found]
    return answer(ValidityList(wanted, listed, len(listed)))


@get("/api/v1/ves/validity/proofs/{proof_id:str}", opt=operation_opt(_GET))
async def get_proof(request: Request[Any, Any, Any], proof_id: str) -> ASGIResponse:
    """One proof with its bytes."""
    proof = await _proof(request, proof_id)
    encoded = base64.b64encode(services_of(request).at_rest.validity_proof(proof)).decode()
    return answer(ValidityDetail(**summary_fields(proof), proof_b64=encoded))


@get("/api/v1/ves/validity/proofs/{proof_id:str}/verify", opt=operation_opt(_VERIFY))
async def verify_proof(request: Request[Any, Any, Any], proof_id: str) -> ASGIResponse:
    """The verdict on a stored proof."""
    proof = await _proof(request, proof_id)
    database = services_of(request).database
    found = validity_proof_hash(services_of(request).at_rest.validity_proof(proof))
    verdict = await gateway.verify_validity_proof(database, proof, found)
    inputs = await gateway.get_validity_inputs(services_of(request).reads, proof.tenant_id, proof.batch_id)
    return answer(
        ValidityVerification(
            **identifying_fields(proof),
            proof_hash_match=verdict.proof_hash_match,
            public_inputs_hash=proof.public_inputs_hash.hex(),
            canonical_public_inputs_hash=inputs.public_inputs_hash.hex(),
            public_inputs_match=verdict.public_inputs_match,
            stark_valid=None,
            stark_error=verdict.stark_error,
            stark_verification_time_ms=None,
            valid=verdict.valid,
            reason=verdict.reason,
        )
    )


ROUTES = [get_inputs, submit_proof, list_proofs, get_proof, verify_proof]
