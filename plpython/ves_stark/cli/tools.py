"""`ves-stark gen-inputs`, `benchmark`, and the batch commands that this program refuses."""

from __future__ import annotations

import json
import secrets
import sys
from argparse import Namespace
from collections.abc import Sequence

from ves_stark.cli.common import (
    CliError,
    Stopwatch,
    duration,
    random_inputs,
    requested_policy,
    say,
    write_output,
)
from ves_stark.options import PRESETS
from ves_stark.surface import prove, verify

_KIB = 1024


def generate_inputs(options: Namespace) -> int:
    """Public inputs of an invented event."""
    inputs = random_inputs(requested_policy(options))
    write_output(json.dumps(inputs.to_json(), indent=2), options.output, "Public inputs")
    return 0


def _summary(title: str, values: Sequence[float]) -> None:
    say(f"{title}:")
    say(f"  Average: {duration(sum(values) / len(values))}")
    say(f"  Min: {duration(min(values))}")
    say(f"  Max: {duration(max(values))}")
    say()


def benchmark(options: Namespace) -> int:
    """Prove and verify random amounts."""
    if options.count == 0:
        raise CliError("count must be greater than 0")
    policy = requested_policy(options)
    say("VES STARK Benchmark")
    say("==================")
    say(f"  Policy: {policy.policy_id}")
    say(f"  Proofs to generate: {options.count}")
    say(f"  Max amount: {options.max_amount}")
    say(f"  Limit: {options.limit}")
    say()
    preset = PRESETS[options.preset]
    amounts = min(options.max_amount, policy.effective_limit + 1)
    proving, verifying, sizes = [], [], []
    for _ in range(options.count):
        inputs = random_inputs(policy)
        watch = Stopwatch()
        proof = prove(secrets.randbelow(amounts) if amounts else 0, inputs, policy, options=preset)
        proving.append(watch.seconds)
        sizes.append(proof.proof_size)
        watch = Stopwatch()
        result = verify(proof.proof_bytes, inputs, proof.witness_commitment)
        verifying.append(watch.seconds)
        if not result.valid:
            raise CliError(f"a proof was invalid: {result.error}")
        sys.stdout.write(".")
        sys.stdout.flush()
    say("\n")
    say("Results:")
    say("--------")
    _summary("Proof Generation", proving)
    _summary("Verification", verifying)
    average = sum(sizes) // len(sizes)
    say("Proof Size:")
    say(f"  Average: {average} bytes ({average / _KIB:.2f} KB)")
    say(f"  Min: {min(sizes)} bytes")
    say(f"  Max: {max(sizes)} bytes")
    return 0


def refuse_batch(_options: Namespace) -> int:
    """Batch proofs are not supported: their event root depends on the first event only (STARK 18)."""
    raise CliError(
        "batch proofs are not supported: their state roots do not bind all events, so a proof would say "
        "less than it seems to"
    )
