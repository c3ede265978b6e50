"""Time budgets, in processor time of the best of a few runs, so that a busy machine does not matter."""

from __future__ import annotations

from time import process_time

import pytest

import ves_stark
from tests.unit.ves_stark.vectors import case
from ves_stark.options import DEFAULT, SECURE


def best(runs, work):
    times = []
    for _ in range(runs):
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times)


@pytest.mark.parametrize(
    ("name", "options", "seconds"), [("aml_default", DEFAULT, 0.3), ("aml_secure", SECURE, 3)]
)
def test_proving_stays_within_its_budget(name, options, seconds):
    proof = case(name)
    policy = proof.inputs.policy()
    assert best(3, lambda: ves_stark.prove(proof.amount, proof.inputs, policy, options=options)) <= seconds


@pytest.mark.parametrize(("name", "seconds"), [("aml_default", 0.02), ("aml_secure", 0.06)])
def test_verifying_stays_within_its_budget(name, seconds):
    proof = case(name)
    assert best(5, lambda: ves_stark.verify(proof.proof, proof.inputs, proof.limbs)) <= seconds
