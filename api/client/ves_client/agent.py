"""Agent keys in private files (0600), and signing of event envelopes (VES 3 to 5)."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from msgspec import convert, structs, to_builtins

from ves import canonical, digests, ed25519
from ves.codec import ZERO_HASH, parse_hex
from ves.encrypted import PayloadEncrypted
from ves.seal import EventBinding, seal
from ves.seal import open as open_payload
from ves_client.errors import usage
from ves_client.keystore import (
    EncryptedSecret,
    decrypt_secret,
    encrypt_secret,
    find_in_keyring,
    keep_in_keyring,
)
from ves_client.lossless import require_lossless
from ves_client.private_files import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ves.seal import RandomBytes

IN_KEYRING = "keyring"  # member `passphrase` of a key file
U32_MAX = 2**32 - 1
SEED_BYTES = 32
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class AgentKey:
    """An Ed25519 key pair of an agent under a key number (0 to 2^32-1)."""

    agent_id: UUID
    key_id: int
    seed: bytes = field(repr=False)

    @property
    def public_key(self) -> bytes:
        """Give the 32 bytes of the public key."""
        return ed25519.public_key(self.seed)

    @classmethod
    def new(cls, agent_id: UUID, key_id: int) -> AgentKey:
        """Generate a key pair from the operating system's CSPRNG."""
        return cls(agent_id, key_id, secrets.token_bytes(SEED_BYTES))

    def save(
        self, path: Path, *, force: bool = False, passphrase: bytes | None = None, in_keyring: bool = False
    ) -> None:
        """Write the key file (mode 0600), encrypted if there is a passphrase.

        With `in_keyring` the passphrase is a fresh one in the operating system's keyring. Exit code 2 if the file
        exists, unless `force`.
        """
        if path.exists() and not force:
            raise usage(f"{path} exists; --force replaces it, and the old key is then gone for good")
        document: dict[str, Any] = {
            "agent_id": self.agent_id,
            "key_id": self.key_id,
            "algorithm": "ed25519",
            "public_key": self.public_key.hex(),
        }
        if in_keyring:
            passphrase = keep_in_keyring(_identity(self.agent_id, self.key_id).decode())
            document["passphrase"] = IN_KEYRING
        if passphrase:
            sealed = encrypt_secret(self.seed, passphrase, _identity(self.agent_id, self.key_id))
            document["encrypted_secret_key"] = to_builtins(sealed)
        else:
            document["secret_key"] = self.seed.hex()
        content = orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        write_private(path, content, force=force)

    @classmethod
    def load(cls, path: Path, passphrase: bytes | None = None) -> AgentKey:
        """Read a key file; exit code 2 if it is missing, malformed, or encrypted under another passphrase."""
        try:
            document = orjson.loads(path.read_bytes())
            agent_id, key_id = UUID(document["agent_id"]), int(document["key_id"])
            if "encrypted_secret_key" not in document:
                seed = bytes.fromhex(document["secret_key"])
            else:
                bound_to = _identity(agent_id, key_id)
                if document.get("passphrase") == IN_KEYRING:
                    passphrase = find_in_keyring(bound_to.decode())
                if not passphrase:
                    raise usage(f"{path} is encrypted: set VES_AGENT_KEY_PASSPHRASE")
                sealed = convert(document["encrypted_secret_key"], EncryptedSecret)
                seed = decrypt_secret(sealed, passphrase, bound_to)
        except FileNotFoundError:
            raise usage(f"no key file {path}: make one with `ves keys new` or name one with --key") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise usage(f"{path} is not a key file: {error}") from error
        if len(seed) != SEED_BYTES or not 0 <= key_id <= U32_MAX:
            raise usage(f"{path} is not a key file")
        return cls(agent_id, key_id, seed)

    @staticmethod
    def is_in_keyring(path: Path) -> bool:
        """Whether the passphrase of a key file is in the operating system's keyring."""
        return bool(orjson.loads(path.read_bytes()).get("passphrase") == IN_KEYRING)


def _identity(agent_id: UUID, key_id: int) -> bytes:
    return f"{agent_id}/{key_id}".encode()


@dataclass(frozen=True, slots=True)
class Event:
    """An event to sign; `payload` is JSON text, `created_at` is RFC 3339 text as it will be signed."""

    event_id: UUID
    entity_type: str
    entity_id: str
    event_type: str
    created_at: str
    payload: bytes
    command_id: UUID | None = None
    base_version: int | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed envelope: JSON text, key number, and signing hash and signature, against which receipts are checked."""

    event_id: UUID
    key_id: int
    text: bytes
    signing_hash: bytes
    signature: bytes


def _binding(agent_id: UUID, key_id: int, tenant_id: UUID, store_id: UUID, event: Event) -> EventBinding:
    return EventBinding(
        tenant_id=tenant_id,
        store_id=store_id,
        event_id=event.event_id,
        source_agent_id=agent_id,
        agent_key_id=key_id,
        entity_type=event.entity_type,
        entity_id=event.entity_id,
        event_type=event.event_type,
        created_at=event.created_at,
    )


def _content(
    event: Event,
    binding: EventBinding,
    recipients: Mapping[int, bytes],
    random_bytes: RandomBytes,
    *,
    lossy: bool,
) -> tuple[dict[str, Any], bytes, bytes]:
    """Build an envelope's payload members, plain hash and cipher hash; sealed if there are recipients."""
    if not recipients:
        content: dict[str, Any] = {"payload_kind": 0, "payload": orjson.Fragment(event.payload)}
        return content, digests.payload_plain_hash(canonical.jcs(event.payload)), ZERO_HASH
    sealed = seal(event.payload, binding, recipients, random_bytes)
    if not lossy:
        require_lossless(event.payload)
    content = {"payload_kind": 1, "payload_encrypted": to_builtins(sealed.payload_encrypted)}
    return content, sealed.payload_plain_hash, sealed.payload_cipher_hash


def _envelope(event: Event, binding: EventBinding, *members: Mapping[str, Any]) -> bytes:
    envelope: dict[str, Any] = {"ves_version": 1, **structs.asdict(binding)}
    for more in members:
        envelope |= more
    envelope |= {"command_id": event.command_id, "base_version": event.base_version}
    return orjson.dumps({name: value for name, value in envelope.items() if value is not None})


def sign_event(
    key: AgentKey,
    tenant_id: UUID,
    store_id: UUID,
    event: Event,
    *,
    recipients: Mapping[int, bytes] | None = None,
    lossy: bool = False,
    random_bytes: RandomBytes = os.urandom,
) -> Signed:
    """Sign an event (VES 4, 5); with recipients {recipient_kid: X25519 public key} its payload is sealed first (VES 8).

    The sealed copy is canonical JSON. ProtocolError if that changes the payload (unless `lossy`), if the payload is not
    acceptable JSON, or if a recipient's key is invalid.
    """
    binding = _binding(key.agent_id, key.key_id, tenant_id, store_id, event)
    content, plain_hash, cipher_hash = _content(event, binding, recipients or {}, random_bytes, lossy=lossy)
    signing_hash = digests.signing_hash(
        ves_version=1,
        payload_kind=content["payload_kind"],
        payload_plain_hash=plain_hash,
        payload_cipher_hash=cipher_hash,
        **structs.asdict(binding),
    )
    signature = ed25519.sign(key.seed, signing_hash)
    signed = {"agent_signature": "0x" + signature.hex()}
    text = _envelope(event, binding, content, _hashes(plain_hash, cipher_hash), signed)
    return Signed(event.event_id, key.key_id, text, signing_hash, signature)


def seal_event(
    agent_id: UUID,
    key_id: int,
    tenant_id: UUID,
    store_id: UUID,
    event: Event,
    recipients: Mapping[int, bytes],
    *,
    lossy: bool = False,
) -> bytes:
    """Seal an event for an external signer (VES 8): returns the envelope without a signature as JSON text.

    ProtocolError as in `sign_event`, and if there is no recipient.
    """
    binding = _binding(agent_id, key_id, tenant_id, store_id, event)
    content, plain_hash, cipher_hash = _content(event, binding, recipients, os.urandom, lossy=lossy)
    return _envelope(event, binding, content, _hashes(plain_hash, cipher_hash))


def _hashes(plain_hash: bytes, cipher_hash: bytes) -> dict[str, str]:
    return {
        "payload_plain_hash": "0x" + plain_hash.hex(),
        "payload_cipher_hash": "0x" + cipher_hash.hex(),
    }


def open_event(text: bytes, recipient_kid: int, secret: bytes) -> bytes:
    """Open the sealed payload of an envelope with a recipient's X25519 secret (VES 8.2): canonical JSON.

    ProtocolError if the secret is not the recipient's or the content does not match the signed hashes.
    """
    envelope = orjson.loads(text)
    return open_payload(
        convert(envelope["payload_encrypted"], PayloadEncrypted),
        convert(envelope, EventBinding),
        parse_hex(envelope["payload_plain_hash"], HASH_BYTES),
        recipient_kid,
        secret,
    )
