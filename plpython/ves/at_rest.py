"""Encryption at rest (VES 16): ``SSE1``, nonce, AES-256-GCM ciphertext with its tag."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Iterable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ves.codec import b64u_decode, parse_hex
from ves.errors import ProtocolError

PREFIX = b"SSE1"
KEY_BYTES = 32
NONCE_BYTES = 12
_TAG_BYTES = 16
_START = len(PREFIX) + NONCE_BYTES


def is_encrypted(stored: bytes) -> bool:
    """Whether stored bytes are a blob of this format."""
    return stored.startswith(PREFIX)


def encrypt(
    key: bytes, aad: bytes, plaintext: bytes, random_bytes: Callable[[int], bytes] = os.urandom
) -> bytes:
    """The blob of `plaintext` under a 32-byte key; `aad` is one of the at-rest digests."""
    nonce = random_bytes(NONCE_BYTES)
    return PREFIX + nonce + AESGCM(key).encrypt(nonce, plaintext, aad)


def decrypt(keys: Sequence[bytes], aad: bytes, stored: bytes) -> bytes:
    """The plaintext of a blob under the first key that opens it (there is no key id in a blob).

    Raises ProtocolError("cannot_decrypt") when it is not a blob or no key opens it.
    """
    return decrypt_with([AESGCM(key) for key in keys], aad, stored)


def decrypt_with(ciphers: Iterable[AESGCM], aad: bytes, stored: bytes) -> bytes:
    """`decrypt` with prepared AES-GCM cipher objects."""
    if not is_encrypted(stored) or len(stored) < _START + _TAG_BYTES:
        raise ProtocolError("cannot_decrypt", "not an encrypted blob")
    nonce = stored[len(PREFIX) : _START]
    for cipher in ciphers:
        try:
            return cipher.decrypt(nonce, stored[_START:], aad)
        except InvalidTag:
            continue
    raise ProtocolError("cannot_decrypt", "no key opens the blob")


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
