"""Validity proofs on the wire (http-api 5.1): snake_case around camelCase public inputs, hashes in bare hex."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from ves_api.operations.answers import answer
from ves_api.operations.proof_fields import ABSENT, ProofVersion

if TYPE_CHECKING:
    from ves_edge.gen.records import ValidityProof

T = TypeVar("T", bound="ValiditySummary")


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
