"""What workers call on a timer costs in proportion to what there is to do, whatever the database holds."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import Agent, Edge

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

SMALL, LARGE = 300, 30_000
# Pages that a call may touch more in the large database, which is a hundred times as large: trees have another level.
FACTOR, SLACK = 1.5, 40
# Every function that ves_worker may call, as it is called; None with the reason for those without a history.
CALLS: dict[str, str | None] = {
    "claim_cursors": "select * from ves.claim_cursors('commit', 64, 30)",
    "commit_due": "select * from ves.commit_due(%(tenant_id)s, %(store_id)s)",
    "commit_next": "select * from ves.commit_next(%(tenant_id)s, %(store_id)s)",
    "find_lost_wake_ups": "select * from ves.find_lost_wake_ups(null, null, 100)",
    "get_receipt_work": "select * from ves.get_receipt_work(1000, 0)",
    "count_key_usage": "select ves.count_key_usage(1000)",
    "apply_due_rotations": "select * from ves.apply_due_rotations(100)",
    "apply_retention": "select * from ves.apply_retention(now())",
    "open_cursor": "select ves.open_cursor(%(tenant_id)s, %(store_id)s, 'test', 0)",
    "advance_cursor": "select ves.advance_cursor(%(tenant_id)s, %(store_id)s, 'test', %(done)s, %(done)s + 1)",
    "read_events": "select * from ves.read_events(%(tenant_id)s, %(store_id)s, %(done)s, 10)",
    "claim_lease": "select ves.claim_lease('test', 'me', 1)",
    "renew_lease": "select ves.renew_lease('kept', 1, 1)",
    "release_lease": "select ves.release_lease('kept', 1)",
    "store_receipts": "select ves.store_receipts('{}', '{}', '{}', '', '')",
    "register_signer": "select ves.register_signer(gen_random_uuid(), 0, 'none', null)",
    "health": "select ves.health()",
    "list_signers": None,  # the operator's own keys, a handful
    "list_migrations": None,  # one row a release
    "create_commitment": None,  # its range is what it is asked for; commit_next calls it
    "create_legacy_commitment": None,  # the same
    "verify_inclusion": None,  # pure computation
    "verify_legacy_inclusion": None,  # pure computation
    "server_is_durable": None,  # settings of the server
    "server_identity": None,  # settings of the server
    "version": None,  # a constant
}
GRANTED = """
    select p.proname from pg_proc as p
    where p.pronamespace = 'ves'::regnamespace and has_function_privilege('ves_worker', p.oid, 'execute')"""
# Streams without anything due: half are done, half wait for a date in a year, as all keys and rotations do.
HISTORY = """
with streams as materialized (
  select gen_random_uuid() as tenant_id, gen_random_uuid() as store_id, gen_random_uuid() as agent_id
  from generate_series(1, %(streams)s)
),
keys as (
  insert into ves_store.agent_signing_keys (tenant_id, agent_id, key_id, public_key, check_at, valid_to)
  select s.tenant_id, s.agent_id, 1, sha256(uuid_send(s.agent_id)), now() + '1 year', now() + '2 years'
  from streams as s
),
counters as (
  insert into ves_store.ves_sequence_counters (tenant_id, store_id, current_sequence)
  select s.tenant_id, s.store_id, 1 from streams as s
),
policies as (
  insert into ves_store.key_rotation_policies (tenant_id, max_age_hours, max_usage_count)
  select s.tenant_id, 876000, 1000000 from streams as s
),
uses as (
  insert into ves_store.key_usage_counters (tenant_id, agent_id, key_id, usage_count)
  select s.tenant_id, s.agent_id, 1, 1 from streams as s
),
rotations as (
  insert into ves_store.scheduled_key_rotations (
    tenant_id, agent_id, current_key_id, scheduled_at, reason, status
  )
  select s.tenant_id, s.agent_id, 2, now() + '1 year', 'manual', 'pending' from streams as s
),
receipts as (
  insert into ves_store.ves_sequencer_receipts (tenant_id, store_id, sequence_number, receipt_hash)
  select s.tenant_id, s.store_id, 1, sha256('') from streams as s
),
rejections as (
  insert into ves_store.ves_rejections (
    tenant_id, store_id, event_id, source_agent_id, reason, message, rejected_at
  )
  select s.tenant_id, s.store_id, gen_random_uuid(), s.agent_id, 'x', 'x', now() - interval '1 day' from streams as s
),
api_keys as (
  insert into ves_store.api_keys (key_hash, tenant_id, agent_id, can_read, active)
  select encode(sha256(uuid_send(s.agent_id)), 'hex'), s.tenant_id, s.agent_id, true, false from streams as s
)
insert into ves_store.cursors (tenant_id, store_id, consumer, done_to, head_sequence, due_at)
select s.tenant_id, s.store_id, c.consumer, 1, 1 + h.waits, case when h.waits = 1 then now() + '1 year' end
from streams as s
cross join lateral (select get_byte(uuid_send(s.store_id), 0) & 1 as waits) as h
cross join unnest(array['receipts', 'key_usage', 'commit']) as c (consumer)
"""
# Events of one stream that is long: copies of its first one, and receipts for all but the last.
LONG_STREAM = """
with event as (
  select e.* from ves_store.ves_events as e where e.tenant_id = %(tenant_id)s and e.store_id = %(store_id)s limit 1
),
copies as (
  insert into ves_store.ves_events
  select (jsonb_populate_record(e, jsonb_build_object(
    'sequence_number', n, 'event_id', gen_random_uuid(), 'command_id', null))).*
  from ves_store.ves_events as e, generate_series(2, %(events)s::bigint) as n
  where e.tenant_id = %(tenant_id)s and e.store_id = %(store_id)s
),
receipts as (
  insert into ves_store.ves_sequencer_receipts (tenant_id, store_id, sequence_number, receipt_hash)
  select e.tenant_id, e.store_id, n, sha256('') from event as e, generate_series(1, %(events)s::bigint - 1) as n
),
cursors as (
  insert into ves_store.cursors (tenant_id, store_id, consumer, done_to, head_sequence, due_at)
  select e.tenant_id, e.store_id, c.consumer, %(events)s - 10, %(events)s, now() - interval '1 hour'
  from event as e, unnest(array['receipts', 'key_usage', 'commit', 'test']) as c (consumer)
)
update ves_store.ves_sequence_counters as c set current_sequence = %(events)s
from event as e where c.tenant_id = e.tenant_id and c.store_id = e.store_id
"""


@pytest.fixture
def measured(database: Database) -> Iterator[Measured]:
    with database.connect("ves_api") as api, database.connect() as superuser:
        edge, agent = Edge.open(api), Agent()
        agent.register(api)
        edge.ingest(agent, agent.event())
        superuser.execute("delete from pgmq.q_ves_commit")
        superuser.execute("select ves.claim_lease('kept', 'me', 3600)")
        superuser.execute("set session_replication_role = replica")
        yield Measured(superuser, agent)


class Measured:
    """One stream with ten events to do, among streams that are done."""

    def __init__(self, superuser: psycopg.Connection[Any], agent: Agent) -> None:
        self.connection = superuser
        self.names: dict[str, Any] = {"tenant_id": agent.tenant_id, "store_id": agent.store_id}

    def grow(self, size: int) -> None:
        self.connection.execute(HISTORY, {"streams": size})
        self.connection.execute("vacuum analyze")

    def lengthen(self, events: int) -> None:
        """Set the stream's length, with everything but its last ten events done."""
        self.connection.execute("delete from ves_store.cursors where store_id = %(store_id)s", self.names)
        self.connection.execute(
            "delete from ves_store.ves_commitments where store_id = %(store_id)s", self.names
        )
        self.connection.execute(
            "delete from ves_store.ves_events where store_id = %(store_id)s and sequence_number > 1",
            self.names,
        )
        self.connection.execute(
            "delete from ves_store.ves_sequencer_receipts where store_id = %(store_id)s", self.names
        )
        self.names["done"] = events - 10
        self.connection.execute(LONG_STREAM, self.names | {"events": events})
        self.connection.execute(
            "insert into ves_store.ves_commitments (tenant_id, store_id, batch_id, tree_depth, leaf_count,"
            " padded_leaf_count, merkle_root, prev_state_root, new_state_root, sequence_start, sequence_end,"
            " committed_at) values (%(tenant_id)s, %(store_id)s, %(batch_id)s, 0, 1, 1, sha256(''), sha256(''),"
            " sha256(''), %(end)s, %(end)s, now())",
            self.names | {"batch_id": uuid.uuid4(), "end": events - 10},
        )
        self.connection.execute("vacuum analyze")

    def buffers(self) -> dict[str, int]:
        """Pages that each call touches, the second time in this session, when catalogs and plans are cached."""
        found = {}
        for name, call in CALLS.items():
            if call is None:
                continue
            for _ in range(2):
                with self.connection.transaction(force_rollback=True):
                    plan = self.connection.execute(
                        f"explain (analyze, buffers, format json) {call}", self.names
                    ).fetchone()[0]
                found[name] = plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]
        return found


def test_every_function_of_the_workers_is_measured_or_excused(catalog: psycopg.Connection[Any]) -> None:
    assert {name for (name,) in catalog.execute(GRANTED).fetchall()} == set(CALLS)


def test_what_is_done_costs_nothing(measured: Measured) -> None:
    measured.grow(SMALL)
    measured.lengthen(SMALL)
    small = measured.buffers()
    measured.grow(LARGE)
    measured.lengthen(LARGE)
    large = measured.buffers()
    assert {
        name: (small[name], large[name]) for name in large if large[name] > FACTOR * small[name] + SLACK
    } == {}
    assert max(large.values()) < 2500


def test_each_missing_receipt_costs_a_few_pages(measured: Measured) -> None:
    """A join of events and receipts on the stream alone would read every receipt for every event."""
    measured.lengthen(LARGE)
    measured.connection.execute(
        "update ves_store.cursors set done_to = 0 where consumer = 'receipts' and store_id = %(store_id)s",
        measured.names,
    )
    measured.connection.execute(
        "delete from ves_store.ves_sequencer_receipts where store_id = %(store_id)s and sequence_number > 5000",
        measured.names,
    )
    assert measured.buffers()["get_receipt_work"] < 20_000
