"""The JSON bundle: a proof with all data needed to verify it (STARK 17).

It contains the amount in cleartext, in ``amountBinding``.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

from ves import json_decode
from ves.digests import compliance_proof_hash
from ves_stark import binding, fields, layout, receipt
from ves_stark.canonical import AUTHORIZATION_BUNDLE_DOMAIN, BUNDLE_DOMAIN, exact_hash
from ves_stark.errors import InputsError
from ves_stark.inputs import CompliancePublicInputs, commitment_hex, limbs_of
from ves_stark.surface import (
    ComplianceProof,
    VerificationResult,
    verify_agent_authorization_with_amount_binding,
    verify_with_amount_binding,
)
from ves_stark.version import PROOF_TYPE, PROOF_VERSION, VERSION

BUNDLE_VERSION = 1
AUTHORIZATION_BUNDLE_VERSION = 2
_NUMBERS = ("proving_time_ms", "num_constraints", "trace_length", "proof_size")


def parse_json(text: str, what: str) -> Any:
    """The value of JSON text. Raises InputsError."""
    try:
        return json_decode.loads(text)
    except (ValueError, RecursionError):
        raise InputsError("malformed_json", f"{what} is not acceptable JSON") from None


def decode_base64(text: Any, what: str) -> bytes:
    """Decode padded standard base64, canonical encoding only. Raises InputsError."""
    try:
        data = base64.b64decode(fields.text(text, what), validate=True)
    except (ValueError, binascii.Error):
        raise InputsError("invalid_base64", f"{what} is not standard base64") from None
    if base64.b64encode(data).decode() != text:
        raise InputsError("invalid_base64", f"{what} is not standard base64")
    return data


def _domain(bundle: dict[str, Any]) -> bytes:
    return AUTHORIZATION_BUNDLE_DOMAIN if "receipt" in bundle else BUNDLE_DOMAIN


def make_bundle(
    proof: ComplianceProof,
    public_inputs: CompliancePublicInputs,
    amount_binding: dict[str, Any],
    authorization: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The bundle of a proof, members in the original's order. Raises InputsError when parts disagree.

    With `authorization` (a receipt) it is an agent authorization bundle.
    """
    if authorization is None:
        version, bound = BUNDLE_VERSION, binding.bind_amount(public_inputs, amount_binding)
    else:
        version = AUTHORIZATION_BUNDLE_VERSION
        bound = receipt.bind_receipt(public_inputs, amount_binding, authorization)
    numbers = (
        proof.proving_time_ms,
        layout.TRANSITION_CONSTRAINTS,
        layout.ROWS,
        proof.proof_size,
    )
    bundle = {
        "version": version,
        "proofType": PROOF_TYPE,
        "proofVersion": PROOF_VERSION,
        "proofB64": base64.b64encode(proof.proof_bytes).decode(),
        "proofHash": proof.proof_hash,
        "metadata": dict(zip(_NUMBERS, numbers, strict=True)) | {"prover_version": VERSION},
        "witnessCommitment": list(proof.witness_commitment),
        "witnessCommitmentHex": proof.witness_commitment_hex,
        "publicInputs": bound.to_json(),
        "publicInputsHash": bound.hash_canonical(),
        "boundPublicInputsHash": bound.hash_bound(),
        "amountBinding": binding.normalize(amount_binding),
    }
    if authorization is not None:
        bundle["receipt"] = receipt.normalize(authorization)
    return bundle | {"bundleHash": exact_hash(bundle, _domain(bundle))}


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle with consistent parts; the proof itself is not verified yet."""

    proof_bytes: bytes
    public_inputs: CompliancePublicInputs
    amount_binding: dict[str, Any]
    receipt: dict[str, Any] | None
    commitment_hex: str
    bundle_hash: str

    def verify(self) -> VerificationResult:
        """Verify the proof. Errors as in `ves_stark.verify`."""
        if self.receipt is None:
            return verify_with_amount_binding(self.proof_bytes, self.public_inputs, self.amount_binding)
        return verify_agent_authorization_with_amount_binding(
            self.proof_bytes, self.public_inputs, self.amount_binding, self.receipt
        )


def is_bundle(value: Any) -> bool:
    """Whether a JSON value has the shape of a bundle."""
    return isinstance(value, dict) and {"bundleHash", "publicInputs", "amountBinding"} <= value.keys()


def _demand(expected: object, value: dict[str, Any], name: str) -> None:
    if fields.member(value, name) != expected:
        raise InputsError("bundle_mismatch", f"{name} of the bundle is not {expected}")


def _metadata(value: dict[str, Any], size: int) -> dict[str, Any]:
    source = fields.member(value, "metadata")
    metadata: dict[str, Any] = {name: fields.unsigned(fields.member(source, name), name) for name in _NUMBERS}
    metadata["prover_version"] = fields.text(fields.member(source, "prover_version"), "prover_version")
    _demand(size, metadata, "proof_size")
    return metadata


def _bind(value: dict[str, Any], proof: bytes) -> Bundle:
    """Return the bundle after the consistency checks of its parts."""
    inputs = CompliancePublicInputs.from_json(fields.member(value, "publicInputs"))
    amount_binding = binding.normalize(fields.member(value, "amountBinding"))
    authorization = None
    if "receipt" in value:
        authorization = receipt.normalize(value["receipt"])
        bound = receipt.bind_receipt(inputs, amount_binding, authorization)
    else:
        bound = binding.bind_amount(inputs, amount_binding)
    if bound != inputs:
        raise InputsError("bundle_mismatch", "publicInputs of the bundle are not bound to its amount")
    inputs.policy()
    digits = commitment_hex(limbs_of(fields.member(value, "witnessCommitment")))
    if digits != inputs.witness_commitment:
        raise InputsError("bundle_mismatch", "witnessCommitment of the bundle is not that of publicInputs")
    _demand(digits, value, "witnessCommitmentHex")
    fields.hex64(fields.member(value, "bundleHash"), "bundleHash")
    return Bundle(proof, inputs, amount_binding, authorization, digits, value["bundleHash"])


def check_bundle(value: Any) -> Bundle:
    """The parts of a bundle. Raises InputsError unless every hash in it matches (STARK 17)."""
    fields.member(value, "publicInputs")
    version = AUTHORIZATION_BUNDLE_VERSION if "receipt" in value else BUNDLE_VERSION
    for name, expected in (("version", version), ("proofType", PROOF_TYPE), ("proofVersion", PROOF_VERSION)):
        _demand(expected, value, name)
    proof = decode_base64(fields.member(value, "proofB64"), "proofB64")
    _demand(compliance_proof_hash(proof).hex(), value, "proofHash")
    metadata = _metadata(value, len(proof))
    parts = _bind(value, proof)
    _demand(parts.public_inputs.hash_canonical(), value, "publicInputsHash")
    _demand(parts.public_inputs.hash_bound(), value, "boundPublicInputsHash")
    plain = ("version", "proofType", "proofVersion", "proofB64", "proofHash", "witnessCommitment")
    hashed = {name: value[name] for name in (*plain, "witnessCommitmentHex")}
    hashed |= {name: value[name] for name in ("publicInputsHash", "boundPublicInputsHash")}
    hashed["metadata"] = metadata
    hashed["publicInputs"] = parts.public_inputs.to_json()
    hashed["amountBinding"] = parts.amount_binding
    if parts.receipt is not None:
        hashed["receipt"] = parts.receipt
    _demand(exact_hash(hashed, _domain(hashed)), value, "bundleHash")
    return parts
