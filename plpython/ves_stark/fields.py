"""Input validation of single values: integers, hex digests, UUIDs and text in JSON objects."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from ves.codec import parse_uuid
from ves.errors import ProtocolError
from ves_stark.errors import InputsError

U32_END = 2**32
U64_END = 2**64
_HEX64 = re.compile(r"[0-9a-f]{64}")


def unsigned(value: Any, name: str, end: int = U64_END) -> int:
    """An integer in 0 .. end-1 (no bool, no float). Raises InputsError."""
    if type(value) is not int or not 0 <= value < end:
        raise InputsError("invalid_number", f"{name} must be an integer from 0 to {end - 1}")
    return value


def hex64(value: Any, name: str) -> str:
    """Exactly 64 lower-case hex digits. Raises InputsError."""
    if not isinstance(value, str) or _HEX64.fullmatch(value) is None:
        raise InputsError("invalid_hex", f"{name} must be 64 lower-case hexadecimal digits")
    return value


def normal_hex64(value: Any, name: str) -> str:
    """64 hex digits after trimming, dropping ``0x`` and lowering the case. Raises InputsError."""
    text = value.strip() if isinstance(value, str) else ""
    digits = text[2:] if text[:2] in {"0x", "0X"} else text
    return hex64(digits.lower() if digits.isascii() else "", name)


def uuid(value: Any, name: str) -> UUID:
    """A UUID from its text. Raises InputsError."""
    if isinstance(value, UUID):
        return value
    try:
        return parse_uuid(value if isinstance(value, str) else "")
    except ProtocolError:
        raise InputsError("invalid_uuid", f"{name} must be a UUID") from None


def text(value: Any, name: str) -> str:
    """Text that UTF-8 can hold. Raises InputsError."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            pass
        else:
            return value
    raise InputsError("invalid_text", f"{name} must be text")


def member(source: Any, name: str) -> Any:
    """The member `name` of a JSON object. Raises InputsError if it is missing."""
    if not isinstance(source, dict) or name not in source:
        raise InputsError("missing_field", f"missing field {name}")
    return source[name]
