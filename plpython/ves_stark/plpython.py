"""PL/Python adapter of `ves_stark.registry`."""

from __future__ import annotations

from typing import NamedTuple

from ves.plpython_functions import sql_function
from ves_stark.registry import judge


class Verdict(NamedTuple):
    """Result of the verification of a compliance proof."""

    error: str | None
    reason: str | None
    amount_binding: str
    options: bytes | None
    strength: str | None


@sql_function("immutable called on null input parallel safe cost 50000")
def judge_compliance_proof(
    proof_type: str, proof: bytes, public_inputs: str, witness_commitment: bytes | None, payload: str | None
) -> Verdict:
    """Verify a compliance proof for an event: the STARK, if proof_type names one, and the committed amount (VES 13).

    error is null if it verifies or its type has no verifier; options are the eight option bytes of a STARK; strength is
    JSON. The amount is compared with a plaintext payload.
    """
    found = judge(proof_type, proof, public_inputs, witness_commitment, payload)
    return Verdict(found.error, found.reason, found.amount_binding, found.options, found.strength_json())
