"""The prover: deterministic, byte-identical to the original's (STARK 6 to 14)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ves_stark import layout, wire
from ves_stark.errors import ProvingError
from ves_stark.field import ZERO, Element, Vector, add, evaluate, mul, scale, total
from ves_stark.layout import COMPOSITION_COLUMNS, DOMAIN, ROWS, Statement
from ves_stark.merkle import build, open_many
from ves_stark.options import DEFAULT, Options
from ves_stark.prover.arrays import Array, array, matmul
from ves_stark.prover.composition import composition_columns
from ves_stark.prover.domain import COSET, domain
from ves_stark.prover.grinding import grind
from ves_stark.prover.trace import build as build_trace
from ves_stark.rescue import commitment
from ves_stark.transcript import Coin, digest, element_bytes
from ves_stark.verifier import start_coin


class _Committed:
    """A table of the whole domain, row by row, under a Merkle tree."""

    def __init__(self, table: Array) -> None:
        data = table.astype("<u8").tobytes()
        size = len(data) // len(table)
        self.rows = [data[at : at + size] for at in range(0, len(data), size)]
        self._levels = build([digest(row) for row in self.rows])

    @property
    def root(self) -> bytes:
        return self._levels[-1][0]

    def open(self, positions: list[int]) -> wire.Opening:
        return wire.Opening([self.rows[at] for at in positions], open_many(self._levels, positions))


def _interleave(coordinates: list[Array]) -> Array:
    """Coordinates of extension elements side by side: (rows, columns * degree)."""
    stacked = np.stack(coordinates, axis=-1)
    return stacked.reshape(len(stacked), -1)


def _encode(values: list[Element], degree: int) -> bytes:
    return element_bytes([part for value in values for part in value[:degree]])


def _combine(weights: Vector, columns: Array) -> Vector:
    """Weighted sum of base columns: (16, n) coefficients, n weights."""
    first, second = matmul(array(weights), columns.T).tolist()
    return first, second


def _at(point: Element, columns: Array) -> list[Element]:
    """Values at `point` of the polynomials whose coefficients are the base `columns` (16, n)."""
    ladder: list[Element] = [(1, 0)]
    while len(ladder) < ROWS:
        ladder.append(mul(ladder[-1], point))
    first, second = matmul(array(list(zip(*ladder, strict=True))), columns).tolist()
    return list(zip(first, second, strict=True))


def _quotient(polynomial: list[Element], point: Element) -> list[Element]:
    """Coefficients of (f(x) - f(point)) / (x - point), by synthetic division, padded to 16."""
    result = [ZERO]
    for coefficient in reversed(polynomial[1:]):
        result.append(add(mul(result[-1], point), coefficient))
    return [*reversed(result[1:]), ZERO]


def _pairs(vector: Vector) -> list[Element]:
    return list(zip(*vector, strict=True))


def _deep(trace: Vector, composition: list[Element], point: Element) -> list[Element]:
    """The remainder: the DEEP polynomial, of degree 14 (STARK 12)."""
    following = scale(point, layout.TRACE_GENERATOR)
    here = [add(a, b) for a, b in zip(_pairs(trace), composition, strict=True)]
    parts = _quotient(here, point), _quotient(_pairs(trace), following)
    return [add(a, b) for a, b in zip(*parts, strict=True)]


def _check(amount: int, statement: Statement) -> None:
    if not 0 <= amount <= statement.limit:
        raise ProvingError("amount_violates_policy", "the amount is above the limit: there is no proof")
    if list(statement.commitment) != commitment(amount):
        raise ProvingError("commitment_mismatch", "the statement commits to another amount")


def prove_statement(amount: int, statement: Statement, options: Options = DEFAULT) -> bytes:
    """Bytes of the proof that the committed `amount` is at most the limit of `statement`.

    Raises ProvingError when that is false or the commitment is another amount's. The result
    is deterministic.
    """
    _check(amount, statement)
    tables = domain()
    coin = start_coin(options, statement)
    coefficients = matmul(tables.interpolate, array(build_trace(amount, statement)))
    extended = matmul(tables.extend, coefficients)
    trace = _Committed(extended)
    coin.reseed(trace.root)
    transition = coin.draw_many(layout.TRANSITION_CONSTRAINTS)
    boundary = coin.draw_many(layout.ASSERTIONS)
    coset = np.ascontiguousarray(extended[:: DOMAIN // COSET].T)
    columns = composition_columns(coset, statement, transition, boundary, tables)
    extended_columns = [matmul(tables.extend, part) for part in columns[: options.extension]]
    composition = _Committed(_interleave(extended_columns))
    coin.reseed(composition.root)
    frames = _open_out_of_domain(coin, options.extension, coefficients, columns)
    nonce = grind(coin.seed, options.grinding_bits)
    positions = coin.positions(nonce, options.queries, DOMAIN)
    return wire.write(
        wire.Proof(
            options=options,
            unique_queries=len(positions),
            trace_root=trace.root,
            composition_root=composition.root,
            remainder_commitment=digest(frames.remainder),
            trace=trace.open(positions),
            composition=composition.open(positions),
            trace_frame=frames.trace,
            composition_frame=frames.composition,
            remainder=frames.remainder,
            nonce=nonce,
        )
    )


@dataclass(slots=True)
class _Frames:
    """Canonical bytes of the out-of-domain values and of the remainder."""

    trace: bytes
    composition: bytes
    remainder: bytes


def _open_out_of_domain(coin: Coin, degree: int, trace: Array, composition: list[Array]) -> _Frames:
    """Evaluate at the drawn point and combine everything into the remainder (STARK 12).

    `trace` (16, 248) and `composition` (two of (16, 8)) are coefficients.
    """
    point = coin.draw()
    here, there = _at(point, trace), _at(scale(point, layout.TRACE_GENERATOR), trace)
    frame = _encode([value for pair in zip(here, there, strict=True) for value in pair], degree)
    polynomials = _polynomials(composition)
    composition_frame = _encode([evaluate(polynomial, point) for polynomial in polynomials], degree)
    coin.reseed(digest(frame))
    coin.reseed(digest(composition_frame))
    combined = _combine(coin.draw_many(layout.WIDTH), trace)
    weights = _pairs(coin.draw_many(COMPOSITION_COLUMNS))
    remainder = _encode(_deep(combined, _mix(polynomials, weights), point), degree)
    coin.reseed(digest(remainder))
    return _Frames(frame, composition_frame, remainder)


def _polynomials(columns: list[Array]) -> list[Vector]:
    """The composition columns as polynomials with 16 extension coefficients."""
    first, second = (part.T.tolist() for part in columns)
    return list(zip(first, second, strict=True))


def _mix(polynomials: list[Vector], weights: list[Element]) -> list[Element]:
    """Weighted sum of polynomials, by coefficient."""
    rows = zip(*(_pairs(polynomial) for polynomial in polynomials), strict=True)
    return [
        total(mul(weight, coefficient) for weight, coefficient in zip(weights, row, strict=True))
        for row in rows
    ]
