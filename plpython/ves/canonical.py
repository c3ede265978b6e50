"""Canonical JSON (VES 2): JCS (RFC 8785) and PLAIN, the compact form of the legacy hashes.

JCS has a fast path: msgspec reads the text and hands every float literal to `_jcs_float`, orjson
writes the sorted result. Where orjson's order or numbers differ from RFC 8785 (an integer beyond
2^53-1, a key beyond U+FFFF) the value is rebuilt in the right order first. The `rfc8785` package is
the oracle of the tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import orjson

from ves import json_decode
from ves.errors import ProtocolError
from ves.json_scan import MAX_DEPTH, is_deeper
from ves.numbers import double_of, es6_text, finite, plain_text

_MAX_EXACT = 2**53 - 1
_I64_MIN = -(2**63)
_U64_MAX = 2**64 - 1
_SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_LONGER_IN_JCS = re.compile(rb"\d{17,}|0\.00000|e\+")
_DIGITS = re.compile(rb"\d+")
_MINUS_ZERO = re.compile(rb"(?<![eE])-0(?![.eE\d])")
_MAX_SURPLUS = 17
_MAX_GROWTH = 4
_LONE_SURROGATE = re.compile(
    rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])(?!$)|(?<!\\u[dD][89abAB]..\\u[dD])[c-fC-F][0-9a-fA-F]{2})"
)
_ES6_LOW = 1e-4
_ES6_HIGH = 1e16
_REPR_FROM = 1e21
_REPR_BELOW = 1e-9
# First bytes of the UTF-8 of characters beyond U+FFFF, the only ones that sort otherwise in UTF-16.
_ASTRAL = range(0xF0, 0xF5)
_MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _jcs_float(literal: str) -> float | int | orjson.Fragment:
    value = float(literal)
    size = abs(value)
    if value % 1:
        # In this range orjson writes a double as ECMAScript does.
        if _ES6_LOW <= size < _ES6_HIGH:
            return value
    elif size <= _MAX_EXACT:
        return int(value)
    if size >= _REPR_FROM or size < _REPR_BELOW:
        # Here Python's repr is the ECMAScript form.
        return orjson.Fragment(repr(finite(value)))
    return orjson.Fragment(es6_text(finite(value)))


_jcs_decode = json_decode.decoder(float_hook=_jcs_float)


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
    if b"-0" in raw:
        # orjson reads the integer -0 as 0.
        raw = _outside_strings(raw, lambda text: _MINUS_ZERO.sub(b"-0.0", text))
    try:
        text = orjson.dumps(orjson.loads(raw), option=orjson.OPT_SORT_KEYS)
    except orjson.JSONDecodeError as error:
        raise malformed(error, raw) from None
    if b"e+" in text:
        text = _outside_strings(text, lambda part: part.replace(b"e+", b"e"))
    return text


def _outside_strings(text: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Apply `change`, which keeps quotation marks, to the parts of a JSON text that are outside of strings."""
    # The two stand-ins are control characters: where they occur, the text is no JSON and is refused.
    parts = text.replace(b"\\\\", b"\0").replace(b'\\"', b"\1").split(b'"')
    # Without escaped quotation marks every other part is outside of strings.
    parts[::2] = change(b'"'.join(parts[::2])).split(b'"')
    return b'"'.join(parts).replace(b"\1", b'\\"').replace(b"\0", b"\\\\")


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
    return len(plain(raw)) > limit


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
