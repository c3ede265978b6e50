"""The constraints at one point outside the domain, as the verifier evaluates them (STARK 7, 11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from ves_stark import layout
from ves_stark.field import ONE, Element, P, Vector, add, dot, inverse, mul, power, powers, scale, sub, total
from ves_stark.layout import ROWS, Statement
from ves_stark.rescue import MDS, MDS_INVERSE
from ves_stark.rescue_constants import ALPHA, ROUND_CONSTANTS

Values = Sequence[Element]

_TRACE_POINTS = powers(layout.TRACE_GENERATOR, ROWS)
_ROWS_INVERSE = pow(ROWS, -1, P)
_LIMB = 2**32


@dataclass(frozen=True, slots=True)
class Periodic:
    """The periodic columns at one point, with the values that they are computed from.

    `basis` holds the values of the Lagrange polynomials of the 16 rows, `inverses` 1/(point - g^row),
    `vanishing` is point^16 - 1.
    """

    active: Element
    first: Element
    forward: Element
    constants: Values
    inverses: Values
    vanishing: Element

    @classmethod
    def at(cls, point: Element) -> Periodic:
        """The periodic columns at `point`, which must not be a trace point."""
        inverses = [inverse(sub(point, (x, 0))) for x in _TRACE_POINTS]
        vanishing = sub(power(point, ROWS), ONE)
        basis = [
            scale(mul(vanishing, inv), x * _ROWS_INVERSE % P)
            for x, inv in zip(_TRACE_POINTS, inverses, strict=True)
        ]
        rounds = basis[: layout.HASH_ROUNDS_END]
        constants = [
            total(scale(value, row[lane]) for value, row in zip(rounds, ROUND_CONSTANTS, strict=True))
            for lane in layout.STATE
        ]
        return cls(total(rounds), basis[0], total(rounds[::2]), constants, inverses, vanishing)


def _linear(row: Sequence[int], values: Values) -> Element:
    return total((value[0] * factor, value[1] * factor) for factor, value in zip(row, values, strict=True))


def _bits(values: Values, columns: Sequence[int]) -> list[Element]:
    return [mul(values[column], sub(ONE, values[column])) for column in columns]


def _recomposed(values: Values, columns: Sequence[int]) -> Element:
    return _linear([2**place for place in range(len(columns))], [values[column] for column in columns])


def _range_checks(row: Values, limbs: Sequence[int], bits: Sequence[range]) -> list[Element]:
    checks = [value for columns in bits for value in _bits(row, columns)]
    sums = [sub(row[limb], _recomposed(row, columns)) for limb, columns in zip(limbs, bits, strict=True)]
    return checks + sums


def _subtraction(row: Values) -> list[Element]:
    amount, limit = layout.AMOUNT, layout.LIMIT
    difference, borrow = layout.DIFFERENCE, layout.BORROW
    low = sub(add(row[amount[0]], row[difference[0]]), row[limit[0]])
    high = sub(add(row[amount[1]], row[difference[1]]), row[limit[1]])
    return [
        sub(low, scale(row[borrow[0]], _LIMB)),
        sub(add(high, row[borrow[0]]), scale(row[borrow[1]], _LIMB)),
    ]


def _hash_rounds(row: Values, following: Values, periodic: Periodic) -> list[Element]:
    state = row[: len(layout.STATE)]
    seventh = [power(value, ALPHA) for value in state]
    idle = sub(ONE, periodic.active)
    backward = sub(ONE, periodic.forward)
    result = []
    for lane, value in enumerate(state):
        shifted = sub(following[lane], periodic.constants[lane])
        ahead = sub(shifted, _linear(MDS[lane], seventh))
        back = sub(power(shifted, ALPHA), _linear(MDS_INVERSE[lane], state))
        step = add(mul(periodic.forward, ahead), mul(backward, back))
        rest = sub(following[lane], value)
        result.append(add(mul(periodic.active, step), mul(idle, rest)))
    return result


def transition_values(row: Values, following: Values, periodic: Periodic) -> list[Element]:
    """The 157 transition constraints, in the order in which their coefficients are drawn."""
    counter = sub(sub(following[layout.ROW_NUMBER], row[layout.ROW_NUMBER]), ONE)
    start = _range_checks(row, layout.AMOUNT[:2], layout.AMOUNT_BITS)
    start += _range_checks(row, layout.DIFFERENCE[:2], layout.DIFFERENCE_BITS)
    start += _bits(row, layout.BORROW[:2])
    start += _subtraction(row)
    absorbed = [sub(row[lane], row[limb]) for lane, limb in zip(range(8), layout.AMOUNT, strict=True)]
    first = periodic.first
    return [
        counter,
        *(mul(first, value) for value in start),
        *_hash_rounds(row, following, periodic),
        *(mul(first, value) for value in absorbed),
    ]


def _columns(values: Values) -> Vector:
    first, second = zip(*values, strict=True)
    return first, second


def composition_value(
    row: Values,
    following: Values,
    point: Element,
    statement: Statement,
    transition: Vector,
    boundary: Vector,
) -> Element:
    """H(point), from the trace at `point` and at the next row (STARK 11).

    `transition` (157) and `boundary` (80) are the coefficients from the transcript.
    """
    periodic = Periodic.at(point)
    combined = dot(transition, _columns(transition_values(row, following, periodic)))
    exempt = sub(point, (_TRACE_POINTS[ROWS - 1], 0))
    result = mul(combined, mul(exempt, inverse(periodic.vanishing)))
    errors = _columns([sub(row[column], (value, 0)) for _, column, value in layout.assertions(statement)])
    edges = accumulate(layout.ASSERTION_COUNTS, initial=0)
    for at, (start, stop) in zip(layout.ASSERTION_ROWS, pairwise(edges), strict=True):
        part = slice(start, stop)
        group = dot(_slice(boundary, part), _slice(errors, part))
        result = add(result, mul(group, periodic.inverses[at]))
    return result


def _slice(vector: Vector, part: Any) -> Vector:
    return vector[0][part], vector[1][part]
