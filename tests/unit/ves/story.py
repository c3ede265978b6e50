"""Signed events for tests: an agent, a stream, and envelopes that can be spoiled one member at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.agents import SigningAgent
from ves.ingest import AgentKey, IngestRequest, Limits, decode_request

if TYPE_CHECKING:
    from uuid import UUID


@dataclass
class Agent(SigningAgent):
    """An agent with a fixed key whose envelopes can be spoiled one member at a time."""

    seed: bytes = b"\x2a" * 32

    @property
    def keys(self) -> dict[tuple[UUID, int], AgentKey]:
        key = AgentKey(self.agent_id, self.key_id, 1, self.public_key)
        return {(self.agent_id, self.key_id): key}

    def event(self, payload: str = '{"delta":100}', **changes: Any) -> dict[str, Any]:
        """A signed envelope without its payload member; `changes` are signed too."""
        return self.envelope(payload.encode(), **{"entity_id": "ORD-1"} | changes)

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
