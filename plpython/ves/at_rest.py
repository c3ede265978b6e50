"""Encryption at rest (VES 16): ``SSE1``, nonce, AES-256-GCM ciphertext with its tag.

``SSE2`` is ours: prefix and U32 length of the plaintext, nonce, ciphertext of a zstd frame. The additional data starts with
prefix and length, so that a blob of one form never opens as the other, and whoever bounds what is read may trust the
length. Only payloads of VES events are compressed, where that makes them shorter.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from collections.abc import Callable, Iterable, Sequence

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ves.codec import b64u_decode, parse_hex
from ves.errors import ProtocolError

PREFIX = b"SSE1"
COMPRESSED = b"SSE2"
KEY_BYTES = 32
NONCE_BYTES = 12
_TAG_BYTES = 16
_LENGTH_BYTES = 4
# 5 µs for an order of 740 bytes, which becomes 394; level 3 makes it no shorter.
_LEVEL = 1
_MOST_EXPANDED = 64 * 1024 * 1024


class _Zstd(threading.local):
    """Of each thread, because each serves one call at a time; a new one for each call takes 20 µs."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def is_encrypted(stored: bytes) -> bool:
    """Whether stored bytes are a blob of this format."""
    return stored.startswith((PREFIX, COMPRESSED))


def encrypt(
    key: bytes, aad: bytes, plaintext: bytes, random_bytes: Callable[[int], bytes] = os.urandom
) -> bytes:
    """The blob of `plaintext` under a 32-byte key; `aad` is one of the at-rest digests."""
    return encrypt_with(AESGCM(key), random_bytes(NONCE_BYTES), aad, plaintext)


def encrypt_with(
    cipher: AESGCM, nonce: bytes, aad: bytes, plaintext: bytes, *, compress: bool = False
) -> bytes:
    """`encrypt` with a prepared AES-GCM cipher object and nonce; compressed if asked for and shorter."""
    is_tried = compress and len(plaintext) <= _MOST_EXPANDED
    frame = _zstd.compressor.compress(plaintext) if is_tried else plaintext
    if len(frame) + _LENGTH_BYTES >= len(plaintext):
        return PREFIX + nonce + cipher.encrypt(nonce, plaintext, aad)
    head = COMPRESSED + len(plaintext).to_bytes(_LENGTH_BYTES, "big")
    return head + nonce + cipher.encrypt(nonce, frame, head + aad)


def plaintext_bytes(stored: bytes) -> int:
    """About how long the plaintext of a blob is, without opening it: what bounds an answer."""
    if stored.startswith(COMPRESSED):
        return int.from_bytes(stored[len(COMPRESSED) : len(COMPRESSED) + _LENGTH_BYTES], "big")
    return len(stored)


def decrypt(keys: Sequence[bytes], aad: bytes, stored: bytes) -> bytes:
    """The plaintext of a blob under the first key that opens it (there is no key id in a blob).

    Raises ProtocolError("cannot_decrypt") when it is not a blob or no key opens it.
    """
    return decrypt_with([AESGCM(key) for key in keys], aad, stored)


def decrypt_with(ciphers: Iterable[AESGCM], aad: bytes, stored: bytes) -> bytes:
    """`decrypt` with prepared AES-GCM cipher objects."""
    is_compressed = stored.startswith(COMPRESSED)
    head = len(PREFIX) + _LENGTH_BYTES * is_compressed
    start = head + NONCE_BYTES
    if not is_encrypted(stored) or len(stored) < start + _TAG_BYTES:
        raise ProtocolError("cannot_decrypt", "not an encrypted blob")
    bound = stored[:head] + aad if is_compressed else aad
    for cipher in ciphers:
        try:
            content = cipher.decrypt(stored[head:start], stored[start:], bound)
        except InvalidTag:
            continue
        return _expanded(content, plaintext_bytes(stored)) if is_compressed else content
    raise ProtocolError("cannot_decrypt", "no key opens the blob")


def _expanded(frame: bytes, length: int) -> bytes:
    try:
        if length > _MOST_EXPANDED or zstandard.frame_content_size(frame) != length:
            raise ProtocolError("cannot_decrypt", "the blob is not as long as it says")
        return _zstd.decompressor.decompress(frame)
    except zstandard.ZstdError:
        raise ProtocolError("cannot_decrypt", "the blob is no compressed payload") from None


def parse_key(text: str) -> bytes:
    """A 32-byte key from 64 hex digits (``0x`` optional), standard base64 or url-safe unpadded base64.

    The same forms serve for `VES_SEQUENCER_SIGNING_KEY` (VES 11). Raises ProtocolError("invalid_key").
    """
    text = text.strip()
    for decode in (_hex_key, _base64_key, b64u_decode):
        try:
            key = decode(text)
        except ValueError:
            continue
        if len(key) == KEY_BYTES:
            return key
    raise ProtocolError("invalid_key", "expected 32 bytes as hexadecimal or base64")


def _hex_key(text: str) -> bytes:
    return parse_hex(text, KEY_BYTES)


def _base64_key(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("invalid_base64", "expected base64") from None
