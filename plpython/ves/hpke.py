"""HPKE (RFC 9180) in base mode for one suite: X25519, HKDF-SHA256, AES-256-GCM (VES 8.2 step 5)."""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ves.errors import ProtocolError

KEY_BYTES = 32
_NONCE_BYTES = 12
_KEM_SUITE = b"KEM" + b"\x00\x20"
_SUITE = b"HPKE" + b"\x00\x20" + b"\x00\x01" + b"\x00\x02"
_MODE_BASE = b"\x00"


def public_key(private_key: bytes) -> bytes:
    """The X25519 public key of a 32-byte private key."""
    return _raw(X25519PrivateKey.from_private_bytes(private_key).public_key())


def is_acceptable_public_key(public_key: bytes) -> bool:
    """Return whether this X25519 key can be a recipient: 32 bytes and not of small order."""
    if len(public_key) != KEY_BYTES:
        return False
    probe = X25519PrivateKey.from_private_bytes(bytes(KEY_BYTES))
    try:
        probe.exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError:
        return False
    return True


def seal(
    recipient_key: bytes, info: bytes, plaintext: bytes, ephemeral_private_key: bytes
) -> tuple[bytes, bytes]:
    """(enc, ciphertext with tag) of the first message to `recipient_key`, with empty aad.

    `ephemeral_private_key` must be 32 fresh random bytes for every call.
    """
    ephemeral = X25519PrivateKey.from_private_bytes(ephemeral_private_key)
    enc = _raw(ephemeral.public_key())
    shared = _shared_secret(_exchange(ephemeral, recipient_key), enc, recipient_key)
    key, nonce = _key_schedule(shared, info)
    return enc, AESGCM(key).encrypt(nonce, plaintext, None)


def open(private_key: bytes, info: bytes, enc: bytes, ciphertext: bytes) -> bytes:  # noqa: A001
    """The message sealed to this key. Raises ProtocolError("cannot_open")."""
    private = X25519PrivateKey.from_private_bytes(private_key)
    shared = _shared_secret(_exchange(private, enc), enc, _raw(private.public_key()))
    key, nonce = _key_schedule(shared, info)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, None)
    except InvalidTag:
        raise ProtocolError("cannot_open", "the wrapped key does not open") from None


def _exchange(private: X25519PrivateKey, public: bytes) -> bytes:
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        raise ProtocolError("invalid_public_key", "not a usable X25519 key") from None


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand of at most 32 bytes: one block."""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(secret, labeled + b"\x01", "sha256")[:length]


def _shared_secret(exchanged: bytes, enc: bytes, recipient_key: bytes) -> bytes:
    secret = _extract(_KEM_SUITE, b"", b"eae_prk", exchanged)
    return _expand(_KEM_SUITE, secret, b"shared_secret", enc + recipient_key, KEY_BYTES)


def _key_schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """(AEAD key, nonce of message 0); the nonce of message 0 is the base nonce itself."""
    psk_id_hash = _extract(_SUITE, b"", b"psk_id_hash", b"")
    info_hash = _extract(_SUITE, b"", b"info_hash", info)
    context = _MODE_BASE + psk_id_hash + info_hash
    secret = _extract(_SUITE, shared, b"secret", b"")
    key = _expand(_SUITE, secret, b"key", context, KEY_BYTES)
    return key, _expand(_SUITE, secret, b"base_nonce", context, _NONCE_BYTES)
