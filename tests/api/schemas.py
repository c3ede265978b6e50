"""A tenant's schema registry as its clients use it."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.api.support import dump, post

if TYPE_CHECKING:
    import httpx

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
