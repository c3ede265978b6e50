"""`ves-stark prove`: a proof for given or invented public inputs."""

from __future__ import annotations

import base64
import json
from argparse import Namespace

from ves_stark.binding import create_payload_amount_binding
from ves_stark.bundle import make_bundle
from ves_stark.cli.common import (
    CliError,
    Stopwatch,
    check_amount,
    check_inputs,
    duration,
    note,
    random_inputs,
    read_inputs,
    read_receipt,
    receipt_intent,
    requested_policy,
    write_output,
)
from ves_stark.inputs import CompliancePublicInputs
from ves_stark.options import PRESETS
from ves_stark.policy import Policy
from ves_stark.surface import ComplianceProof, prove

_SHOWN_DIGITS = 16


def prove_noisily(
    amount: int, inputs: CompliancePublicInputs, policy: Policy, preset: str
) -> ComplianceProof:
    """Prove with the options of a preset, with progress on stderr."""
    note("Generating proof...")
    note(f"  Policy: {policy.policy_id}")
    note(f"  Amount: {amount} {policy.comparison} {policy.limit}")
    note(f"  Event ID: {inputs.event_id}")
    watch = Stopwatch()
    proof = prove(amount, inputs, policy, options=PRESETS[preset])
    note(f"Proof generated in {duration(watch.seconds)}")
    note(f"  Proof size: {proof.proof_size} bytes")
    note(f"  Proof hash: {proof.proof_hash[:_SHOWN_DIGITS]}")
    note(f"  Witness commitment (hex): {proof.witness_commitment_hex}")
    return proof


def run(options: Namespace) -> int:
    """Print the proof as base64, or with ``--json`` as a bundle."""
    receipt = read_receipt(options)
    if receipt is not None and not options.json:
        raise CliError("--authorization-receipt requires --json so the receipt-bound bundle can be emitted")
    if receipt is not None and options.amount != receipt["amount"]:
        raise CliError(
            f"Amount ({options.amount}) must match authorization receipt amount ({receipt['amount']})"
        )
    intent = receipt_intent(options, receipt)
    if options.inputs is None:
        policy = requested_policy(options, intent)
        inputs = random_inputs(policy)
    else:
        inputs = read_inputs(options.inputs)
        policy = requested_policy(options, intent, inputs)
    check_inputs(inputs, policy)
    check_amount(options.amount, policy)
    proof = prove_noisily(options.amount, inputs, policy, options.preset)
    if options.json:
        amount_binding = create_payload_amount_binding(inputs, options.amount)
        bundle = make_bundle(proof, inputs, amount_binding, receipt)
        text = json.dumps(bundle, indent=2, ensure_ascii=False)
    else:
        text = base64.b64encode(proof.proof_bytes).decode()
    write_output(text, options.output, "Proof")
    return 0
