"""The field of the proof system and its quadratic extension (STARK 1).

Base elements are canonical integers in 0 .. P-1. Extension elements are pairs (a0, a1) that mean
a0 + a1*x in F_p[x]/(x^2 - x + 2). A base element a is the pair (a, 0), so one implementation of the
verifier serves both kinds of challenge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import mul as _times

from ves_stark.errors import InvalidProofError

P = 2**64 - 2**32 + 1
GENERATOR = 7
_TWO_ADICITY = 32
_TWO_ADIC_ROOT = 7277203076849721926

Element = tuple[int, int]
# A vector of extension elements: all first coordinates, then all second ones.
Vector = tuple[Sequence[int], Sequence[int]]

ZERO: Element = (0, 0)
ONE: Element = (1, 0)


def root_of_unity(order: int) -> int:
    """The root of unity of the given order, a power of two up to 2^32."""
    return pow(_TWO_ADIC_ROOT, 2**_TWO_ADICITY // order, P)


def powers(base: int, count: int, start: int = 1) -> list[int]:
    """`start` times the first `count` powers of `base`."""
    result = []
    value = start
    for _ in range(count):
        result.append(value)
        value = value * base % P
    return result


def add(a: Element, b: Element) -> Element:
    """Sum in the extension."""
    return (a[0] + b[0]) % P, (a[1] + b[1]) % P


def sub(a: Element, b: Element) -> Element:
    """Difference in the extension."""
    return (a[0] - b[0]) % P, (a[1] - b[1]) % P


def mul(a: Element, b: Element) -> Element:
    """Product in the extension."""
    a0, a1 = a
    b0, b1 = b
    low = a0 * b0
    return (low - 2 * a1 * b1) % P, ((a0 + a1) * (b0 + b1) - low) % P


def scale(a: Element, factor: int) -> Element:
    """Product with an integer."""
    return a[0] * factor % P, a[1] * factor % P


def power(a: Element, exponent: int) -> Element:
    """`a` to a non-negative exponent."""
    result = ONE
    for bit in f"{exponent:b}":
        result = mul(result, result)
        if bit == "1":
            result = mul(result, a)
    return result


def inverse(a: Element) -> Element:
    """1/a. Raises InvalidProofError for zero: a challenge that hits a domain point proves nothing."""
    a0, a1 = a
    norm = (a0 * a0 + a0 * a1 + 2 * a1 * a1) % P
    if norm == 0:
        raise InvalidProofError("a challenge coincides with a point of the domain")
    factor = pow(norm, -1, P)
    return (a0 + a1) * factor % P, -a1 * factor % P


def total(elements: Iterable[Element]) -> Element:
    """Sum of many elements."""
    first = second = 0
    for a0, a1 in elements:
        first += a0
        second += a1
    return first % P, second % P


def dot_base(vector: Vector, values: Sequence[int]) -> Element:
    """Sum of products of extension elements with base elements; one reduction at the end."""
    return sum(map(_times, vector[0], values)) % P, sum(map(_times, vector[1], values)) % P


def dot(left: Vector, right: Vector) -> Element:
    """Sum of products of two vectors of extension elements."""
    low0, low1 = dot_base(left, right[0])
    high0, high1 = dot_base(left, right[1])
    return (low0 - 2 * high1) % P, (low1 + high0 + high1) % P


def evaluate(coefficients: Vector, point: Element) -> Element:
    """Value of a polynomial (constant term first) at `point`."""
    result = ZERO
    for coefficient in zip(reversed(coefficients[0]), reversed(coefficients[1]), strict=True):
        result = add(mul(result, point), coefficient)
    return result
