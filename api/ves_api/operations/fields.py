"""Checks of members that several operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves.codec import U64_MAX, parse_hex
from ves.errors import ProtocolError
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import msgspec


def invalid(field: str, message: str) -> ApiError:
    """The refusal of one member."""
    return ApiError("invalid_field", f"{field} {message}", details={"field": field})


def require_u64(struct: msgspec.Struct, *members: str) -> None:
    """Raise ValueError, which a decoder reports as a wrong shape, for a number that the type of the original cannot hold."""
    for member in members:
        if (getattr(struct, member) or 0) > U64_MAX:
            raise ValueError(f"Beyond 64 bits: `{member}`")


def hex_field(text: str, length: int, field: str, *, prefix: bool = True) -> bytes:
    """`length` bytes of hex; `prefix` says whether `0x` may lead. Raises invalid_field."""
    if prefix or not text.startswith("0x"):
        try:
            return parse_hex(text, length)
        except ProtocolError:
            pass
    raise invalid(field, f"is not {length} bytes of hex")
