"""Compliance proofs on the wire (http-api 5.2): snake_case around camelCase public inputs, hashes in bare hex."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ves.codec import U64_MAX
from ves.proofs import witness_limbs
from ves_api.operations.answers import answer
from ves_api.operations.proof_fields import ABSENT, Limbs, ProofVersion
from ves_stark.registry import strength_of

if TYPE_CHECKING:
    from ves_edge.gen.records import ComplianceProof

T = TypeVar("T", bound="ComplianceSummary")
NO_PARAMS = msgspec.Raw(b"{}")


class ComplianceInputsRequest(msgspec.Struct, rename="camel"):
    """A policy: id of 1 to 64 bytes and any JSON as its parameters."""

    policy_id: str
    policy_params: msgspec.Raw = msgspec.field(default_factory=lambda: NO_PARAMS)


class ComplianceSubmission(msgspec.Struct, rename="camel"):
    """A proof of at most 2 MiB in base64; a type that starts with `stark` needs a witness commitment."""

    proof_type: str
    policy_id: str
    proof_b64: str = msgspec.field(name="proofB64")
    proof_version: ProofVersion = 1
    policy_params: msgspec.Raw = msgspec.field(default_factory=lambda: NO_PARAMS)
    witness_commitment: str | Limbs | None = None
    public_inputs: msgspec.Raw = msgspec.field(default_factory=lambda: ABSENT)

    def __post_init__(self) -> None:
        """Raise ValueError for a limb beyond 64 bits."""
        if isinstance(self.witness_commitment, list) and max(self.witness_commitment) > U64_MAX:
            raise ValueError("Beyond 64 bits: `witnessCommitment`")


class ComplianceInputs(msgspec.Struct):
    """The 11 canonical public inputs of an event and a policy, and their hash."""

    event_id: uuid.UUID
    public_inputs: msgspec.Raw
    public_inputs_hash: str


class ComplianceSummary(msgspec.Struct):
    """A stored proof. `strength` says what it is worth and is null for types that we cannot verify."""

    proof_id: uuid.UUID
    event_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    proof_type: str
    proof_version: int
    policy_id: str
    policy_params: msgspec.Raw
    policy_hash: str
    proof_hash: str
    witness_commitment: list[int] | None
    witness_commitment_hex: str | None
    public_inputs: msgspec.Raw
    submitted_at: str
    amount_binding: str
    strength: dict[str, Any] | None


class ComplianceDetail(ComplianceSummary):
    """A stored proof with its bytes in standard base64."""

    proof_b64: str


class ComplianceList(msgspec.Struct):
    """The proofs of an event, oldest first."""

    event_id: uuid.UUID
    proofs: list[ComplianceSummary]
    count: int


class ComplianceVerification(msgspec.Struct):
    """The verdict on a stored proof; `stark_*` are null for types that we cannot verify."""

    proof_id: uuid.UUID
    event_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    proof_type: str
    proof_version: int
    policy_id: str
    policy_hash: str
    witness_commitment: list[int] | None
    witness_commitment_hex: str | None
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
    amount_binding: str
    strength: dict[str, Any] | None


def witness_fields(witness: bytes | None) -> dict[str, Any]:
    """Both forms of a witness commitment."""
    return {
        "witness_commitment": None if witness is None else witness_limbs(witness),
        "witness_commitment_hex": None if witness is None else witness.hex(),
    }


def summary(kind: type[T], proof: ComplianceProof, **members: Any) -> T:
    """A stored proof as an answer with the members of `ComplianceSummary`."""
    return answer(
        kind,
        proof,
        **witness_fields(proof.witness_commitment),
        policy_params=msgspec.Raw(proof.policy_params.encode()),
        public_inputs=msgspec.Raw(proof.public_inputs.encode()),
        strength=strength_of(proof.proof_options, proof.amount_binding),
        **members,
    )
