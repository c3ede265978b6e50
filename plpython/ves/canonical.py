"""Canonical JSON (VES 2): JCS (RFC 8785) and PLAIN, the compact form of the legacy hashes.

JCS has a fast path: msgspec reads the text and hands every float literal to `_jcs_float`, orjson
writes the sorted result. Where orjson's order or numbers differ from RFC 8785 (an integer beyond
2^53-1, a key beyond U+FFFF) the value is rebuilt in the right order first. The `rfc8785` package is
the oracle of the tests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

import msgspec
import orjson

from ves.errors import ProtocolError
from ves.json_scan import MAX_DEPTH, is_deeper
from ves.numbers import double_of, es6_text, finite, parse_double, plain_text

_MAX_EXACT = 2**53 - 1
_I64_MIN = -(2**63)
_U64_MAX = 2**64 - 1
_U64_DIGITS = 20
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_LONGER_IN_JCS = re.compile(rb"\d{17,}|0\.00000|e\+")
_DIGITS = re.compile(rb"\d+")
_MAX_SURPLUS = 17
_MAX_GROWTH = 4
_LONE_SURROGATE = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])(?!$)|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)
_ES6_LOW = 1e-4
_ES6_HIGH = 1e16
# First bytes of the UTF-8 of characters beyond U+FFFF, the only ones that sort otherwise in UTF-16.
_ASTRAL = range(0xF0, 0xF5)
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _jcs_float(literal: str) -> float | int | orjson.Fragment:
    value = float(literal)
    if value % 1:
        # In this range orjson writes a double as ECMAScript does.
        if _ES6_LOW <= value < _ES6_HIGH or -_ES6_HIGH < value <= -_ES6_LOW:
            return value
    elif -_MAX_EXACT <= value <= _MAX_EXACT:
        return int(value)
    return orjson.Fragment(es6_text(finite(value)))


_jcs_decode = msgspec.json.Decoder(float_hook=_jcs_float).decode


def malformed(cause: BaseException | str, raw: bytes = b"") -> ProtocolError:
    """Return the malformed_json error; `raw` is inspected for causes that the decoder reports under another name."""
    if _LONE_SURROGATE.search(raw.replace(rb"\\", b"")):
        cause = "a lone surrogate, half a character"
    return ProtocolError("malformed_json", f"not acceptable JSON: {cause}")


def jcs(raw: bytes, *, max_depth: int = MAX_DEPTH) -> bytes:
    """RFC 8785 form of the JSON text `raw` (VES 2.1), as UTF-8.

    Raises ProtocolError("malformed_json") for everything that VES 2.2 refuses: bad syntax or UTF-8,
    lone surrogates, infinite numbers, more than `max_depth` nested levels.
    """
    if is_deeper(raw, max_depth):
        raise malformed("nested too deeply")
    try:
        value = _jcs_decode(raw)
    except _MALFORMED as error:
        raise malformed(error, raw) from None
    try:
        text = orjson.dumps(value, option=_SORTED)
        if text.isascii() or not any(map(text.__contains__, _ASTRAL)):
            return text
    except TypeError:  # an integer beyond 2^53-1
        pass
    return jcs_value(value, max_depth=max_depth)


def jcs_value(value: Any, *, max_depth: int = MAX_DEPTH) -> bytes:
    """RFC 8785 form of a Python value made of dict, list, tuple, str, int, float, bool and None."""
    return _write(_rebuild(value, _utf16_order, _jcs_leaf, max_depth), orjson.OPT_STRICT_INTEGER)


def plain(raw: bytes, *, max_depth: int = MAX_DEPTH) -> bytes:
    """The compact form (VES 2.3) of the JSON text `raw`. Refuses what `jcs` refuses."""
    if is_deeper(raw, max_depth):
        raise malformed("nested too deeply")
    return plain_value(_plain_decode(raw), max_depth=max_depth)


def _plain_decode(raw: bytes) -> Any:
    try:
        return json.loads(
            raw.decode(), parse_int=_plain_int, parse_float=parse_double, parse_constant=_no_constant
        )
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(error) from None


def plain_value(value: Any, *, max_depth: int = MAX_DEPTH) -> bytes:
    """The compact form (VES 2.3) of a Python value; int and float stay apart."""
    return _write(_rebuild(value, sorted, _plain_leaf, max_depth), 0)


def is_plain_longer(raw: bytes, canonical: bytes, limit: int) -> bool:
    """Whether the compact form of `raw` has more than `limit` bytes; `canonical` is its JCS form.

    The two differ in their numbers only: a double is written up to 17 bytes shorter in the compact form (from 1e16
    on and around 1e-6) and up to 4 bytes longer (`1` is `1.0`, `0` is `-0.0`, 17 digits get an exponent). These bounds
    decide most texts without a conversion.
    """
    surplus = _MAX_SURPLUS * len(_LONGER_IN_JCS.findall(canonical))
    if len(canonical) - surplus > limit:
        return True
    if len(canonical) + _MAX_GROWTH * len(_DIGITS.findall(canonical)) <= limit:
        return False
    return len(canonical) + sum(map(_growth, _numbers(_plain_decode(raw)))) > limit


def _numbers(value: Any) -> Iterator[int | float]:
    row = [value]
    while row:
        below: list[Any] = []
        for item in row:
            kind = type(item)
            if kind is dict:
                below += item.values()
            elif kind is list:
                below += item
            elif kind is int or kind is float:
                yield item
        row = below


def _growth(number: float) -> int:
    """How many bytes longer the compact form of a number is than its JCS form."""
    if isinstance(number, float):
        return len(plain_text(number)) - len(es6_text(number))
    if -_MAX_EXACT <= number <= _MAX_EXACT:
        return 0
    return len(str(number)) - len(es6_text(double_of(number)))


def _no_constant(name: str) -> NoReturn:
    raise malformed(name)


def _plain_int(literal: str) -> int | float:
    # Python's digit limit for int() does not apply: such literals are parsed as doubles.
    if literal == "-0" or len(literal) > _U64_DIGITS:
        return parse_double(literal)
    number = int(literal)
    return number if _I64_MIN <= number <= _U64_MAX else double_of(number)


def _utf16_order(keys: Iterable[str]) -> list[str]:
    return sorted(keys, key=lambda key: key.encode("utf-16-be", "surrogatepass"))


def _jcs_leaf(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        if -_MAX_EXACT <= value <= _MAX_EXACT:
            return value
        return orjson.Fragment(es6_text(double_of(value)))
    if kind is float:
        return orjson.Fragment(es6_text(finite(value)))
    return _text_leaf(value)


def _plain_leaf(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        if _I64_MIN <= value <= _U64_MAX:
            return value
        return orjson.Fragment(plain_text(double_of(value)))
    if kind is float:
        return orjson.Fragment(plain_text(finite(value)))
    return _text_leaf(value)


def _text_leaf(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | orjson.Fragment):
        return value
    raise ProtocolError("malformed_json", f"not a JSON value: {type(value).__name__}")


def _rebuild(
    value: Any,
    order: Callable[[Iterable[str]], list[str]],
    leaf: Callable[[Any], Any],
    max_depth: int,
) -> Any:
    """A copy of `value` with members in `order` and leaves ready to write. No recursion."""
    todo: list[tuple[Any, Any, int]] = []

    def place(item: Any, depth: int) -> Any:
        if not isinstance(item, dict | list | tuple):
            return leaf(item)
        if depth > max_depth:
            raise malformed("nested too deeply")
        shell: Any = {} if isinstance(item, dict) else []
        todo.append((item, shell, depth))
        return shell

    result = place(value, 1)
    while todo:
        source, shell, depth = todo.pop()
        if isinstance(source, dict):
            if not all(isinstance(key, str) for key in source):
                raise ProtocolError("malformed_json", "object keys must be strings")
            for key in order(source):
                shell[key] = place(source[key], depth + 1)
        else:
            shell.extend(place(item, depth + 1) for item in source)
    return result


def _write(value: Any, option: int) -> bytes:
    try:
        return orjson.dumps(value, option=option)
    except TypeError as error:  # a lone surrogate
        raise malformed(error) from None
