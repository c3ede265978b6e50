"""Tables that depend on the domain only; computed once in a process."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ves_stark import layout
from ves_stark.constraints import Periodic
from ves_stark.field import GENERATOR, P, inverse, powers, root_of_unity
from ves_stark.layout import COMPOSITION_COLUMNS, DOMAIN, ROWS
from ves_stark.prover.arrays import Array, array

COSET = ROWS * COMPOSITION_COLUMNS


@dataclass(frozen=True)
class Domain:
    """Matrices of the transforms and, on the constraint coset, the constant factors.

    `interpolate` (16, 16) turns columns into coefficients, `extend` (256, 16) evaluates coefficients on
    the whole domain, `cut` (128, 128) interpolates over the coset of 128 points. The rest are values on
    that coset: periodic columns, 1/vanishing of the transitions (128,), 1/(x - g^row) by row (3, 128).
    """

    interpolate: Array
    extend: Array
    cut: Array
    active: Array
    first: Array
    forward: Array
    constants: Array
    transition_divisor: Array
    boundary_divisors: Array


def _inverse_transform(order: int, shift: int) -> Array:
    """Interpolation over `shift` times the roots of unity: (coefficient, point)."""
    roots = array(powers(pow(root_of_unity(order), -1, P), order))
    places = np.arange(order)
    table = roots[np.outer(places, places) % order].tolist()
    scales = powers(pow(shift, -1, P), order, pow(order, -1, P))
    return array([[value * factor % P for value in row] for factor, row in zip(scales, table, strict=True)])


@cache
def domain() -> Domain:
    """The tables. About 30 ms, once."""
    points = powers(layout.DOMAIN_GENERATOR, DOMAIN, GENERATOR)
    coset = points[:: DOMAIN // COSET]
    periodic = [Periodic.at((x, 0)) for x in coset]
    last = layout.TRACE_GENERATOR ** (ROWS - 1) % P
    return Domain(
        interpolate=_inverse_transform(ROWS, 1),
        extend=array([powers(x, ROWS) for x in points]),
        cut=_inverse_transform(COSET, GENERATOR),
        active=array([item.active[0] for item in periodic]),
        first=array([item.first[0] for item in periodic]),
        forward=array([item.forward[0] for item in periodic]),
        constants=array(
            list(zip(*([value[0] for value in item.constants] for item in periodic), strict=True))
        ),
        transition_divisor=array(
            [(x - last) * inverse(item.vanishing)[0] % P for x, item in zip(coset, periodic, strict=True)]
        ),
        boundary_divisors=array(
            [[item.inverses[row][0] for item in periodic] for row in layout.ASSERTION_ROWS]
        ),
    )
