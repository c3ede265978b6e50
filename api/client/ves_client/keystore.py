"""Secrets of key files, encrypted under a passphrase: Argon2id (RFC 9106) and XChaCha20-Poly1305."""

from __future__ import annotations

import os
import secrets
from typing import Any

import msgspec
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import Aead

from ves.codec import parse_hex
from ves.errors import ProtocolError
from ves_client.errors import usage

ALGORITHM = "argon2id+xchacha20-poly1305"
KEYRING_SERVICE = "ves-agent"
PASSPHRASE_BYTES = 32
SECRET_BYTES = 32
SEALED_BYTES = Aead.NONCE_SIZE + SECRET_BYTES + Aead.MACBYTES
# Three passes over 64 MiB are the second recommendation of RFC 9106, section 4; a file may name up to 16 over 1 GiB.
PASSES, MOST_PASSES = 3, 16
MEMORY, MOST_MEMORY = 64 * 1024 * 1024, 1024 * 1024 * 1024


class EncryptedSecret(msgspec.Struct, frozen=True):
    """Member `encrypted_secret_key` of a key file; `salt` and `sealed` (nonce, ciphertext, tag) are hex."""

    algorithm: str
    passes: int
    memory: int
    salt: str
    sealed: str


def encrypt_secret(secret: bytes, passphrase: bytes, bound_to: bytes) -> EncryptedSecret:
    """Encrypt 32 bytes. `bound_to` is authenticated with them: the identity that the file names."""
    salt = os.urandom(argon2id.SALTBYTES)
    sealed = _cipher(passphrase, salt, PASSES, MEMORY).encrypt(secret, bound_to)
    return EncryptedSecret(ALGORITHM, PASSES, MEMORY, salt.hex(), bytes(sealed).hex())


def decrypt_secret(stored: EncryptedSecret, passphrase: bytes, bound_to: bytes) -> bytes:
    """Decrypt 32 bytes. ProtocolError if passphrase or file are wrong, or the file's costs are out of range."""
    if stored.algorithm != ALGORITHM:
        raise ProtocolError("unsupported_version", f"unknown algorithm {stored.algorithm!r}")
    low = (argon2id.OPSLIMIT_MIN, argon2id.MEMLIMIT_MIN)
    if not (low[0] <= stored.passes <= MOST_PASSES and low[1] <= stored.memory <= MOST_MEMORY):
        raise ProtocolError("invalid_shape", "the costs of its key derivation are out of range")
    salt, sealed = parse_hex(stored.salt, argon2id.SALTBYTES), parse_hex(stored.sealed, SEALED_BYTES)
    try:
        return _cipher(passphrase, salt, stored.passes, stored.memory).decrypt(sealed, bound_to)
    except CryptoError as error:
        raise ProtocolError("decryption_failed", "wrong passphrase, or the file was changed") from error


def keep_in_keyring(identity: str) -> bytes:
    """Put a fresh passphrase for an identity into the operating system's keyring; needs the extra `keyring`."""
    passphrase = secrets.token_urlsafe(PASSPHRASE_BYTES)
    _keyring("set_password", identity, passphrase)
    return passphrase.encode()


def find_in_keyring(identity: str) -> bytes:
    """Return the passphrase of an identity from the operating system's keyring. Exit code 2 if it is not there."""
    found: str | None = _keyring("get_password", identity)
    if found is None:
        raise usage(f"the operating system's keyring has no passphrase for {identity}")
    return found.encode()


def _keyring(function: str, *arguments: str) -> Any:
    # Lazy import: an optional package, and choosing its backend takes long.
    try:
        import keyring  # noqa: PLC0415
        import keyring.errors  # noqa: PLC0415
    except ImportError:
        raise usage("the package `keyring` is not installed: stateset-sequencer-client[keyring]") from None
    try:
        return getattr(keyring, function)(KEYRING_SERVICE, *arguments)
    except keyring.errors.KeyringError as error:
        raise usage(f"the operating system's keyring cannot be used: {error}") from error


def _cipher(passphrase: bytes, salt: bytes, passes: int, memory: int) -> Aead:
    return Aead(argon2id.kdf(Aead.KEY_SIZE, passphrase, salt, opslimit=passes, memlimit=memory))
