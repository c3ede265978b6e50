"""ML-DSA-65 (FIPS 204) with an empty context (VES 6.3), by the `cryptography` package."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey

PUBLIC_KEY_BYTES = 1952
SIGNATURE_BYTES = 3309


def public_key(seed: bytes) -> bytes:
    """The 1,952-byte public key of a 32-byte seed."""
    key = MLDSA65PrivateKey.from_seed_bytes(seed).public_key()
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def sign(seed: bytes, message: bytes) -> bytes:
    """A 3,309-byte signature of `message`; hedged, so two calls may differ."""
    return MLDSA65PrivateKey.from_seed_bytes(seed).sign(message)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature is valid; False for a key or signature of the wrong length."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    try:
        MLDSA65PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
