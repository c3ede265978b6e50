"""Checks of members that several operations share."""

from __future__ import annotations

import msgspec

from ves.codec import U64_MAX, parse_hex
from ves.errors import ProtocolError
from ves_edge.errors import ApiError


def invalid(field: str, message: str) -> ApiError:
    """The refusal of one member."""
    return ApiError("invalid_field", f"{field} {message}", details={"field": field})


class Numbered(msgspec.Struct):
    """Base of inputs with numbers that the original holds in 64 bits."""

    def __post_init__(self) -> None:
        """Raise ValueError, which a decoder reports as a wrong shape, for a number beyond them."""
        for member in self.__struct_fields__:
            value = getattr(self, member)
            if isinstance(value, int) and value > U64_MAX:
                raise ValueError(f"Beyond 64 bits: `{member}`")


def hex_field(text: str, length: int, field: str, *, prefix: bool = True) -> bytes:
    """`length` bytes of hex; `prefix` says whether `0x` may lead. Raises invalid_field."""
    if prefix or not text.startswith("0x"):
        try:
            return parse_hex(text, length)
        except ProtocolError:
            pass
    raise invalid(field, f"is not {length} bytes of hex")
