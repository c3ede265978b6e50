"""An agent that signs envelopes (VES 5 and 6), independent of how they travel."""

from __future__ import annotations

import dataclasses
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

from ves import canonical, digests, ed25519

CREATED_AT = "2025-12-20T17:51:10.243Z"
ZERO_HASH = bytes(32)
_IDS = ("tenant_id", "store_id", "event_id", "source_agent_id")
_HASHES = ("payload_plain_hash", "payload_cipher_hash")
_VALUES = (
    "ves_version",
    "agent_key_id",
    "entity_type",
    "entity_id",
    "event_type",
    "created_at",
    "payload_kind",
)


def signing_hash(envelope: dict[str, Any]) -> bytes:
    """The hash that the signature of an envelope in JSON form covers."""
    return digests.signing_hash(
        **{name: uuid.UUID(envelope[name]) for name in _IDS},
        **{name: bytes.fromhex(envelope[name].removeprefix("0x")) for name in _HASHES},
        **{name: envelope[name] for name in _VALUES},
    )


@dataclass
class SigningAgent:
    """An agent with one Ed25519 key that writes to one stream."""

    tenant_id: uuid.UUID = field(default_factory=uuid.uuid4)
    store_id: uuid.UUID = field(default_factory=uuid.uuid4)
    agent_id: uuid.UUID = field(default_factory=uuid.uuid4)
    key_id: int = 1
    seed: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    @property
    def public_key(self) -> bytes:
        return ed25519.public_key(self.seed)

    def in_store(self, store_id: uuid.UUID | None = None) -> Self:
        """The same agent and key, writing to another store of the tenant."""
        return dataclasses.replace(self, store_id=store_id or uuid.uuid4())

    def envelope(self, payload: bytes, **changes: Any) -> dict[str, Any]:
        """A signed envelope in JSON form, without the payload; `changes` are members changed before signing."""
        members = {
            "ves_version": 1,
            "event_id": uuid.uuid4(),
            "tenant_id": self.tenant_id,
            "store_id": self.store_id,
            "source_agent_id": self.agent_id,
            "agent_key_id": self.key_id,
            "entity_type": "order",
            "entity_id": f"O-{secrets.token_hex(6)}",
            "event_type": "order.created",
            "created_at": CREATED_AT,
            "payload_kind": 0,
            "payload_plain_hash": digests.payload_plain_hash(canonical.jcs(payload)),
            "payload_cipher_hash": ZERO_HASH,
            **changes,
        }
        envelope = {name: json_value(value) for name, value in members.items()}
        return envelope | {"agent_signature": json_value(ed25519.sign(self.seed, signing_hash(envelope)))}


def json_value(value: Any) -> Any:
    """A member of an envelope as it is written in JSON."""
    if isinstance(value, uuid.UUID):
        return str(value)
    return f"0x{value.hex()}" if isinstance(value, bytes) else value
