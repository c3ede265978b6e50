"""The constraints on the whole coset at once (STARK 7, 11); `constraints.py` is the same at one point."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np

from ves_stark import layout
from ves_stark.field import Vector
from ves_stark.layout import COMPOSITION_COLUMNS, ROWS, Statement
from ves_stark.prover.arrays import Array, add, array, matmul, mul, power7, sub
from ves_stark.prover.domain import COSET, Domain
from ves_stark.rescue import MDS, MDS_INVERSE

_ONE = np.uint64(1)
_LIMB = np.uint64(2**32)
_NEXT_ROW = COSET // ROWS
_POWERS = array([[2**place for place in range(32)]])


def _bits(trace: Array, columns: range) -> Array:
    values = trace[columns.start : columns.stop]
    return mul(values, sub(np.full_like(values, _ONE), values))


def _range_checks(trace: Array, limbs: range, bits: tuple[range, ...]) -> list[Array]:
    checks = [_bits(trace, columns) for columns in bits]
    sums = [
        sub(trace[limb : limb + 1], matmul(_POWERS, trace[columns.start : columns.stop]))
        for limb, columns in zip(limbs, bits, strict=True)
    ]
    return checks + sums


def _subtraction(trace: Array) -> list[Array]:
    result = []
    borrowed = np.zeros_like(trace[0])
    for place in (0, 1):
        amount, limit = trace[layout.AMOUNT[place]], trace[layout.LIMIT[place]]
        difference, borrow = trace[layout.DIFFERENCE[place]], trace[layout.BORROW[place]]
        value = sub(add(add(amount, difference), borrowed), limit)
        result.append(sub(value, mul(borrow, _LIMB))[None])
        borrowed = borrow
    return result


def _hash_rounds(state: Array, following: Array, tables: Domain) -> Array:
    shifted = sub(following, tables.constants)
    ahead = sub(shifted, matmul(array(MDS), power7(state)))
    back = sub(power7(shifted), matmul(array(MDS_INVERSE), state))
    step = add(mul(tables.forward, sub(ahead, back)), back)
    rest = sub(following, state)
    return add(mul(tables.active, sub(step, rest)), rest)


def transition_values(trace: Array, tables: Domain) -> Array:
    """The 157 constraints (157, 128) on the trace columns (248, 128)."""
    following = np.roll(trace, -_NEXT_ROW, axis=1)
    counter = trace[layout.ROW_NUMBER], following[layout.ROW_NUMBER]
    start = _range_checks(trace, layout.AMOUNT[:2], layout.AMOUNT_BITS)
    start += _range_checks(trace, layout.DIFFERENCE[:2], layout.DIFFERENCE_BITS)
    start += [_bits(trace, layout.BORROW[:2]), *_subtraction(trace)]
    absorbed = sub(trace[:8], trace[layout.AMOUNT.start : layout.AMOUNT.stop])
    width = len(layout.STATE)
    return np.concatenate(
        [
            sub(counter[1], add(counter[0], _ONE))[None],
            mul(tables.first, np.concatenate(start)),
            _hash_rounds(trace[:width], following[:width], tables),
            mul(tables.first, absorbed),
        ]
    )


def composition_columns(
    trace: Array, statement: Statement, transition: Vector, boundary: Vector, tables: Domain
) -> list[Array]:
    """Coefficients (16, 8) of the composition columns, one array for each extension coordinate."""
    assertions = layout.assertions(statement)
    expected = array([[value] for _, _, value in assertions])
    errors = sub(trace[[column for _, column, _ in assertions]], expected)
    values = mul(matmul(array(transition), transition_values(trace, tables)), tables.transition_divisor)
    edges = pairwise(accumulate(layout.ASSERTION_COUNTS, initial=0))
    for (start, stop), divisor in zip(edges, tables.boundary_divisors, strict=True):
        group = matmul(array([part[start:stop] for part in boundary]), errors[start:stop])
        values = add(values, mul(group, divisor))
    coefficients = matmul(tables.cut, values.T)
    return [part.reshape(COMPOSITION_COLUMNS, ROWS).T for part in coefficients.T]
