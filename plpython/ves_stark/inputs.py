"""Public inputs of a proof and the hashes of them (STARK 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from struct import unpack
from typing import Any

from ves.proofs import witness_commitment, witness_limbs
from ves_stark import fields
from ves_stark.canonical import compute_policy_hash, exact_hash
from ves_stark.errors import InputsError
from ves_stark.field import P
from ves_stark.layout import Statement
from ves_stark.policy import Policy

COMMITMENT_LIMBS = 4
_HASHES = ("payload_plain_hash", "payload_cipher_hash", "event_signing_hash")
_OPTIONAL = {
    "witness_commitment": "witnessCommitment",
    "authorization_receipt_hash": "authorizationReceiptHash",
    "amount_binding_hash": "amountBindingHash",
}
_MEMBERS = {
    "event_id": "eventId",
    "tenant_id": "tenantId",
    "store_id": "storeId",
    "sequence_number": "sequenceNumber",
    "payload_kind": "payloadKind",
    "payload_plain_hash": "payloadPlainHash",
    "payload_cipher_hash": "payloadCipherHash",
    "event_signing_hash": "eventSigningHash",
    "policy_id": "policyId",
    "policy_params": "policyParams",
    "policy_hash": "policyHash",
}


def _u32_words(data: bytes) -> tuple[int, ...]:
    return unpack(f"<{len(data) // 4}I", data)


def limbs_of(commitment: Any) -> tuple[int, ...]:
    """Four u64 limbs, checked. Raises InputsError."""
    if not isinstance(commitment, Sequence) or len(commitment) != COMMITMENT_LIMBS:
        count = len(commitment) if isinstance(commitment, Sequence) else 0
        message = f"Witness commitment must have exactly 4 elements, got {count}"
        raise InputsError("invalid_witness_commitment", message)
    return tuple(fields.unsigned(limb, "witness commitment element") for limb in commitment)


def commitment_hex(limbs: Sequence[int]) -> str:
    """Hex form of a commitment: four big-endian limbs (STARK 4)."""
    return witness_commitment(list(limbs)).hex()


def commitment_limbs(text: Any) -> tuple[int, ...]:
    """The limbs of the hex form. Raises InputsError."""
    return tuple(witness_limbs(bytes.fromhex(fields.hex64(text, "witnessCommitment"))))


@dataclass
class CompliancePublicInputs:
    """Public inputs that a proof is bound to. UUIDs and hashes are text; `check` validates them."""

    event_id: str
    tenant_id: str
    store_id: str
    sequence_number: int
    payload_kind: int
    payload_plain_hash: str
    payload_cipher_hash: str
    event_signing_hash: str
    policy_id: str
    policy_params: dict[str, Any]
    policy_hash: str
    witness_commitment: str | None = field(default=None)
    authorization_receipt_hash: str | None = field(default=None)
    amount_binding_hash: str | None = field(default=None)

    @staticmethod
    def from_json(value: Any) -> CompliancePublicInputs:
        """Inputs of a JSON object; unknown members are ignored. Raises InputsError."""
        known = {name: fields.member(value, wire) for name, wire in _MEMBERS.items()}
        optional = {name: value.get(wire) for name, wire in _OPTIONAL.items()}
        inputs = CompliancePublicInputs(**known, **optional)
        inputs.check()
        return inputs

    def to_json(self) -> dict[str, Any]:
        """The JSON object: 11 members and those of the optional three that are set."""
        result = {wire: getattr(self, name) for name, wire in _MEMBERS.items()}
        for name in ("event_id", "tenant_id", "store_id"):
            result[_MEMBERS[name]] = str(fields.uuid(getattr(self, name), _MEMBERS[name]))
        optional = {wire: getattr(self, name) for name, wire in _OPTIONAL.items()}
        return result | {wire: value for wire, value in optional.items() if value is not None}

    def check(self) -> None:
        """Raise InputsError unless every member is well formed (STARK 5)."""
        self.elements()
        fields.text(self.policy_id, "policyId")
        if not isinstance(self.policy_params, dict):
            raise InputsError("invalid_policy_params", "policyParams must be an object")
        for name, wire in _OPTIONAL.items():
            if getattr(self, name) is not None:
                fields.hex64(getattr(self, name), wire)

    def elements(self) -> tuple[int, ...]:
        """The 47 elements of the statement: 32-bit little-endian words (STARK 5)."""
        ids = [
            fields.uuid(getattr(self, name), _MEMBERS[name]).bytes
            for name in ("event_id", "tenant_id", "store_id")
        ]
        hashes = [
            bytes.fromhex(fields.hex64(getattr(self, name), _MEMBERS[name]))
            for name in (*_HASHES, "policy_hash")
        ]
        sequence = fields.unsigned(self.sequence_number, "sequenceNumber")
        kind = fields.unsigned(self.payload_kind, "payloadKind", fields.U32_END)
        numbers = sequence % fields.U32_END, sequence // fields.U32_END, kind
        return _u32_words(b"".join(ids)) + numbers + _u32_words(b"".join(hashes))

    def hash_canonical(self) -> str:
        """Hash without the witness commitment, other optional members kept (hex)."""
        return exact_hash(replace(self, witness_commitment=None).to_json())

    def hash_full(self) -> str:
        """Hash of all present members (hex)."""
        return exact_hash(self.to_json())

    def hash_bound(self) -> str:
        """The full hash; raises InputsError when the witness commitment is missing."""
        if self.witness_commitment is None:
            raise InputsError("missing_field", "missing field witnessCommitment")
        return self.hash_full()

    def bind_commitment(self, limbs: Sequence[int]) -> CompliancePublicInputs:
        """A copy bound to a witness commitment. Raises InputsError when another one is set."""
        digits = commitment_hex(limbs)
        if self.witness_commitment not in {None, digits}:
            message = "Failed to bind witness commitment: the public inputs hold another one"
            raise InputsError("commitment_mismatch", message)
        return replace(self, witness_commitment=digits)

    def policy(self) -> Policy:
        """The policy that the inputs name. Raises InputsError when id, parameters or hash disagree."""
        if compute_policy_hash(self.policy_id, self.policy_params) != self.policy_hash:
            message = "policyHash is not the hash of policyId and policyParams"
            raise InputsError("policy_hash_mismatch", message)
        return Policy.of(self.policy_id, self.policy_params)

    def statement(self, limbs: Sequence[int]) -> Statement:
        """Return the statement of a proof for these inputs and the commitment `limbs`. Raises InputsError.

        Non-canonical limbs are refused: c and c + P would encode the same element.
        """
        if max(limbs) >= P:
            message = "a witness commitment element is not canonical"
            raise InputsError("invalid_witness_commitment", message)
        return Statement(self.policy().effective_limit, self.elements(), tuple(limbs))
