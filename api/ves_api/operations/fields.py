"""Checks of members that several operations share."""

from __future__ import annotations

from ves.codec import parse_hex
from ves.errors import ProtocolError
from ves_edge.errors import ApiError


def invalid(field: str, message: str) -> ApiError:
    """The refusal of one member."""
    return ApiError("invalid_field", f"{field} {message}", details={"field": field})


def hex_field(text: str, length: int, field: str, *, prefix: bool = True) -> bytes:
    """`length` bytes of hex; `prefix` says whether `0x` may lead. Raises invalid_field."""
    if prefix or not text.startswith("0x"):
        try:
            return parse_hex(text, length)
        except ProtocolError:
            pass
    raise invalid(field, f"is not {length} bytes of hex")
