"""STARK compliance proofs, version 2: byte-compatible with the original's prover and verifier.

Pure computation. The names below are those of the original's Python bindings; `ves_stark.verifier`
and `ves_stark.prover.prove` hold the proof system itself. What such a proof shows, and what it does
not, is in README.md: read it first. Version 2 does not hide the amount.
"""

from __future__ import annotations

from ves_stark.binding import create_payload_amount_binding
from ves_stark.canonical import compute_policy_hash
from ves_stark.errors import (
    InputsError,
    InvalidProofError,
    MalformedProofError,
    ProvingError,
    StarkError,
    UnacceptedOptionsError,
)
from ves_stark.inputs import CompliancePublicInputs
from ves_stark.policy import Policy
from ves_stark.surface import (
    ComplianceProof,
    VerificationResult,
    prove,
    verify,
    verify_agent_authorization,
    verify_agent_authorization_with_amount_binding,
    verify_with_amount_binding,
)
from ves_stark.version import PROOF_TYPE, PROOF_VERSION

__all__ = [
    "PROOF_TYPE",
    "PROOF_VERSION",
    "ComplianceProof",
    "CompliancePublicInputs",
    "InputsError",
    "InvalidProofError",
    "MalformedProofError",
    "Policy",
    "ProvingError",
    "StarkError",
    "UnacceptedOptionsError",
    "VerificationResult",
    "compute_policy_hash",
    "create_payload_amount_binding",
    "prove",
    "verify",
    "verify_agent_authorization",
    "verify_agent_authorization_with_amount_binding",
    "verify_with_amount_binding",
]
