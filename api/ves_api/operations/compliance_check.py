"""A compliance proof from members to verdict: canonical inputs, hashes, verification (VES 13)."""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from ves.canonical import plain
from ves.digests import at_rest_compliance_aad, compliance_proof_hash, policy_hash
from ves.errors import ProtocolError
from ves.proofs import compliance_inputs, inputs_hash
from ves_api.operations.answers import answer
from ves_api.operations.compliance_wire import (
    NO_PARAMS,
    ComplianceSubmission,
    ComplianceVerification,
    witness_fields,
)
from ves_api.operations.fields import invalid
from ves_api.operations.proof_fields import (
    PARAMS_BYTES,
    checked_proof,
    checked_witness,
    policy_name,
    require_same_inputs,
)
from ves_api.verifier.child import Question, Verdict
from ves_edge.errors import ApiError
from ves_stark.registry import is_stark, stated, strength_of

if TYPE_CHECKING:
    from ves_api.services import Services
    from ves_edge.gen.records import ComplianceProof, GetComplianceEventRow

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Canonical:
    """The canonical inputs of a proof of one event under one policy; `params` and `inputs` are JSON texts."""

    policy_id: str
    params: str
    policy_hash: bytes
    inputs: bytes
    inputs_hash: bytes


def canonical(event: GetComplianceEventRow, policy_id: str, params: msgspec.Raw) -> Canonical:
    """The canonical inputs, hashed from the parameters' text as received. Raises invalid_field."""
    raw = bytes(params)
    if len(raw) > PARAMS_BYTES:
        raise invalid("policyParams", f"must have at most {PARAMS_BYTES} bytes")
    if raw == b"null":
        raw = bytes(NO_PARAMS)
    name = policy_name(policy_id)
    try:
        text = raw.decode()
        digest = policy_hash(name, raw)
        inputs = _inputs(event, name, raw, digest)
        return Canonical(name, text, digest, inputs, inputs_hash(inputs))
    except (ProtocolError, UnicodeError):
        raise invalid("policyParams", "are not acceptable JSON") from None


def _inputs(event: GetComplianceEventRow, policy_id: str, params: bytes, digest: bytes) -> bytes:
    return _encode(
        compliance_inputs(
            event_id=event.event_id,
            tenant_id=event.tenant_id,
            store_id=event.store_id,
            sequence_number=event.sequence_number,
            payload_kind=event.payload_kind,
            payload_plain_hash=event.payload_plain_hash,
            payload_cipher_hash=event.payload_cipher_hash,
            event_signing_hash=event.event_signing_hash,
            policy_id=policy_id,
            policy_params=msgspec.Raw(params),
            policy_hash=digest,
        )
    )


async def check(
    services: Services, event: GetComplianceEventRow, sent: ComplianceSubmission
) -> dict[str, Any]:
    """A checked proof as the parameters of `store_compliance_proof`. Raises invalid_field, invalid_proof or overloaded.

    `verified` False: a STARK that was not verified, None: of a type that cannot be verified.
    """
    kind, version, proof = checked_proof(sent.proof_type, sent.proof_version, sent.proof_b64)
    bound = canonical(event, sent.policy_id, sent.policy_params)
    witness = checked_witness(sent.witness_commitment)
    if witness is None and is_stark(kind):
        raise invalid("witnessCommitment", "is required for a STARK proof")
    require_same_inputs(sent.public_inputs, bound.inputs)
    payload = services.at_rest.event_payload(event)
    verified = services.settings.stark_verify_on_submit if is_stark(kind) else None
    if verified and witness is not None:
        verdict = await _judge(services, kind, proof, bound.inputs, witness, payload)
        if verdict.error is not None:
            raise ApiError(
                "invalid_proof",
                f"Invalid STARK proof: {verdict.error}",
                details={"reason": verdict.reason, "amount_binding": verdict.amount_binding},
            )
        options = None if verdict.options is None else bytes.fromhex(verdict.options)
        binding = verdict.amount_binding
    else:
        judged = stated(kind, proof, bound.policy_id, witness, payload)
        options, binding = judged.options, judged.amount_binding
    new_id, digest = uuid.uuid4(), compliance_proof_hash(proof)
    sealed, key_id = services.at_rest.seal_proof(
        event.tenant_id,
        proof,
        lambda: at_rest_compliance_aad(
            event.tenant_id,
            event.store_id,
            event.event_id,
            new_id,
            bound.policy_hash,
            version,
            kind,
            digest,
        ),
    )
    return {
        "proof_type": kind,
        "proof_version": version,
        "policy_id": bound.policy_id,
        "policy_params": bound.params,
        "policy_hash": bound.policy_hash,
        "proof_id": new_id,
        "proof": sealed,
        "proof_key_id": key_id,
        "proof_hash": digest,
        "public_inputs_hash": bound.inputs_hash,
        "witness_commitment": witness,
        "proof_options": options,
        "amount_binding": binding,
        "verified": verified,
    }


async def _judge(
    services: Services, kind: str, proof: bytes, inputs: bytes, witness: bytes, payload: str | None
) -> Verdict:
    return await services.verifier.judge(
        Question(
            proof_type=kind,
            proof=base64.b64encode(proof).decode(),
            public_inputs=inputs.decode(),
            witness=witness.hex(),
            payload=payload,
        )
    )


async def verify(
    services: Services, event: GetComplianceEventRow, stored: ComplianceProof
) -> ComplianceVerification:
    """The verdict on a stored proof; hashes and inputs are computed again from what is stored."""
    proof = services.at_rest.compliance_proof(stored)
    bound = canonical(event, stored.policy_id, msgspec.Raw(stored.policy_params.encode()))
    stored_inputs = stored.public_inputs.encode()
    hash_match = compliance_proof_hash(proof) == stored.proof_hash
    policy_match = bound.policy_hash == stored.policy_hash
    inputs_match = plain(stored_inputs) == plain(bound.inputs)
    verdict = None
    if is_stark(stored.proof_type) and stored.witness_commitment is not None:
        verdict = await _verdict(services, event, stored, proof, bound.inputs)
    reason = None
    if not hash_match:
        reason = "proof_hash_mismatch"
    elif not policy_match:
        reason = "policy_hash_mismatch"
    elif not inputs_match:
        reason = "public_inputs_mismatch"
    elif verdict is not None and verdict.error is not None:
        reason = "stark_invalid"
    binding = stored.amount_binding if verdict is None else verdict.amount_binding
    return answer(
        ComplianceVerification,
        stored,
        **witness_fields(stored.witness_commitment),
        proof_hash_match=hash_match,
        public_inputs_hash=inputs_hash(stored_inputs).hex(),
        canonical_public_inputs_hash=bound.inputs_hash.hex(),
        public_inputs_match=inputs_match,
        stark_valid=None if verdict is None else verdict.error is None,
        stark_error=None if verdict is None else verdict.error,
        stark_verification_time_ms=None if verdict is None else verdict.milliseconds,
        valid=reason is None,
        reason=reason,
        amount_binding=binding,
        strength=strength_of(stored.proof_options, binding),
    )


async def _verdict(
    services: Services, event: GetComplianceEventRow, stored: ComplianceProof, proof: bytes, inputs: bytes
) -> Verdict:
    """A verification that runs out of time is a verdict here, not a refusal (http-api 5.2)."""
    try:
        return await _judge(
            services,
            stored.proof_type,
            proof,
            inputs,
            stored.witness_commitment or b"",
            services.at_rest.event_payload(event),
        )
    except ApiError as error:
        if error.name != "invalid_proof":
            raise
        return Verdict(error.message, "timeout", stored.amount_binding, None, 0)
