"""Encrypting and opening event payloads (VES 8.2)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ves import encrypted, hpke
from ves.canonical import jcs
from ves.codec import b64u_encode
from ves.digests import payload_aad, payload_plain_hash
from ves.errors import ProtocolError

SALT_BYTES = 16
KEY_BYTES = 32

RandomBytes = Callable[[int], bytes]


class EventBinding(msgspec.Struct, frozen=True):
    """The signed members that an encrypted payload is bound to (VES 8.2 step 3)."""

    tenant_id: UUID
    store_id: UUID
    event_id: UUID
    source_agent_id: UUID
    agent_key_id: int
    entity_type: str
    entity_id: str
    event_type: str
    created_at: str

    def aad(self, plain_hash: bytes) -> bytes:
        """`payload_aad` of the event with this payload hash."""
        return payload_aad(**msgspec.structs.asdict(self), payload_plain_hash=plain_hash)


class Sealed(msgspec.Struct, frozen=True):
    """The envelope members of an encrypted event."""

    payload_encrypted: encrypted.PayloadEncrypted
    payload_plain_hash: bytes
    payload_cipher_hash: bytes
    payload_aad: bytes


def seal(
    payload_raw: bytes,
    binding: EventBinding,
    recipients: Mapping[int, bytes],
    random_bytes: RandomBytes = os.urandom,
) -> Sealed:
    """Encrypt a payload (JSON text) to recipients {recipient_kid: X25519 public key}.

    Random bytes are drawn in this order: salt, payload key, nonce, then one ephemeral key a recipient
    by ascending kid. Raises ProtocolError for bad JSON, no recipients or a bad recipient key.
    """
    if not recipients:
        raise ProtocolError("invalid_recipients", "at least one recipient is needed")
    salt, key = random_bytes(SALT_BYTES), random_bytes(KEY_BYTES)
    nonce = random_bytes(encrypted.NONCE_BYTES)
    canonical = jcs(payload_raw)
    plain_hash = payload_plain_hash(canonical, salt)
    aad = binding.aad(plain_hash)
    sealed = AESGCM(key).encrypt(nonce, salt + canonical, aad)
    ciphertext, tag = sealed[: -encrypted.TAG_BYTES], sealed[-encrypted.TAG_BYTES :]
    wrapped = [
        encrypted.Recipient(kid, *hpke.seal(recipients[kid], aad, key, random_bytes(KEY_BYTES)))
        for kid in sorted(recipients)
    ]
    content = encrypted.Encrypted(nonce, ciphertext, tag, wrapped)
    return Sealed(_to_wire(content), plain_hash, content.cipher_hash(aad), aad)


def open(  # noqa: A001
    payload: encrypted.PayloadEncrypted,
    binding: EventBinding,
    plain_hash: bytes,
    recipient_kid: int,
    private_key: bytes,
) -> bytes:
    """The canonical payload of an encrypted event, for the holder of one recipient key.

    Raises ProtocolError: invalid structure, key not among the recipients, failed decryption, or content that
    does not match `plain_hash`.
    """
    content = encrypted.validate(payload)
    if isinstance(content, str):
        raise ProtocolError("schema_validation", f"{content} is not acceptable")
    wrapped = next((item for item in content.recipients if item.kid == recipient_kid), None)
    if wrapped is None:
        raise ProtocolError("unknown_recipient", f"no recipient {recipient_kid}")
    aad = binding.aad(plain_hash)
    key = hpke.open(private_key, aad, wrapped.enc, wrapped.ct)
    try:
        plaintext = AESGCM(key).decrypt(content.nonce, content.ciphertext + content.tag, aad)
    except (InvalidTag, ValueError):
        raise ProtocolError("cannot_open", "the payload does not open") from None
    canonical = jcs(plaintext[SALT_BYTES:])
    if payload_plain_hash(canonical, plaintext[:SALT_BYTES]) != plain_hash:
        raise ProtocolError("invalid_payload_hash", "the content does not match its hash")
    return canonical


def _to_wire(content: encrypted.Encrypted) -> encrypted.PayloadEncrypted:
    return encrypted.PayloadEncrypted(
        1,
        "AES-256-GCM",
        b64u_encode(content.nonce),
        b64u_encode(content.ciphertext),
        b64u_encode(content.tag),
        encrypted.HpkeSuite("base", "X25519-HKDF-SHA256", "HKDF-SHA256", "AES-256-GCM"),
        [
            encrypted.WireRecipient(item.kid, b64u_encode(item.enc), b64u_encode(item.ct))
            for item in content.recipients
        ],
    )
