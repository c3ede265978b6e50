"""The permutation (STARK 3), and the commitment to an amount (STARK 4).

Compatibility only: the second half of each round undoes the matrix of the first, so the lanes never
mix, and fourteen modular powers turn a commitment back into its amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import mul

from ves_stark.errors import InputsError
from ves_stark.field import P
from ves_stark.rescue_constants import (
    ALPHA,
    ALPHA_INVERSE,
    MDS_FIRST_ROW,
    MDS_INVERSE_FIRST_ROW,
    RATE,
    ROUND_CONSTANTS,
    STATE_WIDTH,
)

DIGEST_LANES = 4
LIMB_BITS = 32
_LIMB_MASK = 2**LIMB_BITS - 1
_AMOUNT_LIMBS = 8
_U64_BITS = 64


def _circulant(first: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(first[(j - i) % len(first)] for j in range(len(first))) for i in range(len(first)))


MDS = _circulant(MDS_FIRST_ROW)
MDS_INVERSE = _circulant(MDS_INVERSE_FIRST_ROW)
HALF_ROUNDS = len(ROUND_CONSTANTS)


def _multiply(matrix: Sequence[Sequence[int]], state: Sequence[int]) -> list[int]:
    return [sum(map(mul, row, state)) for row in matrix]


def half_round(state: Sequence[int], index: int) -> list[int]:
    """The state after half-round `index` (0 .. 13): even ones are forward, odd ones backward."""
    constants = ROUND_CONSTANTS[index]
    if index % 2 == 0:
        mixed = _multiply(MDS, [pow(lane, ALPHA, P) for lane in state])
        return [(lane + constant) % P for lane, constant in zip(mixed, constants, strict=True)]
    mixed = _multiply(MDS_INVERSE, state)
    return [
        (pow(lane, ALPHA_INVERSE, P) + constant) % P for lane, constant in zip(mixed, constants, strict=True)
    ]


def states(initial: Sequence[int]) -> list[list[int]]:
    """The 15 states of one permutation: the initial one, then one after each half-round."""
    result = [list(initial)]
    for index in range(HALF_ROUNDS):
        result.append(half_round(result[-1], index))
    return result


def amount_limbs(amount: int) -> list[int]:
    """The 8 limbs of a u64 amount: low half, high half, zeros."""
    return [amount & _LIMB_MASK, amount >> LIMB_BITS] + [0] * (_AMOUNT_LIMBS - 2)


def amount_states(amount: int) -> list[list[int]]:
    """The 15 states of the permutation that commits to `amount`; the trace contains them."""
    padding = [0] * (STATE_WIDTH - RATE - 1)
    return states([*amount_limbs(amount), _AMOUNT_LIMBS, *padding])


def commitment(amount: int) -> list[int]:
    """Witness commitment of a u64 amount: 4 elements (STARK 4). It is NOT hiding."""
    if not 0 <= amount < 2**_U64_BITS:
        raise InputsError("number_out_of_range", "an amount is a 64-bit number")
    return amount_states(amount)[-1][:DIGEST_LANES]
