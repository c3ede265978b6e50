"""Time-ordered identifiers (RFC 9562, version 7)."""

from __future__ import annotations

import secrets
import time
from uuid import UUID

_VERSION_7 = 0x7000
_VARIANT = 0b10 << 62


def new_id() -> UUID:
    """Generate a version-7 UUID: 48 bits of Unix time in milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    high = milliseconds << 16 | _VERSION_7 | secrets.randbits(12)
    return UUID(int=high << 64 | _VARIANT | secrets.randbits(62))
