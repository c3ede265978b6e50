"""The verifier of proof bytes for a statement (STARK 9 to 15).

All arithmetic is in the quadratic extension; a proof without extension stays in its first
coordinate. Needs no NumPy.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ves_stark import layout, wire
from ves_stark.constraints import Values, composition_value
from ves_stark.errors import InvalidProofError, UnacceptedOptionsError
from ves_stark.field import (
    GENERATOR,
    ZERO,
    Element,
    P,
    Vector,
    add,
    dot,
    dot_base,
    evaluate,
    inverse,
    mul,
    power,
    scale,
    sub,
)
from ves_stark.layout import ROWS, WIDTH, Statement
from ves_stark.merkle import check_opening
from ves_stark.options import ACCEPTED, Options
from ves_stark.transcript import Coin, digest, pow_bits

_FIRST_ELEMENT = WIDTH << 8
_DEPTH = layout.DOMAIN.bit_length() - 1
_MODULUS_HALVES = (P & 0xFFFFFFFF, P >> 32)


def start_coin(options: Options, statement: Statement) -> Coin:
    """The transcript before the first commitment (STARK 9)."""
    shape = options.extension << 16 | options.folding << 8 | options.remainder_max_degree
    parameters = [shape, options.grinding_bits, options.blowup, options.queries]
    elements = [_FIRST_ELEMENT, ROWS, *_MODULUS_HALVES, *parameters, *statement.elements()]
    return Coin(elements, options.extension)


@dataclass(slots=True)
class _Challenges:
    transition: Vector
    boundary: Vector
    point: Element
    trace_weights: Vector
    composition_weights: Vector
    positions: list[int]


def _vector(data: bytes, degree: int) -> Vector:
    values = wire.elements(data)
    if degree == 1:
        return values, (0,) * len(values)
    return values[::2], values[1::2]


def _challenges(proof: wire.Proof, statement: Statement) -> _Challenges:
    options = proof.options
    coin = start_coin(options, statement)
    coin.reseed(proof.trace_root)
    transition = coin.draw_many(layout.TRANSITION_CONSTRAINTS)
    boundary = coin.draw_many(layout.ASSERTIONS)
    coin.reseed(proof.composition_root)
    point = coin.draw()
    coin.reseed(digest(proof.trace_frame))
    coin.reseed(digest(proof.composition_frame))
    trace_weights = coin.draw_many(WIDTH)
    composition_weights = coin.draw_many(layout.COMPOSITION_COLUMNS)
    coin.reseed(proof.remainder_commitment)
    if pow_bits(coin.seed, proof.nonce) < options.grinding_bits:
        raise InvalidProofError("the proof of work is missing")
    positions = coin.positions(proof.nonce, options.queries, layout.DOMAIN)
    return _Challenges(transition, boundary, point, trace_weights, composition_weights, positions)


def verify_proof(data: bytes, statement: Statement, accepted: AbstractSet[Options] = ACCEPTED) -> None:
    """Return when `data` proves `statement` with options that are in `accepted`.

    Raises only MalformedProofError, UnacceptedOptionsError or InvalidProofError. Time and
    memory are bounded by the options, not by the input.
    """
    proof = wire.parse(data)
    if proof.options not in accepted:
        raise UnacceptedOptionsError("the verifier does not accept this option set")
    challenges = _challenges(proof, statement)
    if len(challenges.positions) != proof.unique_queries:
        raise InvalidProofError("the number of query positions is not the drawn one")
    if digest(proof.remainder) != proof.remainder_commitment:
        raise InvalidProofError("the remainder is not the committed one")
    for root, opening in (
        (proof.trace_root, proof.trace),
        (proof.composition_root, proof.composition),
    ):
        leaves = [digest(row) for row in opening.rows]
        check_opening(root, _DEPTH, challenges.positions, leaves, opening.nodes)
    frame = _Frame(proof, challenges)
    _check_constraints(frame, statement, challenges)
    _check_low_degree(frame, proof, challenges)


class _Frame:
    """The out-of-domain values: the trace at z and at z*g, the composition columns at z."""

    def __init__(self, proof: wire.Proof, challenges: _Challenges) -> None:
        degree = proof.options.extension
        first, second = _vector(proof.trace_frame, degree)
        self.here: Vector = first[::2], second[::2]
        self.there: Vector = first[1::2], second[1::2]
        self.composition: Vector = _vector(proof.composition_frame, degree)
        self.point = challenges.point
        self.next_point = scale(challenges.point, layout.TRACE_GENERATOR)


def _values(vector: Vector) -> Values:
    return list(zip(*vector, strict=True))


def _check_constraints(frame: _Frame, statement: Statement, challenges: _Challenges) -> None:
    expected = composition_value(
        _values(frame.here),
        _values(frame.there),
        frame.point,
        statement,
        challenges.transition,
        challenges.boundary,
    )
    # The columns are the slices of one polynomial: Horner in z^16.
    if evaluate(frame.composition, power(frame.point, ROWS)) != expected:
        raise InvalidProofError("the constraints do not hold out of the domain")


def _check_low_degree(frame: _Frame, proof: wire.Proof, challenges: _Challenges) -> None:
    """DEEP and the low-degree test: without FRI layers, the remainder is the whole polynomial (STARK 12)."""
    degree = proof.options.extension
    weights, composition_weights = challenges.trace_weights, challenges.composition_weights
    at_point = add(dot(weights, frame.here), dot(composition_weights, frame.composition))
    at_next = dot(weights, frame.there)
    remainder = _vector(proof.remainder, degree)
    if (remainder[0][-1], remainder[1][-1]) != ZERO:
        raise InvalidProofError("the remainder has too high a degree")
    rows = zip(challenges.positions, proof.trace.rows, proof.composition.rows, strict=True)
    for position, trace_row, composition_row in rows:
        x = GENERATOR * pow(layout.DOMAIN_GENERATOR, position, P) % P, 0
        trace = dot_base(weights, wire.elements(trace_row))
        composition = dot(composition_weights, _vector(composition_row, degree))
        left = mul(sub(add(trace, composition), at_point), inverse(sub(x, frame.point)))
        right = mul(sub(trace, at_next), inverse(sub(x, frame.next_point)))
        if evaluate(remainder, x) != add(left, right):
            raise InvalidProofError("an opened row does not fit the remainder")
