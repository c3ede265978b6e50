"""Legacy events, and `ves.ingest_legacy_events` called as the edge does."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.sql.support import Answer, read_answer
from tests.support import legacy_tree

if TYPE_CHECKING:
    import psycopg

CALL = """
select (r).first_sequence, (r).last_sequence, (r).head_sequence, (r).sequenced_at, (r).exceptions
from ves.ingest_legacy_events(
  %(tenant_id)s, %(store_id)s, %(auth_epoch)s, %(source_agent)s,
  %(event_ids)s::uuid[], %(command_ids)s::uuid[], %(entity_types)s::text[], %(entity_ids)s::text[],
  %(event_types)s::text[], %(created_at_micros)s::bigint[], %(payloads)s::text[]::json[], %(payload_hashes)s,
  %(base_versions)s::bigint[], %(envelope_versions)s::bigint[], %(signatures)s::bytea[], %(refusals)s::text[],
  %(refusal_messages)s::text[],
  schema_epoch => %(schema_epoch)s
) as r
"""


@dataclass(frozen=True)
class Legacy:
    """A legacy event with its payload's JSON text; `refusal` is what the edge found before."""

    event_id: uuid.UUID = field(default_factory=uuid.uuid4)
    command_id: uuid.UUID | None = None
    entity_type: str = "order"
    entity_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    base_version: int | None = None
    payload: str = '{"n": 1.0}'
    refusal: str | None = None

    @property
    def payload_hash(self) -> bytes:
        return legacy_tree.payload_hash(self.payload.encode())


@dataclass
class Writer:
    """One source agent of one legacy stream."""

    connection: psycopg.Connection[Any]
    tenant_id: uuid.UUID = field(default_factory=uuid.uuid4)
    store_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def stream(self) -> list[uuid.UUID]:
        return [self.tenant_id, self.store_id]

    def ingest(self, *events: Legacy, **columns: Any) -> Answer:
        row = self.connection.execute(CALL, {**self.columns(*events), **columns}).fetchone()
        assert row is not None
        return read_answer(row, len(events))

    def columns(self, *events: Legacy) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "store_id": self.store_id,
            "auth_epoch": None,
            "schema_epoch": None,
            "source_agent": uuid.uuid4(),
            "event_ids": [e.event_id for e in events],
            "command_ids": [e.command_id for e in events],
            "entity_types": [e.entity_type for e in events],
            "entity_ids": [e.entity_id for e in events],
            "event_types": ["order.created"] * len(events),
            "created_at_micros": [1_766_253_070_243_000] * len(events),
            "payloads": [e.payload for e in events],
            "payload_hashes": b"".join(e.payload_hash for e in events),
            "base_versions": None
            if all(e.base_version is None for e in events)
            else [e.base_version for e in events],
            "envelope_versions": None,
            "signatures": None,
            "refusals": [e.refusal for e in events],
            "refusal_messages": [e.refusal for e in events],
        }

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(statement, [*self.stream, *parameters]).fetchall()

    def commit(self, start: int, end: int) -> tuple[Any, ...]:
        return self.rows("select * from ves.create_legacy_commitment(%s, %s, %s, %s)", start, end)[0]


def many(count: int) -> list[Legacy]:
    return [Legacy(payload=json.dumps({"n": number})) for number in range(count)]
