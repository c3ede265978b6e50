"""Secrets of key files, encrypted under a passphrase: Argon2id (RFC 9106) and XChaCha20-Poly1305."""

from __future__ import annotations

import os

import msgspec
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import Aead

from ves.codec import parse_hex
from ves.errors import ProtocolError

ALGORITHM = "argon2id+xchacha20-poly1305"
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


def _cipher(passphrase: bytes, salt: bytes, passes: int, memory: int) -> Aead:
    return Aead(argon2id.kdf(Aead.KEY_SIZE, passphrase, salt, opslimit=passes, memlimit=memory))
