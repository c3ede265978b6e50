"""Puts signed events into a database the way the API does, without the API: straight through ves.ingest_events."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

import orjson

from ves import ed25519, ingest
from ves_client.agent import AgentKey, Event, Signed, sign_event

if TYPE_CHECKING:
    import psycopg

    from tests.conftest import Database

CALL = """
select r.first_sequence, r.last_sequence, r.exceptions from ves.ingest_events(
  array[%(tenant_id)s::uuid], array[%(store_id)s::uuid], array[cardinality(%(event_ids)s::uuid[])],
  array[%(auth_epoch)s::bigint], null, %(signer_id)s,
  %(event_ids)s::uuid[], %(command_ids)s::uuid[], %(agent_ids)s::uuid[], %(agent_key_ids)s::int[],
  %(entity_types)s::text[], %(entity_ids)s::text[], %(event_types)s::text[],
  %(created_at_texts)s::text[], %(created_at_micros)s::bigint[], %(payload_kinds)s::smallint[],
  %(payloads)s::text[]::json[], %(base_versions)s::bigint[], %(signature_schemes)s::smallint[],
  %(signature_bundles)s::bytea[], %(digests)s, %(refusals)s::text[], %(refusal_messages)s::text[]
) as r
"""
SEQUENCER_SEED = bytes(range(32))
SEQUENCER_ID = uuid.UUID("11111111-2222-4333-8444-555555555555")


class Feeder:
    """One agent that writes to any stream of one tenant; receipts are left unstored."""

    def __init__(self, database: Database, *, seed: bytes | None = SEQUENCER_SEED) -> None:
        self.tenant_id = uuid.uuid4()
        self.key = AgentKey.new(uuid.uuid4(), 1)
        self.connection: psycopg.Connection[Any] = database.connect("ves_api")
        self.public_key = ed25519.public_key(seed) if seed else None
        algorithm = "ed25519" if seed else "none"
        self.signer_id = self._value(
            "select ves.register_signer(%s, 0, %s, %s)",
            SEQUENCER_ID if seed == SEQUENCER_SEED else uuid.uuid4(),
            algorithm,
            self.public_key,
        )
        self._value(
            "select ves.register_agent_key(%s, %s, 1, %s)",
            self.tenant_id,
            self.key.agent_id,
            self.key.public_key,
        )
        # Any credential tells the current epoch.
        key_hash = uuid.uuid4().hex * 2
        with database.connect("ves_admin") as operator:
            operator.execute("select ves.create_api_key(%s, %s)", [key_hash, self.tenant_id])
        self.auth_epoch = self._value("select a.auth_epoch from ves.authenticate(%s) as a", key_hash)

    def _value(self, statement: str, *parameters: Any) -> Any:
        row = self.connection.execute(statement, parameters).fetchone()
        return row[0] if row else None

    def sign(self, store_id: uuid.UUID, count: int) -> list[Signed]:
        return [
            sign_event(
                self.key,
                self.tenant_id,
                store_id,
                Event(
                    uuid.uuid4(),
                    "order",
                    f"order-{uuid.uuid4()}",
                    "order.created",
                    "2026-01-02T03:04:05Z",
                    orjson.dumps({"number": number}),
                ),
            )
            for number in range(count)
        ]

    def feed(self, store_id: uuid.UUID, count: int) -> tuple[int, int]:
        """Sign and append `count` events; the numbers they got."""
        return self.append(store_id, self.sign(store_id, count))

    def append(self, store_id: uuid.UUID, signed: list[Signed]) -> tuple[int, int]:
        body = b'{"agentId":"%b","events":[%b]}' % (
            str(self.key.agent_id).encode(),
            b",".join(event.text for event in signed),
        )
        request = ingest.decode_request(body, ingest.Limits(max_events=100_000))
        columns = ingest.to_columns(request.events)
        parameters = {field.name: getattr(columns, field.name) for field in dataclasses.fields(columns)}
        first, last, exceptions = self.connection.execute(
            CALL,
            {
                "tenant_id": self.tenant_id,
                "store_id": store_id,
                "signer_id": self.signer_id,
                "auth_epoch": self.auth_epoch,
                **parameters,
            },
        ).fetchone()
        assert exceptions is None, exceptions
        return first, last


def commitments(database: Database) -> list[tuple[Any, ...]]:
    """(tenant, store, start, end, prev root, new root) of every commitment, by stream and start."""
    with database.connect() as connection:
        return connection.execute(
            "select tenant_id, store_id, sequence_start, sequence_end, prev_state_root, new_state_root"
            " from ves.commitments order by tenant_id, store_id, sequence_start"
        ).fetchall()


def assert_gapless(database: Database, heads: dict[uuid.UUID, int]) -> None:
    """Every stream is committed 1..head, each number once, and the state roots form one chain."""
    chains: dict[uuid.UUID, tuple[int, bytes]] = {}
    for _, store_id, start, end, before, after in commitments(database):
        next_start, root = chains.get(store_id, (1, bytes(32)))
        assert start == next_start
        assert bytes(before) == root
        chains[store_id] = (end + 1, bytes(after))
    assert {store_id: end - 1 for store_id, (end, _) in chains.items()} == heads
