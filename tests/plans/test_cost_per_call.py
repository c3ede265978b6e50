"""A call costs in proportion to what it answers or has to do, whatever the database holds."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import cloned
from tests.plans.calls import BOUNDED, CALLS, EXCUSED, UNTIL_ANALYZED
from tests.plans.history import BEHIND, History
from tests.plans.payment_history import OPEN_WORK
from tests.plans.statistics import Moments, forget_statistics
from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, Edge, scalar, synthetic
from tests.support.agents import CREATED_AT
from tests.support.payments import payer_of, payment_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.support.cluster import Cluster

SMALL = {"streams": 1_000, "events": 5_000}
LARGE = {"streams": 20_000, "events": 50_000}
LARGEST = {"streams": 100_000, "events": 1_000_000}
# Pages that a call may touch more in the large database: trees have another level.
FACTOR, SLACK = 1.5, 40
MOST_PAGES = 2500
# What exists in one piece beside the history.
PREPARATION = (
    "select ves.create_api_key(%(key_hash)s, %(tenant_id)s, agent_id => %(agent_id)s)",
    "select ves.create_encryption_group(%(tenant_id)s, 'group')",
    "select ves.add_group_member(g.tenant_id, g.group_id, %(agent_id)s) from ves_store.encryption_key_groups as g",
    "select ves.register_agent_key(%(tenant_id)s, %(agent_id)s, 7, sha256('7'), 2::smallint)",
    "select ves.register_schema(%(tenant_id)s, 'order.created', '{}')",
    "select ves.submit_compliance_proof(%(tenant_id)s, %(event_id)s, 'y', 1, 'p', '{}', '\\x00')",
    "select ves.create_api_key(repeat('2', 64), gen_random_uuid(), agent_id => gen_random_uuid())",
    "select ves.claim_lease('kept', 'me', 3600)",
    "select ves.subscribe(%(tenant_id)s, kind, kind) from unnest(array['group', 'queue', 'feed']) as kind",
    "insert into ves_store.retry_handlers values ('test', 'is_never_retried')",
    "select ves.take_rate_limit(array['credential'], array['k'], array[10], array[60], array[1000000])",
    "select ves.append_payment_intents(%(tenant_id)s, %(payment_store_id)s, %(kept_payments)s)",
    "select ves.create_payment_batch(%(tenant_id)s, %(payment_store_id)s, 'set_chain', max_size => 5)",
    "delete from pgmq.q_ves_commit",
)
FOUND = {
    "group_id": "select g.group_id from ves_store.encryption_key_groups as g where g.name = 'group'",
    "schema_id": "select s.schema_id from ves_store.event_schemas as s where s.event_type = 'order.created'",
    "proof_id": "select p.proof_id from ves_store.ves_compliance_proofs as p",
    "intent_id": "select i.intent_id from ves_store.x402_payment_intents as i where i.status = 'batched' limit 1",
    "payment_batch_id": "select b.batch_id from ves_store.x402_payment_batches as b",
    "small_tenant_id": "select k.tenant_id from ves_store.api_keys as k where k.key_hash = repeat('2', 64)",
}
LAST_BATCH = "select c.batch_id from ves_store.{0} as c where c.store_id = %(store_id)s order by c.sequence_end desc limit 1"
FOUND_IN_HISTORY = {
    "receipt_hash": "select decode(d.receipt ->> 'receiptHash', 'hex') from ves_int.receipt_documents as d"
    " where d.tenant_id = %(tenant_id)s and d.store_id = %(store_id)s and d.sequence_number = %(done)s + 1",
    "batch_id": LAST_BATCH.format("ves_commitments"),
    "legacy_batch_id": LAST_BATCH.format("commitments"),
    "committed": "select max(c.sequence_end) from ves_store.ves_commitments as c where c.store_id = %(store_id)s",
    "dead_letter_id": "select max(d.dead_letter_id) from ves_store.dead_letter_events as d"
    " where d.tenant_id = %(tenant_id)s",
    "rotation_id": "select r.rotation_id from ves_store.scheduled_key_rotations as r"
    " where r.tenant_id = %(tenant_id)s limit 1",
}


class Measured:
    """One stream with BEHIND events to do, among streams that are done."""

    def __init__(self, superuser: psycopg.Connection[Any], edge: Edge) -> None:
        agent = Agent()
        agent.register(edge.connection)
        first = agent.event()
        edge.ingest(agent, first)
        writer = Writer(edge.connection, agent.tenant_id, agent.store_id)
        writer.ingest(Legacy())
        self.connection = superuser
        self.sizes: list[dict[str, int]] = []  # rows of each table, after each growth
        stream = {"tenant_id": agent.tenant_id, "store_id": agent.store_id, "agent_id": agent.agent_id}
        self.names: dict[str, Any] = {
            **synthetic(agent, 10, edge.signer_id),
            **stream,
            "event_id": first.event_id,
            "request": agent.body(*agent.events(10)),
            "legacy_request": json.dumps(
                {
                    "agent_id": str(agent.agent_id),
                    "events": [
                        {
                            **{k: str(v) for k, v in stream.items() if k != "agent_id"},
                            "event_id": str(uuid.uuid4()),
                            "source_agent": str(agent.agent_id),
                            "entity_type": "order",
                            "entity_id": "1",
                            "event_type": "made",
                            "payload": {},
                            "created_at": CREATED_AT,
                            "payload_hash": Legacy(payload="{}").payload_hash.hex(),
                        }
                    ],
                }
            ),
            "payment_store_id": uuid.uuid4(),
            "payments": payment_rows(agent, 10),
            "payment_request": json.dumps(payer_of(agent).intent()),
            "kept_payments": payment_rows(agent, 10),
            "key_hash": hashlib.sha256(agent.agent_id.bytes).hexdigest(),
        }
        self.legacy = writer.columns(*[Legacy() for _ in range(10)])
        self.history = History(superuser, stream | {"payment_store_id": self.names["payment_store_id"]})
        for statement in PREPARATION:
            superuser.execute(statement, self.names)
        with superuser.transaction():
            superuser.execute("set local session_replication_role = replica")
            for statement in OPEN_WORK.split(";\n"):
                superuser.execute(statement, self.names)
        for name, query in FOUND.items():
            self.names[name] = scalar(superuser, query, self.names)
        tables = superuser.execute(
            "select c.oid::regclass::text from pg_class as c where c.relkind in ('r', 'p')"
            " and c.relnamespace in ('ves_store'::regnamespace, 'pgmq'::regnamespace)"
        ).fetchall()
        self.moments = Moments(superuser, *(table for (table,) in tables))
        self.moments.analyze("a new database")

    def grow(self, streams: int, events: int) -> None:
        self.history.grow(streams, events)
        self.sizes.append(self._rows())
        self.names["done"] = events - BEHIND
        for name, query in FOUND_IN_HISTORY.items():
            self.names[name] = scalar(self.connection, query, self.names)

    def pages(self, name: str) -> int:
        """Pages that a call touches the second time in this session, when catalogs and plans are cached.

        With the plans of the first calls and with those of later ones, which the planner makes without the arguments.
        """
        return max(self._pages(name, mode) for mode in ("auto", "force_generic_plan"))

    def _rows(self) -> dict[str, int]:
        """Rows of each table of the record."""
        names = self.connection.execute(
            "select c.relname from pg_class as c"
            " where c.relnamespace = 'ves_store'::regnamespace and c.relkind in ('r', 'p')"
        ).fetchall()
        return {name: scalar(self.connection, f"select count(*) from ves_store.{name}") for (name,) in names}

    def _pages(self, name: str, plan_cache_mode: str) -> int:
        names = self.legacy if name == "ingest_legacy_events" else self.names
        for _ in range(2):
            with self.connection.transaction(force_rollback=True):
                self.connection.execute(f"set local plan_cache_mode = {plan_cache_mode}")
                # what a deferred trigger costs belongs to the call
                self.connection.execute("set constraints all immediate")
                (document,) = (
                    self.connection.execute(
                        f"explain (analyze, buffers, format json) {CALLS[name]}", names
                    ).fetchone()
                    or ()
                )
        plan = document[0]["Plan"]
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.fixture(scope="module")
def measured(engine: Cluster) -> Iterator[Measured]:
    with (
        cloned(engine, "t") as database,
        database.connect("ves_api") as api,
        database.connect() as superuser,
    ):
        yield Measured(superuser, Edge.open(api))


@pytest.fixture(scope="module")
def few(measured: Measured) -> dict[str, int]:
    """Pages of each call in a short history."""
    measured.grow(**SMALL)
    return {name: measured.pages(name) for name in CALLS}


@pytest.fixture(scope="module", params=[LARGE, pytest.param(LARGEST, marks=pytest.mark.soak)])
def pages(
    request: pytest.FixtureRequest, measured: Measured, few: dict[str, int]
) -> dict[str, tuple[int, int]]:
    """Pages of each call in a short and in a long history."""
    measured.grow(**request.param)
    return {name: (few[name], measured.pages(name)) for name in CALLS}


def test_every_function_is_measured_or_excused_with_a_reason(catalog: psycopg.Connection[Any]) -> None:
    names = catalog.execute(
        "select distinct p.proname from pg_proc as p where p.pronamespace = 'ves'::regnamespace"
        " and p.prokind = 'f' and p.prorettype <> 'trigger'::regtype"
    ).fetchall()
    assert {name for (name,) in names} == CALLS.keys() | EXCUSED.keys()
    assert not CALLS.keys() & EXCUSED.keys()


def test_a_call_touches_as_many_pages_in_a_long_history(pages: dict[str, tuple[int, int]]) -> None:
    assert {name: (few, many) for name, (few, many) in pages.items() if many > FACTOR * few + SLACK} == {}
    assert {name: many for name, (_, many) in pages.items() if many >= MOST_PAGES} == {}


def test_every_table_is_larger_in_the_long_history_or_bounded(
    measured: Measured, pages: dict[str, tuple[int, int]]
) -> None:
    """Otherwise calls that read it would be measured against a few rows."""
    assert pages
    few, many = measured.sizes[0], measured.sizes[-1]
    bounded = {name for name, rows in many.items() if rows < 2 * few[name] or not rows}
    assert bounded == BOUNDED.keys()


def test_each_missing_receipt_costs_a_few_pages(
    measured: Measured, pages: dict[str, tuple[int, int]]
) -> None:
    """A join of events and receipts on the stream alone would read every receipt for every event."""
    assert pages["get_receipt_work"][1] > 0
    with measured.connection.transaction(force_rollback=True):
        measured.connection.execute("set local session_replication_role = replica")
        measured.connection.execute(
            "update ves_store.cursors set done_to = 0 where consumer = 'receipts' and store_id = %(store_id)s",
            measured.names,
        )
        measured.connection.execute(
            "delete from ves_store.ves_sequencer_receipts where store_id = %(store_id)s and sequence_number > 2000",
            measured.names,
        )
        measured.connection.execute("analyze ves_store.ves_sequencer_receipts")
        assert measured.pages("get_receipt_work") < 20_000


def calls_that_cost_more(measured: Measured, few: dict[str, int]) -> dict[str, tuple[int, int]]:
    now = {name: (few[name], measured.pages(name)) for name in CALLS.keys() - UNTIL_ANALYZED.keys()}
    return {name: (few, many) for name, (few, many) in now.items() if many > FACTOR * few + SLACK}


def test_a_call_touches_as_many_pages_with_the_statistics_of_a_new_database(
    measured: Measured, few: dict[str, int], pages: dict[str, tuple[int, int]]
) -> None:
    """After those above, because it replaces the planner's statistics; so does the next."""
    assert pages
    assert [calls_that_cost_more(measured, few) for _ in measured.moments.each()] == [{}]


def test_a_call_touches_as_many_pages_before_the_first_analyze(
    measured: Measured, few: dict[str, int], pages: dict[str, tuple[int, int]]
) -> None:
    assert pages
    forget_statistics(measured.connection)
    assert calls_that_cost_more(measured, few) == {}
