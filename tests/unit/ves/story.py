"""Signed events for tests: an agent, a stream, and envelopes that can be spoiled one member at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from ves import canonical, digests, ed25519
from ves.ingest import AgentKey, IngestRequest, Limits, decode_request


def wire(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    return f"0x{value.hex()}" if isinstance(value, bytes) else value


@dataclass
class Agent:
    """An agent with one Ed25519 key that writes to one stream."""

    seed: bytes = b"\x2a" * 32
    key_id: int = 1
    agent_id: UUID = field(default_factory=uuid4)
    tenant_id: UUID = field(default_factory=uuid4)
    store_id: UUID = field(default_factory=uuid4)

    @property
    def keys(self) -> dict[tuple[UUID, int], AgentKey]:
        key = AgentKey(self.agent_id, self.key_id, 1, ed25519.public_key(self.seed))
        return {(self.agent_id, self.key_id): key}

    def event(self, payload: str = '{"delta":100}', **changes: Any) -> dict[str, Any]:
        """A signed envelope without its payload member; `changes` are signed too."""
        fields = {
            "ves_version": 1,
            "tenant_id": self.tenant_id,
            "store_id": self.store_id,
            "event_id": uuid4(),
            "source_agent_id": self.agent_id,
            "agent_key_id": self.key_id,
            "entity_type": "order",
            "entity_id": "ORD-1",
            "event_type": "order.created",
            "created_at": "2025-12-20T17:51:10.243Z",
            "payload_kind": 0,
            "payload_plain_hash": digests.payload_plain_hash(canonical.jcs(payload.encode())),
            "payload_cipher_hash": bytes(32),
        } | changes
        signature = ed25519.sign(self.seed, digests.signing_hash(**fields))
        return {name: wire(value) for name, value in fields.items()} | {"agent_signature": wire(signature)}

    def body(self, *events: dict[str, Any], payload: str | None = '{"delta":100}') -> bytes:
        """The request with these envelopes, each with the payload text."""
        member = "" if payload is None else f',"payload":{payload}'
        texts = [f"{json.dumps(event)[:-1]}{member}}}" for event in events]
        return f'{{"agentId":"{self.agent_id}","events":[{",".join(texts)}]}}'.encode()

    def request(
        self, payload: str = '{"delta":100}', limits: Limits | None = None, **changes: Any
    ) -> IngestRequest:
        """A decoded request with one signed event."""
        body = self.body(self.event(payload, **changes), payload=payload)
        return decode_request(body, limits or Limits())
