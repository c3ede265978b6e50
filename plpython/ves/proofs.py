"""Canonical public inputs and witness commitments of proofs (VES 12, 13)."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from ves.canonical import plain
from ves.codec import U64_MAX
from ves.errors import ProtocolError

LIMBS = 4
_LIMB_BYTES = 8


def compliance_inputs(
    *,
    event_id: UUID,
    tenant_id: UUID,
    store_id: UUID,
    sequence_number: int,
    payload_kind: int,
    payload_plain_hash: bytes,
    payload_cipher_hash: bytes,
    event_signing_hash: bytes,
    policy_id: str,
    policy_params: Any,
    policy_hash: bytes,
) -> dict[str, Any]:
    """The 11 canonical public inputs of an event's compliance proof (VES 13)."""
    return {
        "eventId": str(event_id),
        "tenantId": str(tenant_id),
        "storeId": str(store_id),
        "sequenceNumber": sequence_number,
        "payloadKind": payload_kind,
        "payloadPlainHash": payload_plain_hash.hex(),
        "payloadCipherHash": payload_cipher_hash.hex(),
        "eventSigningHash": event_signing_hash.hex(),
        "policyId": policy_id,
        "policyParams": policy_params,
        "policyHash": policy_hash.hex(),
    }


def inputs_hash(inputs: bytes) -> bytes:
    """`public_inputs_hash` of canonical public inputs as JSON text (VES 12, 13). Raises ProtocolError."""
    return sha256(plain(inputs)).digest()


def witness_commitment(limbs: list[int]) -> bytes:
    """The 32 bytes of four u64 limbs, each big-endian (VES 13)."""
    if len(limbs) != LIMBS or any(not 0 <= limb <= U64_MAX for limb in limbs):
        raise ProtocolError("invalid_witness_commitment", "expected four 64-bit numbers")
    return b"".join(limb.to_bytes(_LIMB_BYTES, "big") for limb in limbs)


def witness_limbs(commitment: bytes) -> list[int]:
    """The inverse of `witness_commitment`."""
    if len(commitment) != LIMBS * _LIMB_BYTES:
        raise ProtocolError("invalid_witness_commitment", "expected 32 bytes")
    return [
        int.from_bytes(commitment[at : at + _LIMB_BYTES], "big")
        for at in range(0, len(commitment), _LIMB_BYTES)
    ]
