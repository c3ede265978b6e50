"""Cheap tests on raw JSON text: nesting and NUL characters. Linear time on any input."""

from __future__ import annotations

from collections.abc import Iterator

MAX_DEPTH = 127

# Four 2-bit symbols in a byte: other, opening bracket, closing bracket, quotation mark.
_TO_DIGITS = bytes.maketrans(b'[{]}"', b"11223")
_NOT_SYMBOLS = bytes(byte for byte in range(256) if byte not in b'[]{}"')
_SHIFTS = (6, 4, 2, 0)
_INSIDE = 256
_USUAL_BYTES_A_VALUE = 24


def _steps() -> Iterator[tuple[int, int, int]]:
    """For four symbols read outside, then inside a string: maximum and final change of depth, next state."""
    for state in (0, _INSIDE):
        for byte in range(256):
            top = change = 0
            inside = state
            for symbol in (byte >> shift & 3 for shift in _SHIFTS):
                if symbol == 3:  # noqa: PLR2004
                    inside ^= _INSIDE
                elif symbol and not inside:
                    change += 1 if symbol == 1 else -1
                    top = max(top, change)
            yield top, change, inside


_STEPS = tuple(_steps())


def count_openings(raw: bytes) -> int:
    """Opening brackets and braces in `raw`, those inside strings included: a bound on the nesting."""
    # bytes.replace searches with memchr: ten times as fast as bytes.count, which tests one byte at a time.
    return 2 * len(raw) - len(raw.replace(b"[", b"")) - len(raw.replace(b"{", b""))


def is_dense(raw: bytes) -> bool:
    """Whether JSON text has so many values for its length that decoding may take ten times as long as that of a usual event."""
    return raw.count(b",") + count_openings(raw) > len(raw) // _USUAL_BYTES_A_VALUE


def is_deeper(raw: bytes, limit: int) -> bool:
    """Whether arrays and objects are nested deeper than `limit` levels (VES 2.2).

    `raw` should be well-formed apart from its nesting; for other text the result is unspecified, but the time
    is bounded.
    """
    if count_openings(raw) <= limit:
        return False
    # Without escapes every quotation mark begins or ends a string.
    unescaped = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    symbols = unescaped.translate(_TO_DIGITS, _NOT_SYMBOLS)
    symbols += b"0" * (-len(symbols) % 4)
    depth = state = 0
    for byte in int(symbols or b"0", 4).to_bytes(len(symbols) // 4, "big"):
        top, change, state = _STEPS[state + byte]
        if depth + top > limit:
            return True
        depth += change
    return False


def has_nul(raw: bytes) -> bool:
    r"""Whether well-formed JSON text holds the character U+0000 (written ``\u0000``) in any string."""
    if b"\\u0000" not in raw:
        return False
    # After the removal of escaped backslashes every match is a real escape.
    return b"\\u0000" in raw.replace(b"\\\\", b"")
