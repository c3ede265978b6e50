"""Parser of Ed25519 seeds."""

from __future__ import annotations

import base64
import binascii

_SEED_BYTES = 32


def parse_seed(text: str) -> bytes:
    """A 32-byte secret as 64 hex digits (`0x` optional), base64 or unpadded base64url (VES 11).

    Text that mixes the base64 (`+`, `/`) and base64url (`-`, `_`) alphabets is refused. Raises ValueError.
    """
    digits = text.removeprefix("0x")
    if len(digits) == 2 * _SEED_BYTES:
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
    for decode in (_base64_standard, _base64_url):
        try:
            seed = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(seed) == _SEED_BYTES:
            return seed
    raise ValueError("expected 32 bytes as 64 hex digits, base64 or unpadded base64url")


def _base64_standard(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _base64_url(text: str) -> bytes:
    if set(text) & set("+/"):
        raise ValueError("not of this alphabet")  # b64decode with altchars accepts both
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
