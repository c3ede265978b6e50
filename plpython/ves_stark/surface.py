"""The functions of the module `ves_stark`, with the names and errors of the original's bindings (STARK 17)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter_ns
from typing import Any

from ves.digests import compliance_proof_hash
from ves_stark import binding as amounts
from ves_stark import fields
from ves_stark.canonical import compute_policy_hash
from ves_stark.errors import InputsError, InvalidProofError, ProvingError
from ves_stark.inputs import CompliancePublicInputs, commitment_hex, limbs_of
from ves_stark.options import DEFAULT, Options
from ves_stark.policy import Policy
from ves_stark.receipt import bind_receipt
from ves_stark.rescue import commitment
from ves_stark.verifier import verify_proof

# Clock in nanoseconds, for reported durations only.
Clock = Callable[[], int]
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class ComplianceProof:
    """A proof with the values that must accompany it."""

    proof_bytes: bytes
    proof_hash: str
    proving_time_ms: int
    proof_size: int
    witness_commitment: list[int]
    witness_commitment_hex: str


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """Result of a verification; truthy when valid. `policy_limit` is the limit stated in the policy."""

    valid: bool
    verification_time_ms: int
    error: str | None
    policy_id: str
    policy_limit: int

    def __bool__(self) -> bool:
        return self.valid


def _check_policy(amount: int, inputs: CompliancePublicInputs, policy: Policy) -> None:
    """Raise ProvingError when policy and inputs disagree or the amount violates the policy."""
    if compute_policy_hash(inputs.policy_id, inputs.policy_params) != inputs.policy_hash:
        raise ProvingError("policy_hash_mismatch", "policyHash is not the hash of policyId and policyParams")
    try:
        stated = Policy.of(inputs.policy_id, inputs.policy_params)
    except InputsError as error:
        raise ProvingError(error.reason, error.message) from error
    if stated != policy:
        raise ProvingError("policy_mismatch", f"the public inputs name {stated}, not {policy}")
    if not policy.is_portable:
        message = f"limit {policy.limit} has two canonical forms above 2^53; the sequencer would refuse it"
        raise ProvingError("limit_not_portable", message)
    if not policy.allows(amount):
        message = (
            f"Amount ({amount}) must be {policy.comparison} limit ({policy.limit}) for {policy.policy_id}"
        )
        raise ProvingError("amount_violates_policy", f"{message} policy")


def prove(
    amount: int,
    public_inputs: CompliancePublicInputs,
    policy: Policy,
    *,
    options: Options = DEFAULT,
    clock: Clock = perf_counter_ns,
) -> ComplianceProof:
    """Prove that `amount` (u64) meets `policy` for the event of the inputs.

    Raises InputsError (a ValueError) for malformed inputs and ProvingError (a RuntimeError) when the
    amount violates the policy or policy and inputs disagree. Needs NumPy.
    """
    start = clock()
    fields.unsigned(amount, "amount")
    public_inputs.check()
    _check_policy(amount, public_inputs, policy)
    try:
        amounts.bind_amount(public_inputs, amounts.create_payload_amount_binding(public_inputs, amount))
    except InputsError as error:
        raise ProvingError(error.reason, error.message) from error
    limbs = commitment(amount)
    # Lazy import: only proving needs NumPy, verifying does not.
    prover = import_module("ves_stark.prover.prove")
    data: bytes = prover.prove_statement(amount, public_inputs.statement(limbs), options)
    elapsed = (clock() - start) // _NS_PER_MS
    digest = compliance_proof_hash(data).hex()
    return ComplianceProof(data, digest, elapsed, len(data), limbs, commitment_hex(limbs))


def _verify_bound(
    proof_bytes: bytes, inputs: CompliancePublicInputs, limbs: Sequence[int], clock: Clock
) -> VerificationResult:
    start = clock()
    inputs.check()
    policy = inputs.policy()
    statement = inputs.statement(limbs)
    problem = None
    try:
        verify_proof(proof_bytes, statement)
    except InvalidProofError as error:
        problem = error.message
    elapsed = (clock() - start) // _NS_PER_MS
    return VerificationResult(problem is None, elapsed, problem, policy.policy_id, policy.limit)


def verify(
    proof_bytes: bytes,
    public_inputs: CompliancePublicInputs,
    witness_commitment: Sequence[int],
    *,
    clock: Clock = perf_counter_ns,
) -> VerificationResult:
    """Verify a proof for the inputs and a commitment (4 integers).

    A proof that fails is a result with `valid` false. Malformed inputs or proofs, unaccepted
    options and policy or commitment mismatches raise a StarkError that is also a ValueError.
    """
    limbs = limbs_of(witness_commitment)
    return _verify_bound(proof_bytes, public_inputs.bind_commitment(limbs), limbs, clock)


def verify_with_amount_binding(
    proof_bytes: bytes,
    public_inputs: CompliancePublicInputs,
    amount_binding: dict[str, Any],
    *,
    clock: Clock = perf_counter_ns,
) -> VerificationResult:
    """Verify a proof for the amount that a payload amount binding states. Errors as in `verify`."""
    bound = amounts.bind_amount(public_inputs, amount_binding)
    return _verify_bound(proof_bytes, bound, commitment(amount_binding["amount"]), clock)


def verify_agent_authorization(
    proof_bytes: bytes,
    public_inputs: CompliancePublicInputs,
    witness_commitment: Sequence[int],
    receipt: dict[str, Any],
    *,
    clock: Clock = perf_counter_ns,
) -> VerificationResult:
    """Verify an ``agent.authorization.v1`` proof against its authorization receipt."""
    bound = public_inputs.bind_commitment(limbs_of(witness_commitment))
    amount = fields.unsigned(fields.member(receipt, "amount"), "amount")
    amount_binding = amounts.create_payload_amount_binding(public_inputs, amount)
    return verify_agent_authorization_with_amount_binding(
        proof_bytes, bound, amount_binding, receipt, clock=clock
    )


def verify_agent_authorization_with_amount_binding(
    proof_bytes: bytes,
    public_inputs: CompliancePublicInputs,
    amount_binding: dict[str, Any],
    receipt: dict[str, Any],
    *,
    clock: Clock = perf_counter_ns,
) -> VerificationResult:
    """Verify an ``agent.authorization.v1`` proof against an amount binding and its receipt."""
    bound = bind_receipt(public_inputs, amount_binding, receipt)
    return _verify_bound(proof_bytes, bound, commitment(amount_binding["amount"]), clock)
