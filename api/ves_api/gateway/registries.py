"""The registries of compliance and validity proofs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.errors import ApiError

if TYPE_CHECKING:
    import datetime as dt
    import uuid

    from ves_api.gateway.database import Database
    from ves_api.gateway.reads import Reads


@dataclass(frozen=True, slots=True)
class ComplianceEvent:
    """What a proof of an event is bound to (VES 13); `payload` is JSON text, None when it is encrypted.

    `payload_at_rest` holds it encrypted under the key of that id (VES 16); both are None otherwise.
    """

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    event_id: uuid.UUID
    sequence_number: int
    payload_kind: int
    payload_plain_hash: bytes
    payload_cipher_hash: bytes
    event_signing_hash: bytes
    payload: str | None
    payload_at_rest: bytes | None
    payload_key_id: bytes | None


@dataclass(frozen=True, slots=True)
class CheckedProof:
    """A compliance proof that the edge has checked; `policy_params` is the text received.

    `proof` is a blob when `proof_key_id` is not None (VES 16); it is bound to the fresh `proof_id`.
    `verified` False: a STARK that was not verified, None: of a type that nobody verifies.
    """

    proof_type: str
    proof_version: int
    policy_id: str
    policy_params: str
    policy_hash: bytes
    proof_id: uuid.UUID
    proof: bytes
    proof_key_id: bytes | None
    proof_hash: bytes
    public_inputs_hash: bytes
    witness_commitment: bytes | None
    proof_options: bytes | None
    amount_binding: str
    verified: bool | None


@dataclass(frozen=True, slots=True)
class ComplianceProof:
    """A stored compliance proof; JSON members are texts, `proof` is None in lists and after submitting."""

    proof_id: uuid.UUID
    event_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    proof_type: str
    proof_version: int
    policy_id: str
    policy_params: str
    policy_hash: bytes
    proof_hash: bytes
    public_inputs: str
    public_inputs_hash: bytes
    witness_commitment: bytes | None
    proof_options: bytes | None
    amount_binding: str
    submitted_at: dt.datetime
    proof: bytes | None
    proof_key_id: bytes | None


@dataclass(frozen=True, slots=True)
class ValidityInputs:
    """Canonical public inputs of a commitment (VES 12), as JSON text, and their hash."""

    tenant_id: uuid.UUID
    store_id: uuid.UUID
    public_inputs: str
    public_inputs_hash: bytes


@dataclass(frozen=True, slots=True)
class ValidityProof:
    """A stored validity proof; `proof` is None in lists and after submitting."""

    proof_id: uuid.UUID
    batch_id: uuid.UUID
    tenant_id: uuid.UUID
    store_id: uuid.UUID
    proof_type: str
    proof_version: int
    proof_hash: bytes
    public_inputs: str
    public_inputs_hash: bytes
    submitted_at: dt.datetime
    proof: bytes | None
    proof_key_id: bytes | None


@dataclass(frozen=True, slots=True)
class NewValidityProof:
    """A proof as it is to be stored: a blob when `proof_key_id` is not None (VES 16), bound to the fresh `proof_id`."""

    proof_type: str
    proof_version: int
    proof_id: uuid.UUID
    proof: bytes
    proof_key_id: bytes | None
    proof_hash: bytes


@dataclass(frozen=True, slots=True)
class ValidityVerdict:
    """What the engine found; `stark_error` says that a batch STARK is never verified."""

    proof_hash_match: bool
    public_inputs_match: bool
    stark_error: str | None
    valid: bool
    reason: str | None


async def get_compliance_event(
    database: Database, tenant_id: uuid.UUID, event_id: uuid.UUID
) -> ComplianceEvent:
    """The event, searched in one tenant (nil: in all). Raises event_not_found."""
    row = await database.fetch_one(
        "get_compliance_event", {"tenant_id": tenant_id, "event_id": event_id}, idempotent=True
    )
    if row is None:
        raise ApiError("event_not_found", resource_id=str(event_id))
    return ComplianceEvent(*row)


async def store_compliance_proof(
    database: Database, event: ComplianceEvent, checked: CheckedProof
) -> ComplianceProof:
    """Store a checked proof; the same again answers the stored one. Raises proof_conflict."""
    columns = {name: getattr(checked, name) for name in CheckedProof.__slots__}
    row = await database.fetch_one(
        "store_compliance_proof",
        {"tenant_id": event.tenant_id, "event_id": event.event_id, **columns},
        idempotent=True,
    )
    if row is None:
        raise ApiError("internal_error")
    return ComplianceProof(*row)


async def list_compliance_proofs(database: Database, event: ComplianceEvent) -> list[ComplianceProof]:
    """The proofs of an event, oldest first."""
    parameters = {"tenant_id": event.tenant_id, "event_id": event.event_id}
    rows = await database.fetch("list_compliance_proofs", parameters, idempotent=True)
    return [ComplianceProof(*row) for row in rows]


async def get_compliance_proof(reads: Reads, tenant_id: uuid.UUID, proof_id: uuid.UUID) -> ComplianceProof:
    """One proof, searched in one tenant (nil: in all). Raises proof_not_found."""
    row = await reads.fetch_one("get_compliance_proof", {"tenant_id": tenant_id, "proof_id": proof_id})
    if row is None:
        raise ApiError("proof_not_found", resource_id=str(proof_id))
    return ComplianceProof(*row)


async def get_validity_inputs(reads: Reads, tenant_id: uuid.UUID, batch_id: uuid.UUID) -> ValidityInputs:
    """The inputs of a commitment, searched in one tenant (nil: in all). Raises commitment_not_found."""
    row = await reads.fetch_one("get_validity_inputs", {"tenant_id": tenant_id, "batch_id": batch_id})
    if row is None:
        raise ApiError("commitment_not_found", resource_id=str(batch_id))
    return ValidityInputs(*row)


async def submit_validity_proof(
    database: Database, tenant_id: uuid.UUID, batch_id: uuid.UUID, new: NewValidityProof
) -> ValidityProof:
    """Store a proof; the same again answers the stored one. Raises proof_conflict."""
    columns = {name: getattr(new, name) for name in NewValidityProof.__slots__}
    row = await database.fetch_one(
        "submit_validity_proof",
        {"tenant_id": tenant_id, "batch_id": batch_id, **columns},
        idempotent=True,
    )
    if row is None:
        raise ApiError("internal_error")
    return ValidityProof(*row)


async def list_validity_proofs(
    database: Database, tenant_id: uuid.UUID, batch_id: uuid.UUID
) -> list[ValidityProof]:
    """The proofs of a commitment, oldest first."""
    parameters = {"tenant_id": tenant_id, "batch_id": batch_id}
    rows = await database.fetch("list_validity_proofs", parameters, idempotent=True)
    return [ValidityProof(*row) for row in rows]


async def get_validity_proof(reads: Reads, tenant_id: uuid.UUID, proof_id: uuid.UUID) -> ValidityProof:
    """One proof, searched in one tenant (nil: in all). Raises proof_not_found."""
    row = await reads.fetch_one("get_validity_proof", {"tenant_id": tenant_id, "proof_id": proof_id})
    if row is None:
        raise ApiError("proof_not_found", resource_id=str(proof_id))
    return ValidityProof(*row)


async def verify_validity_proof(
    database: Database, proof: ValidityProof, found_hash: bytes
) -> ValidityVerdict:
    """The engine's verdict on a stored proof whose bytes have the hash `found_hash`."""
    row = await database.fetch_one(
        "verify_validity_proof",
        {"proof_id": proof.proof_id, "tenant_id": proof.tenant_id, "found_hash": found_hash},
        idempotent=True,
    )
    if row is None:
        raise ApiError("internal_error")
    return ValidityVerdict(*row)
