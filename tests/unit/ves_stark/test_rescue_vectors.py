"""The permutation against its vectors, and its published defect (STARK 3, 4)."""

from __future__ import annotations

from hashlib import sha256
from operator import mul
from random import Random
from struct import pack

import pytest

from tests.unit.ves_stark.vectors import ALL_CASES, case, load
from ves_stark import InputsError, rescue
from ves_stark.field import P
from ves_stark.rescue_constants import ALPHA, ALPHA_INVERSE, RATE, ROUND_CONSTANTS, STATE_WIDTH

HASHES = load("rescue_vectors")["hash"]
STATES = [[int(lane) for lane in state] for state in load("rescue_vectors")["permutationTrace"]["states"]]


def numbers(values):
    return [int(value) for value in values]


def permute(state):
    return rescue.states(state)[-1]


def rescue_hash(elements):
    """The sponge over the permutation: a digest of 4 elements; an empty list permutes once (STARK 3)."""
    state = [0] * STATE_WIDTH
    state[RATE] = len(elements)
    for start in range(0, max(len(elements), 1), RATE):
        for lane, element in enumerate(elements[start : start + RATE]):
            state[lane] = (state[lane] + element) % P
        state = permute(state)
    return state[: rescue.DIGEST_LANES]


def lane_before(value, lane):
    """The lane of the state that the permutation turns into `value`: one power for each half-round, and no secret."""
    for index in range(rescue.HALF_ROUNDS - 2, -1, -2):
        shift = sum(map(mul, rescue.MDS_INVERSE[lane], ROUND_CONSTANTS[index]))
        inner = pow((value - ROUND_CONSTANTS[index + 1][lane]) % P, ALPHA, P)
        value = pow((inner - shift) % P, ALPHA_INVERSE, P)
    return value


def amount_of(limbs):
    """The amount inside a witness commitment, or None when it commits to no amount."""
    low, high = (lane_before(limbs[lane], lane) for lane in (0, 1))
    if max(low, high) >= 2**rescue.LIMB_BITS:
        return None
    amount = low | high << rescue.LIMB_BITS
    return amount if rescue.commitment(amount) == list(limbs) else None


def test_the_constants_are_the_published_ones():
    flat = [
        value for table in (rescue.MDS, rescue.MDS_INVERSE, ROUND_CONSTANTS) for row in table for value in row
    ]
    assert (
        sha256(pack(f"<{len(flat)}Q", *flat)).hexdigest() == load("rescue_constants")["sha256LeU64RowMajor"]
    )
    assert ALPHA * ALPHA_INVERSE % (P - 1) == 1


def test_the_inverse_matrix_undoes_the_matrix():
    for i in range(12):
        row = [sum(rescue.MDS[i][k] * rescue.MDS_INVERSE[k][j] for k in range(12)) % P for j in range(12)]
        assert row == [int(i == j) for j in range(12)]


@pytest.mark.parametrize("vector", HASHES, ids=lambda vector: f"{len(vector['input'])} elements")
def test_a_digest_is_that_of_the_vector(vector):
    assert rescue_hash(numbers(vector["input"])) == numbers(vector["digest"])


def test_the_permutation_passes_through_the_states_of_the_vector():
    assert rescue.states(STATES[0]) == STATES
    assert permute(STATES[0]) == STATES[-1]


@pytest.mark.parametrize("name", ALL_CASES)
def test_the_commitment_to_an_amount_is_that_of_the_vector(name):
    assert rescue.commitment(case(name).amount) == case(name).limbs


@pytest.mark.parametrize("amount", [-1, 2**64])
def test_an_amount_outside_64_bits_has_no_commitment(amount):
    with pytest.raises(InputsError):
        rescue.commitment(amount)


def test_a_lane_of_the_permutation_depends_on_nothing_but_itself():
    source = Random(5)
    state = [source.randrange(P) for _ in range(12)]
    changed = [state[0], *(source.randrange(P) for _ in range(11))]
    assert permute(state)[0] == permute(changed)[0]


def test_a_commitment_gives_its_amount_away():
    for amount in (0, 1, 5000, 2**32 - 1, 2**32, 2**52, 2**64 - 1):
        assert amount_of(rescue.commitment(amount)) == amount


def test_limbs_that_commit_to_no_amount_are_told_apart():
    limbs = rescue.commitment(5000)
    assert amount_of([1, *limbs[1:]]) is None
    assert amount_of([*limbs[:3], 0]) is None
