"""The field and its extension (STARK 1)."""

from __future__ import annotations

from random import Random

import pytest

from tests.unit.ves_stark.vectors import load
from ves_stark import field
from ves_stark.errors import InvalidProofError
from ves_stark.field import P

EDGES = [0, 1, 2, 2**32 - 1, 2**32, 2**63, P - 2**32, P - 2, P - 1]


def elements(count, seed=1):
    source = Random(seed)
    return [(source.randrange(P), source.randrange(P)) for _ in range(count)] + [
        (a, b) for a in EDGES for b in EDGES
    ]


def test_the_roots_of_unity_are_the_published_ones():
    for order, root in load("rescue_constants")["rootsOfUnity"].items():
        assert field.root_of_unity(int(order)) == int(root)


def test_multiplication_reduces_x_squared_to_x_minus_two():
    x = (0, 1)
    assert field.mul(x, x) == field.sub(x, (2, 0))
    for a, b in zip(elements(50), elements(50, seed=2), strict=True):
        low, mixed, high = a[0] * b[0], a[0] * b[1] + a[1] * b[0], a[1] * b[1]
        assert field.mul(a, b) == ((low - 2 * high) % P, (mixed + high) % P)


def test_an_inverse_times_its_element_is_one():
    for a in elements(50):
        if a != field.ZERO:
            assert field.mul(a, field.inverse(a)) == field.ONE


def test_zero_has_no_inverse():
    with pytest.raises(InvalidProofError):
        field.inverse(field.ZERO)


def test_products_of_vectors_are_sums_of_products():
    left, right = elements(30), elements(30, seed=3)
    columns = tuple(zip(*left, strict=True)), tuple(zip(*right, strict=True))
    expected = field.total(field.mul(a, b) for a, b in zip(left, right, strict=True))
    assert field.dot(*columns) == expected
    base = [b for b, _ in right]
    expected = field.total(field.scale(a, b) for a, b in zip(left, base, strict=True))
    assert field.dot_base(columns[0], base) == expected


def test_a_power_is_repeated_multiplication():
    a, value = elements(1)[0], field.ONE
    for exponent in range(20):
        assert field.power(a, exponent) == value
        value = field.mul(value, a)


def test_a_polynomial_is_evaluated_from_the_constant_term():
    point, coefficients = (3, 5), [(1, 0), (0, 2), (7, 7)]
    expected = field.total(field.mul(c, field.power(point, k)) for k, c in enumerate(coefficients))
    assert field.evaluate(tuple(zip(*coefficients, strict=True)), point) == expected
