"""The keys of encryption at rest (VES 16): modes, rings by tenant, key ids, sealing and opening stored bytes.

A key id is the first 8 bytes of SHA-256("VES_ATREST_KEY_ID_V1" ‖ key). The blob layout of the original has no field
for it; it is stored in a column beside the blob, reveals nothing about the key, and avoids trial decryption.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ves import at_rest, domains, json_decode
from ves.errors import ProtocolError

DISABLED = "disabled"
OPTIONAL = "optional"
REQUIRED = "required"
KEY_ID_BYTES = 8
VARIABLES = (
    "PAYLOAD_ENCRYPTION_MODE",
    "PAYLOAD_ENCRYPTION_KEY",
    "PAYLOAD_ENCRYPTION_KEYS",
    "PAYLOAD_ENCRYPTION_KEYS_BY_TENANT",
)

_MODES = {
    "": REQUIRED,
    **dict.fromkeys(("disabled", "off", "false", "0"), DISABLED),
    "optional": OPTIONAL,
    **dict.fromkeys(("required", "on", "true", "1"), REQUIRED),
}


def key_id_of(key: bytes) -> bytes:
    """Return the key id, 8 bytes."""
    return sha256(domains.AT_REST_KEY_ID + key).digest()[:KEY_ID_BYTES]


class Key:
    """One 32-byte key with its cipher; its repr shows the key id only."""

    __slots__ = ("cipher", "key_id")

    def __init__(self, secret: bytes) -> None:
        self.key_id = key_id_of(secret)
        self.cipher = AESGCM(secret)

    def __repr__(self) -> str:
        return f"Key({self.key_id.hex()})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Key) and other.key_id == self.key_id

    def __hash__(self) -> int:
        return hash(self.key_id)

    def seal(
        self, aads: Sequence[bytes], plaintexts: Sequence[bytes], *, compress: bool = False
    ) -> list[bytes]:
        """Encrypt parallel plaintexts to blobs, on request compressed; the nonces are drawn in one call."""
        size = at_rest.NONCE_BYTES
        drawn = os.urandom(size * len(aads))
        nonces = [drawn[at : at + size] for at in range(0, len(drawn), size)]
        return [
            at_rest.encrypt_with(self.cipher, nonce, aad, plaintext, compress=compress)
            for nonce, plaintext, aad in zip(nonces, plaintexts, aads, strict=True)
        ]


@dataclass(frozen=True)
class KeyRing:
    """The mode, the default keys, and keys by tenant, which override the default; the first key is current."""

    mode: str
    default: tuple[Key, ...] = ()
    by_tenant: Mapping[UUID, tuple[Key, ...]] = field(default_factory=dict)

    def require_key(self) -> None:
        """Raise ProtocolError (reason: the variable name) if encryption is required and no default key is set."""
        if self.mode == REQUIRED and not self.default:
            raise ProtocolError(
                "PAYLOAD_ENCRYPTION_KEY",
                "encryption at rest is required, which is the default: give a key of 32 bytes, "
                "or set PAYLOAD_ENCRYPTION_MODE to optional or disabled",
            )

    def keys(self, tenant_id: UUID) -> tuple[Key, ...]:
        """A tenant's keys, the current one first."""
        return self.by_tenant.get(tenant_id, self.default)

    def current(self, tenant_id: UUID) -> Key | None:
        """Return the key for writing; None means plaintext.

        Raises ProtocolError("encryption_required") when there is no key and plaintext is not allowed.
        """
        if self.mode == DISABLED:
            return None
        keys = self.keys(tenant_id)
        if keys:
            return keys[0]
        if self.mode == REQUIRED:
            raise ProtocolError("encryption_required", "encryption at rest is required, and there is no key")
        return None

    def open(self, tenant_id: UUID, key_id: bytes | None, aad: bytes, blob: bytes) -> bytes:
        """Return the plaintext of a blob. The key `key_id` is tried first, then all others, in every mode.

        Raises ProtocolError: "unknown_key" when no key opens it and the named one is not in the ring,
        "not_authentic" when it is (or none is named): the blob or its additional data was changed.
        """
        keys: Sequence[Key] = self.keys(tenant_id)
        if len(keys) > 1:
            keys = sorted(keys, key=lambda key: key.key_id != key_id)
        try:
            return at_rest.decrypt_with([key.cipher for key in keys], aad, blob)
        except ProtocolError:
            if key_id is not None and all(key.key_id != key_id for key in keys):
                raise ProtocolError(
                    "unknown_key", f"the key {bytes(key_id).hex()} is not in the ring"
                ) from None
            raise ProtocolError("not_authentic", "the stored ciphertext does not open") from None


def parse(values: Mapping[str, str]) -> KeyRing:
    """The ring of settings named in `VARIABLES`. Raises ProtocolError whose `reason` is the variable's name.

    `KeyRing.require_key` checks that a required ring has a key.
    """
    mode = _MODES.get(values.get("PAYLOAD_ENCRYPTION_MODE", "").strip().lower())
    if mode is None:
        allowed = "disabled/off/false/0, optional, required/on/true/1"
        raise ProtocolError("PAYLOAD_ENCRYPTION_MODE", f"must be one of {allowed}")
    texts = [part for part in values.get("PAYLOAD_ENCRYPTION_KEYS", "").split(",") if part.strip()]
    name = "PAYLOAD_ENCRYPTION_KEYS"
    if not texts:
        name = "PAYLOAD_ENCRYPTION_KEY"
        texts = [part for part in [values.get(name, "")] if part.strip()]
    default = _keys(name, texts)
    return KeyRing(mode, default, _by_tenant(values.get("PAYLOAD_ENCRYPTION_KEYS_BY_TENANT", "")))


def _by_tenant(text: str) -> dict[UUID, tuple[Key, ...]]:
    name = "PAYLOAD_ENCRYPTION_KEYS_BY_TENANT"
    if not text.strip():
        return {}
    try:
        given: dict[UUID, list[str]] = json_decode.decode(text, type=dict[UUID, list[str]])
    except msgspec.MsgspecError:
        raise ProtocolError(name, "must be a JSON object of tenant UUIDs and lists of keys") from None
    if not all(given.values()):
        raise ProtocolError(name, "every tenant needs at least one key")
    return {tenant: _keys(name, texts) for tenant, texts in given.items()}


def _keys(name: str, texts: Iterable[str]) -> tuple[Key, ...]:
    """Parse keys in order, without duplicates. Error messages never quote a key."""
    try:
        return tuple(dict.fromkeys(Key(at_rest.parse_key(text)) for text in texts))
    except ProtocolError:
        raise ProtocolError(
            name, "every key must be 32 bytes as 64 hex digits, base64 or unpadded base64url"
        ) from None
