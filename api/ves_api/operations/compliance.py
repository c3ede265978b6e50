"""Compliance proofs of events (http-api 5.2, VES 13)."""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec

from ves_api.auth.permission import where_found
from ves_api.operations import compliance_check
from ves_api.operations.compliance_wire import (
    NO_PARAMS,
    ComplianceDetail,
    ComplianceInputs,
    ComplianceInputsRequest,
    ComplianceList,
    ComplianceSubmission,
    ComplianceSummary,
    ComplianceVerification,
    summary,
)
from ves_api.operations.kit import LARGE_BODY_BYTES, Area, Context, only
from ves_api.operations.parameters import EventId, Parameters, ProofById, sent_text
from ves_edge.gen import aio

if TYPE_CHECKING:
    import uuid
    from collections.abc import Hashable
    from contextlib import AbstractAsyncContextManager

    from ves_api.services import Services
    from ves_edge.gen.records import ComplianceProof, GetComplianceEventRow

operation = Area("Compliance proofs").operation
_STREAM = "the event's stream"
_READ = where_found("read", _STREAM)


class EventById(Parameters, kw_only=True, frozen=True):
    """One event."""

    event_id: EventId


class InputsInQuery(EventById, kw_only=True, frozen=True):
    """One event and a policy."""

    policy_id: Annotated[str, sent_text("The policy, 1 to 64 bytes.")] = msgspec.field(name="policyId")
    policy_params: Annotated[str, sent_text("The policy's parameters as JSON text.")] = msgspec.field(
        default="", name="policyParams"
    )


class InputsInBody(EventById, kw_only=True, frozen=True):
    """One event and a policy."""

    body: ComplianceInputsRequest


class SubmitComplianceProof(EventById, kw_only=True, frozen=True):
    """A proof of one event."""

    body: ComplianceSubmission


def _slot(services: Services, key: Hashable) -> AbstractAsyncContextManager[None]:
    """Submissions and verifications run one after the other, so that they do not delay ingest."""
    return services.verifier.slot(key)


async def _event(context: Context, tenant_id: uuid.UUID, event_id: uuid.UUID) -> GetComplianceEventRow:
    """An event in the caller's scope."""
    rows = await aio.get_compliance_event(context.database, tenant_id=tenant_id, event_id=event_id)
    return context.in_scope(only(rows, "event_not_found", event_id))


async def _proof(context: Context, given: ProofById) -> ComplianceProof:
    """A proof of an event in the caller's scope."""
    rows = await aio.get_compliance_proof(
        context.reads, tenant_id=context.tenant_id, proof_id=given.proof_id, decrypt=False
    )
    return context.in_scope(only(rows, "proof_not_found", given.proof_id))


async def _inputs(
    context: Context, event_id: uuid.UUID, policy_id: str, params: msgspec.Raw
) -> ComplianceInputs:
    event = await _event(context, context.tenant_id, event_id)
    bound = compliance_check.canonical(event, policy_id, params)
    return ComplianceInputs(event.event_id, msgspec.Raw(bound.inputs), bound.inputs_hash.hex())


@operation(permission=_READ, errors=("event_not_found", "invalid_field"))
async def get_compliance_inputs(context: Context, given: InputsInQuery) -> ComplianceInputs:
    """Get the public inputs that a proof of this event under a policy is bound to; the policy in the query.

    Its parameters are JSON text.
    """
    text = given.policy_params.encode()
    return await _inputs(context, given.event_id, given.policy_id, msgspec.Raw(text) if text else NO_PARAMS)


@operation(permission=_READ, errors=("event_not_found", "invalid_field"))
async def post_compliance_inputs(context: Context, given: InputsInBody) -> ComplianceInputs:
    """Get the public inputs that a proof of this event under a policy is bound to; the policy in the body."""
    return await _inputs(context, given.event_id, given.body.policy_id, given.body.policy_params)


@operation(
    permission=where_found("write", _STREAM),
    errors=("event_not_found", "invalid_field", "invalid_proof", "proof_conflict"),
    slot=_slot,
    body_bytes=LARGE_BODY_BYTES,
)
async def submit_compliance_proof(context: Context, given: SubmitComplianceProof) -> ComplianceSummary:
    """Submit a proof; a STARK is verified first, the same proof again answers the stored record.

    A proof that does not verify is not stored.
    """
    event = await _event(context, context.tenant_id, given.event_id)
    checked = await compliance_check.check(context.services, event, given.body)
    stored = await aio.store_compliance_proof(
        context.database, tenant_id=event.tenant_id, event_id=event.event_id, **checked
    )
    return summary(ComplianceSummary, stored)


@operation(permission=_READ, errors=("event_not_found",))
async def list_compliance_proofs(context: Context, given: EventById) -> ComplianceList:
    """List the proofs of an event, oldest first."""
    event = await _event(context, context.tenant_id, given.event_id)
    found = await aio.list_compliance_proofs(
        context.database, tenant_id=event.tenant_id, event_id=event.event_id
    )
    listed = await context.each(partial(summary, ComplianceSummary), found)
    return ComplianceList(event.event_id, listed, len(listed))


@operation(permission=_READ, errors=("proof_not_found",))
async def get_compliance_proof(context: Context, given: ProofById) -> ComplianceDetail:
    """Get one proof with its bytes, which disclose the amount."""
    proof = await _proof(context, given)
    encoded = base64.b64encode(context.services.at_rest.compliance_proof(proof)).decode()
    return summary(ComplianceDetail, proof, proof_b64=encoded)


@operation(permission=_READ, errors=("proof_not_found",), slot=_slot)
async def verify_compliance_proof(context: Context, given: ProofById) -> ComplianceVerification:
    """Verify a stored proof against the stored event; a proof that fails is still a 200."""
    proof = await _proof(context, given)
    event = await _event(context, proof.tenant_id, proof.event_id)
    return await compliance_check.verify(context.services, event, proof)
