"""Verification of compliance proofs in the proof registries, shared by REST and SQL (STARK 15, 16; VES 13).

For a plaintext payload the committed amount must equal its top-level member ``amount``, a JSON number that is
an integer from 0 to 2^64-1. Otherwise any submitter could prove the amount 0 for any event.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from ves import json_decode
from ves.proofs import witness_limbs
from ves_stark import strength
from ves_stark.errors import InputsError, StarkError
from ves_stark.fields import U64_END
from ves_stark.inputs import CompliancePublicInputs
from ves_stark.options import BY_BYTES, PRESETS
from ves_stark.policy import AGENT_BUDGET
from ves_stark.rescue import commitment
from ves_stark.verifier import verify_proof

BOUND = "bound"
MISMATCH = "mismatch"
NO_AMOUNT = "no_amount_in_payload"
NOT_APPLICABLE = "not_applicable"
NOT_CHECKABLE = "not_checkable_by_server"
_OPTIONS = slice(15, 23)
_NAMES = {options: name for name, options in PRESETS.items()}


def is_stark(proof_type: str) -> bool:
    """Whether a proof type names a STARK (VES 12)."""
    return proof_type.lower().startswith("stark")


class Binding(NamedTuple):
    """Result of comparing the committed amount with the event: one of the states of this module."""

    state: str

    @property
    def holds(self) -> bool | None:
        """True, false, or None when nothing was compared."""
        return {BOUND: True, MISMATCH: False}.get(self.state)


def strength_of(options: bytes | None, binding: str) -> dict[str, Any] | None:
    """Return the strength of a stored proof with these option bytes as JSON; None if it is not a STARK."""
    known = BY_BYTES.get(options or b"")
    if known is None:
        return None
    bound = {"preset": _NAMES[known], "amount_bound": Binding(binding).holds}
    return bound | strength.facts(known)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`error` None: verified, or of a type without a verifier. `reason` is a short stable word."""

    error: str | None
    reason: str | None
    amount_binding: str
    options: bytes | None

    def strength_json(self) -> str | None:
        """The strength as JSON text."""
        facts = strength_of(self.options, self.amount_binding)
        return None if facts is None else json.dumps(facts)


def payload_amount(payload: str) -> int | None:
    """The amount of a plaintext payload, or None when it has none that a proof could commit to."""
    try:
        value = json_decode.loads(payload)
    except (ValueError, RecursionError):
        return None
    amount = value.get("amount") if isinstance(value, dict) else None
    if isinstance(amount, float) and amount.is_integer():
        amount = int(amount)  # 5000.0 and 5000 are the same signed payload
    return amount if type(amount) is int and 0 <= amount < U64_END else None


def amount_binding(policy_id: str, witness: bytes, payload: str | None) -> str:
    """Return the binding state of the committed amount; `payload` is None if it is encrypted.

    The budget policy proves a running total, which no single payload contains.
    """
    if policy_id == AGENT_BUDGET:
        return NOT_APPLICABLE
    if payload is None:
        return NOT_CHECKABLE
    amount = payload_amount(payload)
    if amount is None:
        return NO_AMOUNT
    return BOUND if commitment(amount) == witness_limbs(witness) else MISMATCH


def _inputs(text: str) -> CompliancePublicInputs:
    try:
        return CompliancePublicInputs.from_json(json_decode.loads(text))
    except (ValueError, RecursionError) as error:
        if isinstance(error, StarkError):
            raise
        raise InputsError("malformed_json", "the public inputs are not acceptable JSON") from None


def judge(
    proof_type: str, proof: bytes, public_inputs: str, witness: bytes | None, payload: str | None
) -> Judgement:
    """Verify a proof for canonical public inputs (JSON text); never raises for client input."""
    if not is_stark(proof_type):
        return Judgement(None, None, NOT_APPLICABLE, None)
    binding, options = NOT_APPLICABLE, None
    try:
        inputs = _inputs(public_inputs)
        if witness is None:
            raise InputsError("missing_field", "a STARK proof needs a witness commitment")
        binding = amount_binding(inputs.policy_id, witness, payload)
        options = proof[_OPTIONS] if proof[_OPTIONS] in BY_BYTES else None
        verify_proof(proof, inputs.statement(witness_limbs(witness)))
    except StarkError as error:
        return Judgement(error.message, error.reason, binding, options)
    if binding == MISMATCH:
        message = "the committed amount is not the payload's amount"
        return Judgement(message, "amount_mismatch", binding, options)
    return Judgement(None, None, binding, options)


def stated(
    proof_type: str, proof: bytes, policy_id: str, witness: bytes | None, payload: str | None
) -> Judgement:
    """Return the judgement of a proof that is stored without verification."""
    if not is_stark(proof_type) or witness is None:
        return Judgement(None, None, NOT_APPLICABLE, None)
    options = proof[_OPTIONS] if proof[_OPTIONS] in BY_BYTES else None
    return Judgement(None, None, amount_binding(policy_id, witness, payload), options)
