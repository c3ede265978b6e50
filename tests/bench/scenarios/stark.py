"""STARK proofs in one process: proving and verifying, beside the machine's rate of what they are made of."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from blake3 import blake3

import ves_stark
from tests.bench.results import Bar, Figure
from tests.bench.stats import latency
from tests.support.cluster import ROOT
from ves_stark.field import P, mul
from ves_stark.inputs import CompliancePublicInputs
from ves_stark.options import ACCEPTED, FAST, PRESETS
from ves_stark.verifier import verify_proof

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.bench.system import Bench
    from ves_stark.layout import Statement
    from ves_stark.options import Options

_VECTOR = ROOT / "tests" / "vectors" / "stark" / "proof_aml_default.json"
_AMOUNT = 5_000
_LEAF = bytes(248 * 8)


def run(bench: Bench) -> list[Figure]:
    """Six figures: proving and verifying with each preset. Only the default one has bars."""
    inputs = CompliancePublicInputs.from_json(json.loads(_VECTOR.read_text(encoding="utf-8"))["publicInputs"])
    public = replace(inputs, witness_commitment=None, amount_binding_hash=None)
    rates = _rates(bench.size(full=1_000, quick=200, least=10) / 1_000)
    proving, verifying = bench.size(20, 5, 1), bench.size(200, 50, 1)
    figures = []
    for name, options in PRESETS.items():
        first = ves_stark.prove(_AMOUNT, public, public.policy(), options=options)  # NumPy, tables
        prove = partial(_prove, public, options)
        check = partial(_verify, first.proof_bytes, public.statement(first.witness_commitment))
        bars = (Bar(300, sense="most"), Bar(20, sense="most")) if name == "default" else (None, None)
        figures += [
            _figure(f"stark_prove_{name}", f"STARK, {name}: prove", prove, proving, bars[0], rates),
            _figure(f"stark_verify_{name}", f"STARK, {name}: verify", check, verifying, bars[1], rates),
        ]
    return figures


def _prove(inputs: CompliancePublicInputs, options: Options, number: int) -> None:
    # Another amount each time: the proof of work is luck, and the luck of one statement is always the same.
    ves_stark.prove(_AMOUNT + number, inputs, inputs.policy(), options=options)


def _verify(data: bytes, statement: Statement, _number: int) -> None:
    verify_proof(data, statement, ACCEPTED | {FAST})


def _figure(
    name: str, title: str, work: Callable[[int], None], times: int, bar: Bar | None, rates: dict[str, float]
) -> Figure:
    """The median by wall clock; CPU time beside it says how much of that was waiting for a core."""
    walls, cpus = [], []
    for number in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        work(number)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    wall_ms, cpu_ms = latency(walls), latency(cpus)
    return Figure(
        name,
        title,
        wall_ms["p50"],
        "ms",
        bar,
        f"CPU: {cpu_ms['p50']} ms; p99 {wall_ms['p99']} ms. BLAKE3 of a leaf of {len(_LEAF)} bytes: "
        f"{rates['blake3_leaf_per_s']:,.0f}/s; products in the field in Python: {rates['products_per_s']:,.0f}/s,"
        f" of its extension {rates['extension_products_per_s']:,.0f}/s",
        details={"wall_ms": wall_ms, "cpu_ms": cpu_ms, "rates": rates},
    )


def _rates(seconds: float) -> dict[str, float]:
    """What the machine does of one operation in a second of CPU time."""
    a, b = P - 12345678901, P - 98765432109
    return {
        "blake3_leaf_per_s": _rate(lambda: blake3(_LEAF).digest(), seconds),
        "blake3_node_per_s": _rate(lambda: blake3(_LEAF[:64]).digest(), seconds),
        "products_per_s": _rate(lambda: a * b % P, seconds),
        "extension_products_per_s": _rate(lambda: mul((a, b), (b, a)), seconds),
    }


def _rate(work: Callable[[], object], seconds: float) -> float:
    count, started = 0, time.process_time()
    while (spent := time.process_time() - started) < seconds:
        for _ in range(1000):
            work()
        count += 1000
    return round(count / spent)
