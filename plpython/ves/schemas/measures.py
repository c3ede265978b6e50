"""Payload properties that determine validation cost: places, their depth, numbers and their digits."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

_FLOAT_DIGITS = 17
_LOG10_2 = math.log10(2)
_LONG = 256


class Measures(NamedTuple):
    """Counts over one payload.

    `levels` is the sum over all places of their nesting depth, the place itself included;
    `digit_levels` is the same with each number counted as often as it has digits (see `digits_of`).
    """

    size: int
    places: int
    objects: int
    arrays: int
    numbers: int
    digits: int
    levels: int
    digit_levels: int


def measure(size: int, payload: Any) -> Measures:
    """The counts of a decoded payload of `size` bytes, in one pass. Names of members are places too."""
    places = objects = arrays = numbers = digits = levels = digit_levels = 0
    row, depth = [payload], 1
    while row:
        below: list[Any] = []
        places += len(row)
        levels += depth * len(row)
        for value in row:
            kind = type(value)
            if kind is dict:
                objects += 1
                places += len(value)
                below += value.values()
            elif kind is list:
                arrays += 1
                below += value
            elif kind is int or kind is float:
                count = digits_of(value)
                numbers += 1
                digits += count
                digit_levels += depth * count
        row, depth = below, depth + 1
    return Measures(size, places, objects, arrays, numbers, digits, levels, digit_levels)


def digits_of(number: float) -> int:
    """Decimal digits that exact arithmetic on a number handles: an exponent counts as that many digits.

    Grows with the square for very long numbers, as multiplying them does.
    """
    if isinstance(number, int):
        count = int(number.bit_length() * _LOG10_2) + 1
        return count + count * count // _LONG
    return _FLOAT_DIGITS + abs(int(math.frexp(number)[1] * _LOG10_2))


class UniqueItems:
    """The keyword `uniqueItems` in linear time; the validator's own compares integers beyond 2^53 in pairs.

    Equality is that of JSON Schema: 1 and 1.0 are equal, 1 and true are not.
    """

    def __init__(self, _parent: Any, value: Any, _path: Any) -> None:
        self._applies = value is True

    def validate(self, instance: Any) -> None:
        """Raise ValueError if an array has two equal items."""
        if self._applies and type(instance) is list and len(set(map(key_of, instance))) < len(instance):
            raise ValueError("equal items")


def key_of(value: Any) -> str:
    """A text that two JSON values share exactly if JSON Schema calls them equal."""
    # Texts, because their hashes are seeded: integers with equal hashes are easy to make.
    return "s" + value if type(value) is str else repr(_normal(value))


def _normal(value: Any) -> Any:
    kind = type(value)
    if kind is float:
        return int(value) if value.is_integer() else value
    if kind is list:
        return list(map(_normal, value))
    if kind is dict:
        return {name: _normal(value[name]) for name in sorted(value)}
    return value
