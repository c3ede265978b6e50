"""The prover on statements that no vector has, and its parts against slower ones."""

from __future__ import annotations

from random import Random
from struct import pack, unpack

import numpy as np
import pytest

import ves_stark
from tests.unit.ves_stark.vectors import case, fresh_inputs, inputs_for
from ves_stark import Policy, ProvingError, constraints, layout, rescue
from ves_stark.field import GENERATOR, P
from ves_stark.layout import Statement
from ves_stark.options import DEFAULT, SECURE
from ves_stark.prover import arrays, composition, grinding, trace
from ves_stark.prover.domain import COSET, domain
from ves_stark.prover.prove import prove_statement
from ves_stark.transcript import digest, pow_bits

LIMITS = [1, 2, 250, 10_000, 2**32 - 1, 2**32, 2**32 + 1, 2**40 + 17, 2**52 - 1, 2**52]


def policies():
    for limit in LIMITS:
        yield Policy.aml_threshold(limit)
        yield Policy.order_total_cap(limit)
    yield Policy.agent_authorization(2**52, "ab" * 32)
    yield Policy.agent_budget(77)


def amounts(policy, source):
    top = policy.effective_limit
    chosen = {0, top, max(top - 1, 0), top // 2, source.randint(0, top)}
    # Low halves above the limit's low half need a borrow.
    chosen.add(min(top, (top >> 32) * 2**32 // 2 + 2**32 - 1))
    return sorted(amount for amount in chosen if amount <= top)


@pytest.mark.parametrize("policy", list(policies()), ids=repr)
def test_every_allowed_amount_is_proved_and_verified(policy):
    source = Random(policy.limit)
    choices = amounts(policy, source)
    for amount in source.sample(choices, k=min(2, len(choices))):
        inputs = inputs_for(policy, source.random())
        proof = ves_stark.prove(amount, inputs, policy)
        assert ves_stark.verify(proof.proof_bytes, inputs, proof.witness_commitment)
        binding = ves_stark.create_payload_amount_binding(inputs, amount)
        assert ves_stark.verify_with_amount_binding(proof.proof_bytes, inputs, binding)
        others = rescue.commitment(amount + 1)
        assert not ves_stark.verify(proof.proof_bytes, inputs, others)


@pytest.mark.soak
@pytest.mark.parametrize("options", [DEFAULT, SECURE], ids=["default", "secure"])
def test_many_random_statements_are_proved_and_verified(options):
    source = Random(11)
    for _ in range(100):
        limit = source.getrandbits(source.randrange(1, 53)) + 1
        policy = source.choice([Policy.aml_threshold, Policy.order_total_cap])(limit)
        inputs = inputs_for(policy, source.random())
        amount = source.randint(0, policy.effective_limit)
        proof = ves_stark.prove(amount, inputs, policy, options=options)
        assert ves_stark.verify(proof.proof_bytes, inputs, proof.witness_commitment)


def test_the_secure_preset_proves_unseen_statements():
    policy = Policy.order_total_cap(2**52)
    inputs = inputs_for(policy, 9)
    proof = ves_stark.prove(2**33 + 5, inputs, policy, options=SECURE)
    assert ves_stark.verify(proof.proof_bytes, inputs, proof.witness_commitment)


def test_proving_twice_gives_the_same_bytes():
    policy = Policy.aml_threshold(10)
    inputs = inputs_for(policy, 3)
    first = ves_stark.prove(9, inputs, policy)
    assert first.proof_bytes == ves_stark.prove(9, inputs, policy).proof_bytes


@pytest.mark.parametrize("amount", [-1, 10_000, 2**64])
def test_an_amount_above_the_limit_is_not_proved(amount):
    statement = Statement(9_999, case("aml_default").statement.inputs, tuple(rescue.commitment(1)))
    with pytest.raises(ProvingError, match="above the limit"):
        prove_statement(amount, statement)


def test_an_amount_that_is_not_the_committed_one_is_not_proved():
    statement = Statement(9_999, case("aml_default").statement.inputs, tuple(rescue.commitment(1)))
    with pytest.raises(ProvingError, match="another amount"):
        prove_statement(2, statement)


def test_binding_fields_do_not_change_the_proof():
    proof = case("aml_default")
    inputs = fresh_inputs()
    inputs.witness_commitment = proof.data["witnessCommitmentHex"]
    inputs.amount_binding_hash = proof.data["payloadAmountBinding"]["bindingHash"]
    assert ves_stark.prove(proof.amount, inputs, inputs.policy()).proof_bytes == proof.proof


def edge_arrays():
    source = Random(1)
    edges = [0, 1, 2**32 - 1, 2**32, 2**32 + 1, 2**63, P - 2**32, P - 2, P - 1]
    pairs = [(a, b) for a in edges for b in edges]
    pairs += [(source.randrange(P), source.randrange(P)) for _ in range(3000)]
    return pairs, arrays.array([a for a, _ in pairs]), arrays.array([b for _, b in pairs])


def test_array_arithmetic_is_arithmetic_modulo_p():
    pairs, a, b = edge_arrays()
    assert arrays.mul(a, b).tolist() == [x * y % P for x, y in pairs]
    assert arrays.add(a, b).tolist() == [(x + y) % P for x, y in pairs]
    assert arrays.sub(a, b).tolist() == [(x - y) % P for x, y in pairs]
    assert arrays.power7(a).tolist() == [pow(x, 7, P) for x, _ in pairs]


@pytest.mark.parametrize("inner", [1, 12, 248, 512])
def test_a_matrix_product_is_exact(inner):
    source = Random(inner)
    values = [P - 1, 2**44 - 1, 0]
    left = [
        [source.choice([*values, source.randrange(P)]) for _ in range(inner)] for _ in range(700 // inner + 2)
    ]
    right = [[source.choice([*values, source.randrange(P)]) for _ in range(3)] for _ in range(inner)]
    expected = [
        [sum(row[k] * right[k][column] for k in range(inner)) % P for column in range(3)] for row in left
    ]
    assert arrays.matmul(arrays.array(left), arrays.array(right)).tolist() == expected


def test_constraints_on_the_coset_are_those_at_each_point():
    """Two implementations of the constraints, on a trace that obeys none of them."""
    source = Random(2)
    values = [[source.randrange(P) for _ in range(COSET)] for _ in range(layout.WIDTH)]
    on_coset = composition.transition_values(arrays.array(values), domain()).tolist()
    step = layout.DOMAIN // COSET
    for index in (0, 1, 77, COSET - 1):
        x = GENERATOR * pow(layout.DOMAIN_GENERATOR, step * index, P) % P
        row = [(column[index], 0) for column in values]
        following = [(column[(index + COSET // layout.ROWS) % COSET], 0) for column in values]
        expected = constraints.transition_values(row, following, constraints.Periodic.at((x, 0)))
        assert [(column[index], 0) for column in on_coset] == expected
    assert len(on_coset) == layout.TRANSITION_CONSTRAINTS


@pytest.mark.parametrize(("amount", "limit"), [(0, 0), (5, 9), (2**32 + 9, 2**33 + 1), (2**52, 2**52)])
def test_an_honest_trace_obeys_every_constraint_in_every_row(amount, limit):
    """The constraints as plain arithmetic on rows: no interpolation, no challenge."""
    statement = Statement(limit, case("aml_default").statement.inputs, tuple(rescue.commitment(amount)))
    rows = trace.build(amount, statement)
    for row, column, value in layout.assertions(statement):
        assert rows[row][column] == value
    one, zero = (1, 0), (0, 0)
    for number in range(layout.ROWS - 1):
        active = number < layout.HASH_ROUNDS_END
        periodic = constraints.Periodic(
            active=one if active else zero,
            first=one if number == 0 else zero,
            forward=one if active and number % 2 == 0 else zero,
            constants=[(value if active else 0, 0) for value in constraints.ROUND_CONSTANTS[number % 14]],
            inverses=[],
            vanishing=zero,
        )
        here, there = ([(value, 0) for value in rows[at]] for at in (number, number + 1))
        assert set(constraints.transition_values(here, there, periodic)) == {zero}


def test_the_array_hash_is_blake3():
    seed = Random(3).randbytes(32)
    nonces = np.array([0, 1, 2, 255, 65536, 2**32 - 1], dtype=np.uint32)
    expected = [unpack("<I", digest(seed + pack("<Q", int(nonce)))[:4])[0] for nonce in nonces]
    assert grinding.first_words(seed, nonces).tolist() == expected


@pytest.mark.parametrize("bits", [0, 1, 8, 11])
def test_the_nonce_is_the_smallest_one(bits):
    for start in range(5):
        seed = bytes([start]) * 32
        nonce = 1
        while pow_bits(seed, nonce) < bits:
            nonce += 1
        assert grinding.grind(seed, bits) == nonce


def test_grinding_ends_when_no_nonce_is_left(monkeypatch):
    monkeypatch.setattr(grinding, "_MAX_NONCE", 2**10)
    monkeypatch.setattr(grinding, "first_words", lambda _, nonces: np.ones_like(nonces))
    with pytest.raises(ProvingError, match="no nonce"):
        grinding.grind(bytes(32), 8)
