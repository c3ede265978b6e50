"""Legacy events as a REST client sends them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.api.support import Raw, dump, post
from tests.support import legacy_tree

if TYPE_CHECKING:
    import httpx

EVENTS = "/api/v1/events"
INGEST = "/api/v1/events/ingest"
HEAD = "/api/v1/head"
ENTITIES = "/api/v1/entities"
COMMITMENTS = "/api/v1/commitments"
PROOFS = "/api/v1/proofs"


@dataclass
class Sender:
    """An agent that sends to one legacy stream."""

    tenant_id: uuid.UUID = field(default_factory=uuid.uuid4)
    store_id: uuid.UUID = field(default_factory=uuid.uuid4)
    agent_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def stream(self) -> dict[str, str]:
        return {"tenant_id": str(self.tenant_id), "store_id": str(self.store_id)}

    def event(self, payload: Any = None, *, raw: bytes | None = None, **changes: Any) -> dict[str, Any]:
        text = raw if raw is not None else json.dumps({"n": 1} if payload is None else payload).encode()
        digest = "00" * 32 if "payload_hash" in changes else legacy_tree.payload_hash(text).hex()
        return {
            "event_id": str(uuid.uuid4()),
            **self.stream,
            "entity_type": "order",
            "entity_id": uuid.uuid4().hex,
            "event_type": "order.created",
            "payload": Raw(text),
            "payload_hash": digest,
            "created_at": "2025-01-08T10:30:00.123456Z",
            "source_agent": str(self.agent_id),
            **changes,
        }

    def ingest(self, client: httpx.Client, *events: dict[str, Any], **changes: Any) -> httpx.Response:
        body = dump({"agent_id": str(self.agent_id), "events": list(events), **changes})
        return post(client, body, INGEST)

    def send(self, client: httpx.Client, count: int) -> None:
        answer = self.ingest(client, *[self.event() for _ in range(count)])
        assert answer.json()["events_accepted"] == count, answer.text

    def get(self, client: httpx.Client, path: str, **query: Any) -> httpx.Response:
        return client.get(path, params={**self.stream, **query})

    def commit(self, client: httpx.Client, start: int, end: int) -> httpx.Response:
        body = {**self.stream, "sequence_start": start, "sequence_end": end}
        return client.post(COMMITMENTS, json=body)
