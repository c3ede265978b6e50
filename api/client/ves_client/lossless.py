"""Check that canonical JSON (RFC 8785) preserves a payload: recipients get only the sealed canonical copy."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from ves import json_decode
from ves.errors import ProtocolError
from ves.numbers import es6_text, parse_double


def require_lossless(payload: bytes) -> None:
    """Raise ProtocolError("not_lossless") when the canonical form of JSON text has other numbers or members.

    Changed are numbers that a double does not represent exactly (RFC 8785 3.2.2.3: integers beyond 2^53, too many
    digits, underflow) and objects with a repeated member name (RFC 7493 2.3). Precondition: the text has a canonical
    form, which bounds its depth and the size of its numbers.
    """
    json_decode.loads(payload, parse_int=_kept, parse_float=_kept, object_pairs_hook=_distinct)


def _kept(literal: str) -> None:
    canonical = es6_text(parse_double(literal))
    try:
        same = Decimal(literal) == Decimal(canonical)
    except InvalidOperation:  # exponent out of range for Decimal, hence for a double
        same = False
    if not same:
        raise ProtocolError(
            "not_lossless", f"canonical JSON would change the number {literal} to {canonical}"
        )


def _distinct(members: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            raise ProtocolError("not_lossless", f"canonical JSON would keep only the last member {name!r}")
        seen.add(name)
