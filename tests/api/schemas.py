"""A tenant's schema registry as its clients use it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.api.support import dump, post
from ves import ed25519
from ves.digests import signing_hash
from ves.seal import EventBinding, seal

if TYPE_CHECKING:
    import httpx

    from tests.api.support import Agent

SCHEMAS = "/api/v1/schemas"
AMOUNT: dict[str, Any] = {
    "type": "object",
    "properties": {"amount": {"type": "integer", "minimum": 1}},
    "required": ["amount"],
}


@dataclass
class Registry:
    """One tenant's schemas over one client."""

    client: httpx.Client
    tenant_id: uuid.UUID = field(default_factory=uuid.uuid4)
    event_type: str = "order.created"

    def register(self, schema: Any = AMOUNT, **members: Any) -> httpx.Response:
        body = {
            "tenantId": str(self.tenant_id),
            "eventType": self.event_type,
            "schemaJson": schema,
            **members,
        }
        return post(self.client, dump(body), SCHEMAS)

    def registered(self, schema: Any = AMOUNT, **members: Any) -> str:
        """Register and answer the id."""
        answer = self.register(schema, **members)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def get(self, path: str = "", **query: Any) -> httpx.Response:
        return self.client.get(SCHEMAS + path, params={"tenant_id": str(self.tenant_id), **query})

    def status(self, schema_id: str, status: Any) -> httpx.Response:
        return self.client.put(f"{SCHEMAS}/{schema_id}/status", json={"status": status})

    def delete(self, schema_id: str) -> httpx.Response:
        return self.client.delete(f"{SCHEMAS}/{schema_id}")

    def validate(self, payload: Any, **members: Any) -> httpx.Response:
        body = {"tenantId": str(self.tenant_id), "eventType": self.event_type, "payload": payload, **members}
        return post(self.client, dump(body), f"{SCHEMAS}/validate")


def padded(size: int) -> str:
    """A schema whose text has exactly this many bytes."""
    empty = json.dumps({"description": ""}, separators=(",", ":"))
    return empty[:-2] + "x" * (size - len(empty)) + empty[-2:]


def sealed_event(agent: Agent, payload: Any) -> dict[str, Any]:
    """An event whose payload only its recipient can read."""
    names = ("entity_type", "entity_id", "event_type", "created_at")
    event = agent.event(payload)
    binding = EventBinding(
        tenant_id=agent.tenant_id,
        store_id=agent.store_id,
        event_id=uuid.UUID(event["event_id"]),
        source_agent_id=agent.agent_id,
        agent_key_id=agent.key_id,
        **{name: event[name] for name in names},
    )
    recipient = X25519PrivateKey.generate().public_key().public_bytes_raw()
    sealed = seal(json.dumps(payload).encode(), binding, {1: recipient})
    digest = signing_hash(
        ves_version=1,
        **msgspec.structs.asdict(binding),
        payload_kind=1,
        payload_plain_hash=sealed.payload_plain_hash,
        payload_cipher_hash=sealed.payload_cipher_hash,
    )
    del event["payload"]
    return event | {
        "payload_kind": 1,
        "payload_encrypted": msgspec.to_builtins(sealed.payload_encrypted),
        "payload_plain_hash": sealed.payload_plain_hash.hex(),
        "payload_cipher_hash": sealed.payload_cipher_hash.hex(),
        "agent_signature": ed25519.sign(agent.seed, digest).hex(),
    }
