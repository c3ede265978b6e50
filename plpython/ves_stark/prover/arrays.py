"""Arithmetic modulo P on NumPy arrays of uint64, all values canonical."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ves_stark.field import P

Array = NDArray[np.uint64]
_Reals = NDArray[np.float64]

_U = np.uint64
_MODULUS = _U(P)
_HALF = _U(32)
_LOW = _U(0xFFFFFFFF)
# 2^64 is congruent to this modulo P.
_EPSILON = _U(0xFFFFFFFF)
# Doubles hold products of 22-bit limbs exactly, also summed over up to 2^9 terms.
_LIMB_BITS = 22
_LIMBS = 3
_SERIAL_WORK = 1 << 18
_LIMB_MASK = _U((1 << _LIMB_BITS) - 1)


def array(values: Sequence[int] | Sequence[Sequence[int]]) -> Array:
    """Canonical integers as an array."""
    return np.array(values, dtype=np.uint64)


def _canonical(values: Array) -> Array:
    return np.where(values >= _MODULUS, values - _MODULUS, values)


def add(a: Array, b: Array | np.uint64) -> Array:
    """Elementwise sum."""
    result = a + b
    return _canonical(np.where(result < a, result + _EPSILON, result))


def sub(a: Array, b: Array) -> Array:
    """Elementwise difference."""
    result = a - b
    return np.where(a < b, result - _EPSILON, result)


def mul(a: Array, b: Array | np.uint64) -> Array:
    """Elementwise product, from four 32-bit products."""
    a_low, a_high = a & _LOW, a >> _HALF
    b_low, b_high = b & _LOW, b >> _HALF
    low = a_low * b_low
    cross = a_low * b_high + (low >> _HALF)
    other = a_high * b_low + (cross & _LOW)
    high = a_high * b_high + (cross >> _HALF) + (other >> _HALF)
    low = (other << _HALF) | (low & _LOW)
    # high = top*2^32 + middle, 2^96 = -1 and 2^64 = 2^32 - 1 (mod P)
    top, middle = high >> _HALF, high & _LOW
    result = low - top
    result = np.where(low < top, result - _EPSILON, result)
    carry = (middle << _HALF) - middle
    result = result + carry
    return _canonical(np.where(result < carry, result + _EPSILON, result))


def power7(a: Array) -> Array:
    """Elementwise seventh power."""
    square = mul(a, a)
    return mul(mul(mul(square, square), square), a)


def _limbs(values: Array) -> list[_Reals]:
    return [((values >> _U(_LIMB_BITS * place)) & _LIMB_MASK).astype(np.float64) for place in range(_LIMBS)]


def matmul(a: Array, b: Array) -> Array:
    """Matrix product; the inner dimension must be at most 512.

    Exact through floating-point matrix products of 22-bit limbs, which the linear algebra library does
    an order of magnitude faster than integer ones. In blocks of rows, small enough that the library
    does not use its threads: waking them takes three times as long as the product.
    """
    rows = max(1, _SERIAL_WORK // b.size)
    return np.concatenate([_matmul(a[at : at + rows], b) for at in range(0, len(a), rows)])


def _matmul(a: Array, b: Array) -> Array:
    parts: list[list[Array]] = [[] for _ in range(2 * _LIMBS - 1)]
    left, right = _limbs(a), _limbs(b)
    for i, j in product(range(_LIMBS), repeat=2):
        parts[i + j].append((left[i] @ right[j]).astype(np.uint64))
    shifted = [
        mul(reduce(np.add, group), _U(pow(2, _LIMB_BITS * place, P))) if place else reduce(np.add, group)
        for place, group in enumerate(parts)
    ]
    return reduce(add, shifted)
