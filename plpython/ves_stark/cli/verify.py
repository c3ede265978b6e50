"""`ves-stark verify`: a bundle, a library JSON document or a raw base64 proof."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ves_stark import binding as amounts
from ves_stark.bundle import Bundle, check_bundle, decode_base64, is_bundle, parse_json
from ves_stark.cli.common import (
    CliError,
    Stopwatch,
    check_inputs,
    duration,
    note,
    parse_inputs,
    read_inputs,
    read_json,
    read_receipt,
    read_text,
    receipt_intent,
    requested_policy,
    say,
)
from ves_stark.errors import InputsError, StarkError
from ves_stark.inputs import CompliancePublicInputs, commitment_hex, commitment_limbs, limbs_of
from ves_stark.receipt import bind_receipt
from ves_stark.receipt import normalize as normalize_receipt
from ves_stark.rescue import commitment
from ves_stark.surface import VerificationResult, verify

_U64_DIGITS = 20
_BUNDLE_ONLY = "does not match the canonical proof bundle"


def _first(value: Any, *names: str) -> Any:
    """The first of several spellings of a member that a JSON object has, else None."""
    if not isinstance(value, dict):
        return None
    return next((value[name] for name in names if value.get(name) is not None), None)


def _check_bundle_options(options: Namespace, bundle: Bundle) -> None:
    inputs = bundle.public_inputs
    receipt = read_receipt(options)
    check_inputs(inputs, requested_policy(options, receipt_intent(options, receipt), inputs))
    if options.inputs is not None and read_inputs(options.inputs).hash_full() != inputs.hash_full():
        raise CliError("provided public inputs do not match the canonical proof bundle")
    if options.amount_binding is not None:
        given = amounts.normalize(read_json(options.amount_binding, "payload amount binding"))
        if given != bundle.amount_binding:
            raise CliError(f"provided amount binding {_BUNDLE_ONLY}")
    if receipt is not None and receipt != bundle.receipt:
        raise CliError(f"provided authorization receipt {_BUNDLE_ONLY}")
    if options.witness_commitment_hex not in {None, bundle.commitment_hex}:
        raise CliError(f"--witness-commitment-hex {_BUNDLE_ONLY}")


def _verify_bundle(options: Namespace, value: Any) -> VerificationResult:
    bundle = check_bundle(value)
    _check_bundle_options(options, bundle)
    note("Verifying canonical proof bundle...")
    note(f"  Policy: {bundle.public_inputs.policy_id}")
    note(f"  Limit: {options.limit}")
    note(f"  Event ID: {bundle.public_inputs.event_id}")
    note(f"  Bundle hash: {bundle.bundle_hash}")
    return bundle.verify()


def _loose_inputs(options: Namespace, value: Any) -> CompliancePublicInputs:
    if options.inputs is not None:
        return read_inputs(options.inputs)
    embedded = _first(value, "public_inputs", "publicInputs")
    if embedded is None:
        raise CliError("Verification requires --inputs unless the proof JSON embeds canonical publicInputs")
    return parse_inputs(embedded)


def _limb(item: Any) -> Any:
    """A limb that may be written as a decimal string."""
    decimal = isinstance(item, str) and item.isascii() and item.isdigit() and len(item) <= _U64_DIGITS
    return int(item) if decimal else item


def _limbs(value: Any) -> tuple[int, ...]:
    return limbs_of([_limb(item) for item in value] if isinstance(value, list) else value)


def _loose_commitment(
    options: Namespace, value: Any, binding: Any, inputs: CompliancePublicInputs
) -> tuple[int, ...]:
    given = None
    if options.witness_commitment_hex is not None:
        given = commitment_limbs(options.witness_commitment_hex)
    digits = _first(value, "witness_commitment_hex", "witnessCommitmentHex")
    array = _first(value, "witness_commitment", "witnessCommitment")
    stated = commitment_limbs(digits) if digits is not None else None if array is None else _limbs(array)
    if given is not None and stated not in {None, given}:
        raise CliError("--witness-commitment-hex is not the commitment of the proof JSON")
    if given is None:
        given = stated
    if given is None and value is not None:
        raise CliError("Missing witness_commitment or witness_commitment_hex in proof JSON")
    if given is None and binding is not None:
        given = tuple(commitment(binding["amount"]))
    if given is None and inputs.witness_commitment is not None:
        given = commitment_limbs(inputs.witness_commitment)
    if given is None:
        raise CliError(
            "Raw base64 proofs require --witness-commitment-hex, --amount-binding, "
            "or inputs.witnessCommitment"
        )
    return given


def _loose_binding(
    options: Namespace, value: Any, inputs: CompliancePublicInputs, receipt: dict[str, Any] | None
) -> dict[str, Any] | None:
    if options.amount_binding is not None:
        return amounts.normalize(read_json(options.amount_binding, "payload amount binding"))
    embedded = _first(value, "amountBinding")
    if embedded is not None:
        return amounts.normalize(embedded)
    return None if receipt is None else amounts.create_payload_amount_binding(inputs, receipt["amount"])


def _proof_bytes(text: str, value: Any) -> bytes:
    if value is None:
        return decode_base64(text.strip(), "raw base64 proof")
    encoded = _first(value, "proof_b64", "proofB64")
    if encoded is None:
        raise CliError("Missing proof_b64 field in JSON")
    return decode_base64(encoded, "proof_b64")


def _verify_loose(options: Namespace, text: str, value: Any) -> VerificationResult:
    inputs = _loose_inputs(options, value)
    receipt = read_receipt(options)
    if receipt is None and (embedded := _first(value, "receipt")) is not None:
        receipt = normalize_receipt(embedded)
    policy = requested_policy(options, receipt_intent(options, receipt), inputs)
    check_inputs(inputs, policy)
    binding = _loose_binding(options, value, inputs, receipt)
    proof = _proof_bytes(text, value)
    limbs = _loose_commitment(options, value, binding, inputs)
    note("Verifying proof...")
    note(f"  Policy: {policy.policy_id}")
    note(f"  Limit: {options.limit}")
    note(f"  Event ID: {inputs.event_id}")
    note(f"  Proof size: {len(proof)} bytes")
    if receipt is not None:
        inputs = bind_receipt(inputs, binding, receipt)
    elif binding is not None:
        inputs = amounts.bind_amount(inputs, binding)
    else:
        note("  Note: verifying a witness-bound proof only; no payload amount binding provided")
    if inputs.witness_commitment not in {None, commitment_hex(limbs)}:
        raise CliError("witness commitment hex does not match the bound public inputs")
    return verify(proof, inputs, limbs)


def run(options: Namespace) -> int:
    """Print ``VALID``, or ``INVALID: ...`` with exit code 1."""
    text = read_text(options.proof, "proof")
    value = parse_json(text, "proof JSON") if text.strip().startswith("{") else None
    watch = Stopwatch()
    try:
        result = _verify_bundle(options, value) if is_bundle(value) else _verify_loose(options, text, value)
    except InputsError as error:
        return _invalid(f"Verification error: {error.message}")
    except StarkError as error:
        return _invalid(str(error))
    if not result.valid:
        return _invalid(str(result.error))
    note(f"Proof VALID (verified in {duration(watch.seconds)})")
    say("VALID")
    return 0


def _invalid(reason: str) -> int:
    note(f"Proof INVALID: {reason}")
    say(f"INVALID: {reason}")
    return 1
