"""Validity proofs of commitments (http-api 5.1, VES 12). Proofs are stored and hashed; a batch STARK is not verified."""

from __future__ import annotations

import base64
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ves.digests import at_rest_validity_aad, validity_proof_hash
from ves_api.auth.permission import where_found
from ves_api.operations.answers import answer
from ves_api.operations.commitments import CommitmentById
from ves_api.operations.kit import LARGE_BODY_BYTES, Area, Context, only
from ves_api.operations.parameters import BatchId, Parameters, ProofById
from ves_api.operations.proof_fields import ABSENT, ProofVersion, checked_proof, require_same_inputs
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_edge.gen.records import GetValidityInputsRow, ValidityProof

T = TypeVar("T", bound="ValiditySummary")
operation = Area("Validity proofs").operation
_STREAM = "the commitment's stream"
_READ = where_found("read", _STREAM)


class ValiditySubmission(msgspec.Struct, rename="camel"):
    """A proof of at most 2 MiB in base64."""

    proof_type: str
    proof_b64: str = msgspec.field(name="proofB64")
    proof_version: ProofVersion = 1
    public_inputs: msgspec.Raw = msgspec.field(default_factory=lambda: ABSENT)


class ValidityInputsAnswer(msgspec.Struct):
    """The 15 canonical public inputs of a commitment and their hash."""

    batch_id: uuid.UUID
    public_inputs: msgspec.Raw
    public_inputs_hash: str


class ValiditySummary(msgspec.Struct):
    """A stored proof."""

    proof_id: uuid.UUID
    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    proof_type: str
    proof_version: int
    proof_hash: str
    public_inputs: msgspec.Raw
    submitted_at: str


class ValidityDetail(ValiditySummary):
    """A stored proof with its bytes in standard base64."""

    proof_b64: str


class ValidityList(msgspec.Struct):
    """The proofs of a commitment, oldest first."""

    batch_id: uuid.UUID
    proofs: list[ValiditySummary]
    count: int


class ValidityVerification(msgspec.Struct):
    """The verdict on a stored proof. A batch STARK is never verified: reason `stark_unsupported`."""

    proof_id: uuid.UUID
    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    proof_type: str
    proof_version: int
    proof_hash: str
    proof_hash_match: bool
    public_inputs_hash: str | None
    canonical_public_inputs_hash: str
    public_inputs_match: bool
    stark_valid: bool | None
    stark_error: str | None
    stark_verification_time_ms: int | None
    valid: bool
    reason: str | None


def summary(kind: type[T], proof: ValidityProof, **members: Any) -> T:
    """A stored proof as an answer with the members of `ValiditySummary`."""
    return answer(kind, proof, public_inputs=msgspec.Raw(proof.public_inputs.encode()), **members)


class SubmitValidityProof(Parameters, kw_only=True, frozen=True):
    """A proof of a commitment."""

    batch_id: BatchId
    body: ValiditySubmission


async def _inputs(context: Context, tenant_id: uuid.UUID, batch_id: uuid.UUID) -> GetValidityInputsRow:
    """The canonical inputs of a commitment in the caller's scope."""
    rows = await aio.get_validity_inputs(context.reads, tenant_id=tenant_id, batch_id=batch_id)
    return context.in_scope(only(rows, "commitment_not_found", batch_id))


async def _proof(context: Context, given: ProofById) -> ValidityProof:
    """A proof of a commitment in the caller's scope."""
    rows = await aio.get_validity_proof(
        context.reads, tenant_id=context.tenant_id, proof_id=given.proof_id, decrypt=False
    )
    return context.in_scope(only(rows, "proof_not_found", given.proof_id))


@operation(permission=_READ, errors=("commitment_not_found",))
async def get_validity_inputs(context: Context, given: CommitmentById) -> ValidityInputsAnswer:
    """Get the public inputs that a validity proof of this commitment is bound to."""
    inputs = await _inputs(context, context.tenant_id, given.batch_id)
    raw = msgspec.Raw(inputs.public_inputs.encode())
    return ValidityInputsAnswer(given.batch_id, raw, inputs.public_inputs_hash.hex())


@operation(
    permission=where_found("admin", _STREAM),
    errors=("commitment_not_found", "invalid_field", "proof_conflict"),
    body_bytes=LARGE_BODY_BYTES,
)
async def submit_validity_proof(context: Context, given: SubmitValidityProof) -> ValiditySummary:
    """Store a validity proof, unverified; the same proof again answers the stored record."""
    sent, batch_id = given.body, given.batch_id
    inputs = await _inputs(context, context.tenant_id, batch_id)
    kind, version, proof = checked_proof(sent.proof_type, sent.proof_version, sent.proof_b64)
    require_same_inputs(sent.public_inputs, inputs.public_inputs.encode())
    new_id, digest = uuid.uuid4(), validity_proof_hash(proof)
    sealed, key_id = context.services.at_rest.seal_proof(
        inputs.tenant_id,
        proof,
        lambda: at_rest_validity_aad(
            inputs.tenant_id, inputs.store_id, batch_id, new_id, version, kind, digest
        ),
    )
    stored = await aio.submit_validity_proof(
        context.database,
        tenant_id=inputs.tenant_id,
        batch_id=batch_id,
        proof_type=kind,
        proof_version=version,
        proof=sealed,
        proof_id=new_id,
        proof_key_id=key_id,
        proof_hash=digest,
    )
    return summary(ValiditySummary, stored)


@operation(permission=_READ, errors=("commitment_not_found",))
async def list_validity_proofs(context: Context, given: CommitmentById) -> ValidityList:
    """List the validity proofs of a commitment, oldest first."""
    inputs = await _inputs(context, context.tenant_id, given.batch_id)
    found = await aio.list_validity_proofs(
        context.database, tenant_id=inputs.tenant_id, batch_id=given.batch_id
    )
    listed = await context.each(partial(summary, ValiditySummary), found)
    return ValidityList(given.batch_id, listed, len(listed))


@operation(permission=_READ, errors=("proof_not_found",))
async def get_validity_proof(context: Context, given: ProofById) -> ValidityDetail:
    """Get one validity proof with its bytes."""
    proof = await _proof(context, given)
    encoded = base64.b64encode(context.services.at_rest.validity_proof(proof)).decode()
    return summary(ValidityDetail, proof, proof_b64=encoded)


@operation(permission=_READ, errors=("proof_not_found",))
async def verify_validity_proof(context: Context, given: ProofById) -> ValidityVerification:
    """Check hash and public inputs of a stored validity proof; one that fails is still a 200."""
    proof = await _proof(context, given)
    verdict = await aio.verify_validity_proof(
        context.database,
        proof_id=proof.proof_id,
        tenant_id=proof.tenant_id,
        found_hash=validity_proof_hash(context.services.at_rest.validity_proof(proof)),
    )
    inputs = await _inputs(context, proof.tenant_id, proof.batch_id)
    return answer(
        ValidityVerification,
        proof,
        proof_hash_match=verdict.proof_hash_match,
        canonical_public_inputs_hash=inputs.public_inputs_hash.hex(),
        public_inputs_match=verdict.public_inputs_match,
        stark_valid=None,
        stark_error=verdict.stark_error,
        stark_verification_time_ms=None,
        valid=verdict.valid,
        reason=verdict.reason,
    )
