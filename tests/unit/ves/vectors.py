"""The vector files shared with other implementations, and how their envelopes become bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from ves.ingest import AgentKey

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "ves"
IDS = ("tenant_id", "store_id", "event_id", "source_agent_id")
SIGNED = (
    "ves_version",
    *IDS,
    "agent_key_id",
    "entity_type",
    "entity_id",
    "event_type",
    "created_at",
    "payload_kind",
)
HASHES = ("payload_plain_hash", "payload_cipher_hash")


def load(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def signed_fields(envelope: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `signing_preimage` for an envelope."""
    fields = {name: UUID(envelope[name]) if name in IDS else envelope[name] for name in SIGNED}
    return fields | {name: unhex(envelope[name]) for name in HASHES}


def request_body(*envelopes: dict[str, Any], payloads: dict[str, str] | None = None) -> bytes:
    """An ingest request of the first envelope's agent. `payloads` gives raw payload texts by event_id."""
    texts = []
    for envelope in envelopes:
        raw = (payloads or {}).get(envelope["event_id"])
        text = json.dumps(envelope)
        texts.append(text if raw is None else f'{text[:-1]},"payload":{raw}}}')
    agent = envelopes[0]["source_agent_id"]
    return f'{{"agentId":"{agent}","events":[{",".join(texts)}]}}'.encode()


def key_of(envelope: dict[str, Any], public_key: bytes) -> dict[tuple[UUID, int], AgentKey]:
    """A key ring with one Ed25519 key for the envelope's agent."""
    agent, number = UUID(envelope["source_agent_id"]), envelope["agent_key_id"]
    return {(agent, number): AgentKey(agent, number, 1, public_key)}
