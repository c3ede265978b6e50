"""`/api/v1/ves/compliance` (http-api 5.2, VES 13)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, get, post
from litestar.response.base import ASGIResponse

from ves_api.gateway import registries as gateway
from ves_api.http.compliance import service
from ves_api.http.compliance.wire import (
    NO_PARAMS,
    ComplianceDetail,
    ComplianceInputs,
    ComplianceInputsRequest,
    ComplianceList,
    ComplianceSubmission,
    ComplianceSummary,
    ComplianceVerification,
    summary_fields,
)
from ves_api.http.decode import Query, decode_struct, path_uuid, read_body, read_struct
from ves_api.http.docs.operation import (
    EVENT_PATH,
    POLICY_PARAMS_QUERY,
    POLICY_QUERY,
    PROOF_PATH,
    Operation,
    operation_opt,
)
from ves_api.http.encode import answer
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    from ves_api.auth.identity import Identity

_TAG = "Compliance proofs"
_READ = "read, and the event's stream in scope"
_inputs_decoder = msgspec.json.Decoder(ComplianceInputsRequest)
_submission_decoder = msgspec.json.Decoder(ComplianceSubmission)

_GET_INPUTS = Operation(
    summary="What a proof of this event under a policy is bound to; the policy in the query",
    tag=_TAG,
    needs=_READ,
    response=ComplianceInputs,
    parameters=(EVENT_PATH, POLICY_QUERY, POLICY_PARAMS_QUERY),
    errors=("event_not_found", "invalid_field"),
)
_POST_INPUTS = Operation(
    summary="What a proof of this event under a policy is bound to; the policy in the body",
    tag=_TAG,
    needs=_READ,
    request=ComplianceInputsRequest,
    response=ComplianceInputs,
    parameters=(EVENT_PATH,),
    errors=("event_not_found", "invalid_field"),
)
_SUBMIT = Operation(
    summary="Submit a proof; a STARK is verified first, the same proof again answers the stored record",
    tag=_TAG,
    needs="write, and the event's stream in scope",
    request=ComplianceSubmission,
    response=ComplianceSummary,
    parameters=(EVENT_PATH,),
    errors=("event_not_found", "invalid_field", "invalid_proof", "proof_conflict"),
)
_LIST = Operation(
    summary="List the proofs of an event, oldest first",
    tag=_TAG,
    needs=_READ,
    response=ComplianceList,
    parameters=(EVENT_PATH,),
    errors=("event_not_found",),
)
_GET = Operation(
    summary="Get one proof with its bytes; they give the amount away",
    tag=_TAG,
    needs=_READ,
    response=ComplianceDetail,
    parameters=(PROOF_PATH,),
    errors=("proof_not_found",),
)
_VERIFY = Operation(
    summary="Verify a stored proof against the stored event; a proof that fails is still a 200",
    tag=_TAG,
    needs=_READ,
    response=ComplianceVerification,
    parameters=(PROOF_PATH,),
    errors=("proof_not_found",),
)


async def _event(
    request: Request[Any, Any, Any], identity: Identity, event_id: str
) -> gateway.ComplianceEvent:
    """The event, searched in the caller's tenant and in the caller's scope."""
    wanted = path_uuid(event_id, "event_id")
    event = await gateway.get_compliance_event(services_of(request).database, identity.search_tenant, wanted)
    identity.require_scope(event.tenant_id, event.store_id)
    return event


async def _proof(request: Request[Any, Any, Any], proof_id: str) -> gateway.ComplianceProof:
    """The proof, for a caller who may read its stream."""
    identity = await identify(request)
    wanted = path_uuid(proof_id, "proof_id")
    identity.require("read")
    proof = await gateway.get_compliance_proof(services_of(request).reads, identity.search_tenant, wanted)
    identity.require_scope(proof.tenant_id, proof.store_id)
    return proof


async def _inputs(
    request: Request[Any, Any, Any], identity: Identity, event_id: str, wanted: ComplianceInputsRequest
) -> ASGIResponse:
    identity.require("read")
    event = await _event(request, identity, event_id)
    bound = service.canonical(event, wanted.policy_id, wanted.policy_params)
    return answer(ComplianceInputs(event.event_id, msgspec.Raw(bound.inputs), bound.inputs_hash.hex()))


@get("/api/v1/ves/compliance/{event_id:str}/inputs", opt=operation_opt(_GET_INPUTS))
async def get_inputs(request: Request[Any, Any, Any], event_id: str) -> ASGIResponse:
    """The canonical public inputs; the policy is in the query, its parameters as JSON text."""
    identity = await identify(request)
    query = Query(request)
    params = query.text("policyParams", "").strip().encode()
    wanted = ComplianceInputsRequest(query.text("policyId"), msgspec.Raw(params) if params else NO_PARAMS)
    return await _inputs(request, identity, event_id, wanted)


@post("/api/v1/ves/compliance/{event_id:str}/inputs", opt=operation_opt(_POST_INPUTS))
async def post_inputs(request: Request[Any, Any, Any], event_id: str) -> ASGIResponse:
    """The canonical public inputs; the policy is in the body."""
    identity = await identify(request)
    wanted = await read_struct(request, _inputs_decoder)
    return await _inputs(request, identity, event_id, wanted)


@post("/api/v1/ves/compliance/{event_id:str}/proofs", opt=operation_opt(_SUBMIT))
async def submit_proof(request: Request[Any, Any, Any], event_id: str) -> ASGIResponse:
    """Verify and store; what does not verify is not stored."""
    services = services_of(request)
    async with services.verifier.turn():
        identity = await identify(request)
    body = await read_body(request)  # without a turn: how fast it comes is the client's choice
    async with services.verifier.turn():
        sent = decode_struct(body, _submission_decoder)
        identity.require("write")
        event = await _event(request, identity, event_id)
        checked = await service.check(services, event, sent)
        stored = await gateway.store_compliance_proof(services.database, event, checked)
    return answer(ComplianceSummary(**summary_fields(stored)))


@get("/api/v1/ves/compliance/{event_id:str}/proofs", opt=operation_opt(_LIST))
async def list_proofs(request: Request[Any, Any, Any], event_id: str) -> ASGIResponse:
    """The proofs of an event."""
    identity = await identify(request)
    identity.require("read")
    event = await _event(request, identity, event_id)
    found = await gateway.list_compliance_proofs(services_of(request).database, event)
    listed = [ComplianceSummary(**summary_fields(proof)) for proof in found]
    return answer(ComplianceList(event.event_id, listed, len(listed)))


@get("/api/v1/ves/compliance/proofs/{proof_id:str}", opt=operation_opt(_GET))
async def get_proof(request: Request[Any, Any, Any], proof_id: str) -> ASGIResponse:
    """One proof with its bytes."""
    proof = await _proof(request, proof_id)
    encoded = base64.b64encode(services_of(request).at_rest.compliance_proof(proof)).decode()
    return answer(ComplianceDetail(**summary_fields(proof), proof_b64=encoded))


@get("/api/v1/ves/compliance/proofs/{proof_id:str}/verify", opt=operation_opt(_VERIFY))
async def verify_proof(request: Request[Any, Any, Any], proof_id: str) -> ASGIResponse:
    """The verdict on a stored proof."""
    services = services_of(request)
    async with services.verifier.turn():
        proof = await _proof(request, proof_id)
        event = await gateway.get_compliance_event(services.database, proof.tenant_id, proof.event_id)
        return answer(await service.verify(services, event, proof))


ROUTES = [get_inputs, post_inputs, submit_proof, list_proofs, get_proof, verify_proof]
