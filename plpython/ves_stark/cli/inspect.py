"""`ves-stark inspect`: prints the metadata of a proof file. Nothing is verified."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ves.digests import compliance_proof_hash
from ves_stark import strength, wire
from ves_stark.bundle import decode_base64, parse_json
from ves_stark.cli.common import read_text, say
from ves_stark.errors import InputsError, MalformedProofError
from ves_stark.options import PRESETS

# Label, then possible locations of the value: paths of member names.
_LINES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Bundle Hash", "", ("bundleHash",)),
    ("Proof Hash", "", ("proof_hash", "proofHash")),
    ("Policy Type", "", ("policy.type",)),
    ("Policy Limit", "", ("policy.limit",)),
    ("Proving Time", " ms", ("metadata.proving_time_ms",)),
    ("Proof Size", " bytes", ("metadata.proof_size",)),
    ("Constraints", "", ("metadata.num_constraints",)),
    ("Trace Length", "", ("metadata.trace_length",)),
    ("Prover Version", "", ("metadata.prover_version",)),
    ("Event ID", "", ("public_inputs.eventId", "publicInputs.eventId")),
    ("Input Policy", "", ("public_inputs.policyId", "publicInputs.policyId")),
    ("Public Inputs Hash", "", ("publicInputsHash",)),
    ("Bound Public Inputs Hash", "", ("boundPublicInputsHash",)),
    ("Bound Amount", "", ("amountBinding.amount",)),
    ("Amount Binding Hash", "", ("amountBinding.bindingHash",)),
    ("Receipt Amount", "", ("receipt.amount",)),
    ("Authorization Receipt Hash", "", ("receipt.receiptHash",)),
)


def _find(value: Any, path: str) -> Any:
    for name in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def _strength(proof: bytes) -> None:
    try:
        options = wire.parse(proof).options
    except MalformedProofError as error:
        say(f"  Encoding: malformed ({error.message})")
        return
    name = next(name for name, preset in PRESETS.items() if preset == options)
    say(f"  Preset: {name}")
    say(
        f"  Security: {strength.conjectured_bits(options)} bits conjectured, "
        f"{strength.proven_bits(options)} proven; the amount is not hidden"
    )


def _inspect_json(text: str) -> None:
    value = parse_json(text, "proof JSON")
    say("  Format: JSON with metadata")
    for label, unit, paths in _LINES:
        found = next((item for path in paths if (item := _find(value, path)) is not None), None)
        if found is not None:
            say(f"  {label}: {found}{unit}")
    encoded = _find(value, "proof_b64") or _find(value, "proofB64")
    try:
        proof = decode_base64(encoded, "proof_b64")
    except InputsError:
        return
    say(f"  Raw Proof Size: {len(proof)} bytes")
    _strength(proof)


def run(options: Namespace) -> int:
    """Print the metadata."""
    text = read_text(options.proof, "proof")
    say("Proof Inspection:")
    if text.strip().startswith("{"):
        _inspect_json(text)
        return 0
    proof = decode_base64(text.strip(), "raw base64 proof")
    say("  Format: Raw base64")
    say(f"  Proof Size: {len(proof)} bytes")
    say(f"  Proof Hash: {compliance_proof_hash(proof).hex()}")
    _strength(proof)
    return 0
