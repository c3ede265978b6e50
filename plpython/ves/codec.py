"""Encodings of single values (VES 1): integers, strings, hex, base64url, UUIDs."""

from __future__ import annotations

import base64
import re
from uuid import UUID

from ves.errors import ProtocolError

U32_MAX = 2**32 - 1
U64_MAX = 2**64 - 1
I64_MAX = 2**63 - 1
ZERO_HASH = bytes(32)

# Unicode White_Space, which is what the original trims; str.strip() would take U+001C to U+001F too.
_WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000"
)
_UUID_TEXT = re.compile(
    r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
)
_LOWER_HEX = re.compile(r"0x[0-9a-f]*")
_URL_SAFE = re.compile(r"[A-Za-z0-9_-]*")


def u32(number: int) -> bytes:
    """Four bytes, big-endian. Raises ProtocolError outside 0 .. 2^32-1."""
    try:
        return number.to_bytes(4, "big")
    except OverflowError:
        raise ProtocolError("number_out_of_range", f"{number} is not a 32-bit number") from None


def u64(number: int) -> bytes:
    """Eight bytes, big-endian. Raises ProtocolError outside 0 .. 2^64-1."""
    try:
        return number.to_bytes(8, "big")
    except OverflowError:
        raise ProtocolError("number_out_of_range", f"{number} is not a 64-bit number") from None


def key_id_bits(key_id: int) -> int:
    """A key number as the signed 32-bit integer with the same bits, which is how it is stored (VES 3)."""
    return key_id - U32_MAX - 1 if key_id > U32_MAX // 2 else key_id


def key_id_number(bits: int) -> int:
    """The inverse of `key_id_bits`."""
    return bits + U32_MAX + 1 if bits < 0 else bits


def string(text: str) -> bytes:
    """U32 byte length, then the UTF-8 bytes as they are (no normalisation)."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise ProtocolError("invalid_text", "text holds a lone surrogate") from None
    return u32(len(data)) + data


def trim(text: str) -> str:
    """Text without white space at its ends, as ids, names and addresses in requests are read (VES 12, 13)."""
    return text.strip(_WHITE_SPACE)


def parse_hex(text: str, length: int, *, strict: bool = False) -> bytes:
    """Bytes of `text`, exactly `length` of them; a leading ``0x`` is optional.

    With `strict` the text must be ``0x`` and lower-case digits. Raises ProtocolError("invalid_hex").
    """
    digits = text[2:] if text[:2] == "0x" else text
    # The length check also refuses white space, which bytes.fromhex would ignore.
    if len(digits) == 2 * length and not (strict and _LOWER_HEX.fullmatch(text) is None):
        try:
            data = bytes.fromhex(digits)
        except ValueError:
            data = b""
        if len(data) == length:
            return data
    raise ProtocolError("invalid_hex", f"expected {length} bytes of hexadecimal")


def b64u_encode(data: bytes) -> str:
    """Base64 in the URL alphabet, unpadded."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def b64u_decode(text: str, *, strict: bool = False) -> bytes:
    """Bytes of URL-alphabet base64; correct padding is tolerated unless `strict`.

    ``+``, ``/`` and non-zero trailing bits are refused (VES 1): ProtocolError("invalid_base64").
    """
    body = text.rstrip("=")
    padding = len(text) - len(body)
    padded = padding == 0 or (not strict and padding == -len(body) % 4)
    if padded and len(body) % 4 != 1 and _URL_SAFE.fullmatch(body):
        data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        if b64u_encode(data) == body:
            return data
    raise ProtocolError("invalid_base64", "expected base64url")


def parse_uuid(text: str) -> UUID:
    """A UUID from its hyphenated or plain 32-digit text. Raises ProtocolError("invalid_uuid")."""
    if _UUID_TEXT.fullmatch(text) is None:
        raise ProtocolError("invalid_uuid", "expected a UUID")
    return UUID(text)
