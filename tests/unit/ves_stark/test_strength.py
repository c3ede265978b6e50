"""The figures of README.md, computed (STARK 15)."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

import ves_stark
from tests.unit.ves_stark.vectors import ACCEPTED_CASES, case
from ves_stark import strength, wire
from ves_stark.field import Element, add, inverse, mul, power, scale, sub
from ves_stark.options import DEFAULT, FAST, PRESETS, SECURE, Options
from ves_stark.verifier import _challenges, _Frame

ROOM = Path(ves_stark.__file__).parent


@pytest.mark.parametrize(
    ("options", "conjectured", "proven", "forging"),
    [(DEFAULT, 55, 28, 60.3), (SECURE, 119, 89, 124.3), (FAST, 55, 28, 60.3)],
)
def test_the_strength_of_a_preset_is_the_published_one(options, conjectured, proven, forging):
    facts = strength.facts(options)
    assert (facts["conjectured_bits"], facts["proven_bits"]) == (conjectured, proven)
    assert facts["forging_cost_log2"] == forging
    assert not facts["hides_amount"]
    assert not facts["binds_amount_to_event"]
    assert json.loads(json.dumps(facts)) == facts


def test_too_few_queries_prove_nothing():
    assert strength.proven_bits(Options(1, 16, 0, 1, 8)) == 0


def test_the_readme_states_the_computed_figures():
    text = (ROOM / "README.md").read_text()
    for name, options in PRESETS.items():
        facts = strength.facts(options)
        row = f"| {name} | {facts['conjectured_bits']} | {facts['proven_bits']} | 2^{facts['forging_cost_log2']:.0f} |"
        assert row in text


def limb(frame: Element, point: Element) -> Element:
    """The value at row 0 of a column that is zero elsewhere, from its value at the point."""
    first_row = mul(sub(power(point, 16), (1, 0)), inverse(scale(sub(point, (1, 0)), 16)))
    return mul(frame, inverse(first_row))


@pytest.mark.parametrize("name", ACCEPTED_CASES)
def test_anyone_reads_the_amount_off_a_proof(name):
    """Not hiding: one division, no secret. This test states a weakness of version 2, not a feature."""
    proof = wire.parse(case(name).proof)
    challenges = _challenges(proof, case(name).statement)
    frame = _Frame(proof, challenges)
    low, high = (
        limb((frame.here[0][column], frame.here[1][column]), challenges.point) for column in (12, 13)
    )
    assert add(low, scale(high, 2**32)) == (case(name).amount, 0)


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


ALLOWED = {
    "__future__", "base64", "binascii", "blake3", "collections", "dataclasses", "functools", "hashlib",
    "importlib", "itertools", "json", "math", "operator", "orjson", "re", "struct", "typing",
    "unicodedata", "uuid", "ves", "ves_stark",
}  # fmt: skip


def test_the_library_uses_no_network_no_clock_and_no_database():
    """Exceptions with a reason: the command line, the stopwatch of the drop-in functions, NumPy to prove."""
    for path in ROOM.rglob("*.py"):
        used = {module.split(".")[0] for module in imports_of(path)}
        relative = path.relative_to(ROOM)
        if relative.parts[0] == "cli":
            assert used.isdisjoint({"psycopg", "ves_api", "ves_workers", "socket"})
            continue
        extra = {"surface.py": {"time"}}.get(relative.name, set())
        extra = extra | ({"numpy"} if relative.parts[0] == "prover" else set())
        assert used <= ALLOWED | extra, relative
