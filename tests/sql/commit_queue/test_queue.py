"""The queue of wake-ups becomes cursors of the log's consumers; the tables decide what is due."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

CLAIM = "select store_id, done_to, head_sequence from ves.claim_cursors('commit', %s, %s)"
RANGES = "select sequence_start, sequence_end from ves.commit_due(%s, %s)"


@pytest.fixture
def queue(database: Database) -> Iterator[tuple[Edge, psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """(edge, worker, superuser) on a database whose queue nobody else uses."""
    with (
        database.connect("ves_api") as api,
        database.connect("ves_worker") as worker,
        database.connect() as superuser,
    ):
        yield Edge.open(api), worker, superuser


def fill(edge: Edge, *counts: int) -> Agent:
    agent = Agent()
    agent.register(edge.connection)
    for count in counts:
        edge.ingest(agent, *agent.events(count))
    return agent


def set_policy(
    superuser: psycopg.Connection[Any],
    agent: Agent | None,
    mode: str,
    max_events: int = 1024,
    age: str = "1 hour",
) -> None:
    stream = [agent.tenant_id, agent.store_id] if agent else [None, None]
    superuser.execute("select ves.set_commit_policy(%s, %s, %s, %s, %s)", [*stream, mode, max_events, age])


def commit(connection: psycopg.Connection[Any], agent: Agent) -> None:
    connection.execute("select ves.commit_next(%s, %s)", [agent.tenant_id, agent.store_id])


def commit_due(worker: psycopg.Connection[Any], agent: Agent) -> list[tuple[int, int]]:
    return worker.execute(RANGES, [agent.tenant_id, agent.store_id]).fetchall()


def pass_time(superuser: psycopg.Connection[Any], by: str) -> None:
    """As if everything that waits had waited longer: what is stored moves into the past."""
    superuser.execute(
        "update ves_store.cursors set due_at = due_at - %(by)s::interval,"
        " claimed_until = claimed_until - %(by)s::interval",
        {"by": by},
    )


def test_by_default_nothing_is_due(queue: Any) -> None:
    edge, worker, superuser = queue
    agent = fill(edge, 2000)
    assert worker.execute(CLAIM, [100, 30]).fetchall() == []
    pass_time(superuser, "1 year")
    assert worker.execute(CLAIM, [100, 30]).fetchall() == []
    assert scalar(superuser, "select count(*) from pgmq.q_ves_commit") == 0
    assert superuser.execute(
        "select mode, is_default from ves.commit_policies where store_id = %s", [agent.store_id]
    ).fetchall() == [("manual", True)]


def test_a_stream_is_due_by_count_or_by_age(queue: Any) -> None:
    edge, worker, superuser = queue
    set_policy(superuser, None, "automatic", 10)
    small, large = fill(edge, 2), fill(edge, 5, 5)
    assert worker.execute(CLAIM, [100, 3600]).fetchall() == [(large.store_id, 0, 10)]
    pass_time(superuser, "59 minutes")
    assert worker.execute(CLAIM, [100, 3600]).fetchall() == []
    pass_time(superuser, "1 minute")
    assert worker.execute(CLAIM, [1, 3600]).fetchall() == [(small.store_id, 0, 2)], (
        "before the claim that ended"
    )
    assert worker.execute(CLAIM, [100, 3600]).fetchall() == [(large.store_id, 0, 10)]


def test_small_batches_add_up_though_their_messages_were_taken_one_by_one(queue: Any) -> None:
    edge, worker, superuser = queue
    agent = fill(edge)
    set_policy(superuser, agent, "automatic", 10)
    for _ in range(3):
        edge.ingest(agent, *agent.events(3))
        assert worker.execute(CLAIM, [100, 30]).fetchall() == []
    edge.ingest(agent, *agent.events(3))
    assert worker.execute(CLAIM, [100, 30]).fetchall() == [(agent.store_id, 0, 12)]
    assert commit_due(worker, agent) == [(1, 10)]
    assert worker.execute(CLAIM, [100, 30]).fetchall() == [], "two events wait for others, or for an hour"


def test_what_waits_when_the_policy_is_set_is_due_too(queue: Any) -> None:
    edge, worker, superuser = queue
    agent, other = fill(edge, 4), fill(edge, 4)
    assert worker.execute(CLAIM, [100, 30]).fetchall() == []
    set_policy(superuser, agent, "automatic", 3)
    assert worker.execute(CLAIM, [100, 30]).fetchall() == [(agent.store_id, 0, 4)]
    set_policy(superuser, None, "automatic", 4)
    assert worker.execute(CLAIM, [100, 30]).fetchall() == [(other.store_id, 0, 4)]
    assert commit_due(worker, agent) == [(1, 3)], "its own policy wins over the default"


def test_a_shorter_age_counts_for_what_waits_already(queue: Any) -> None:
    edge, worker, superuser = queue
    agent = fill(edge)
    set_policy(superuser, agent, "automatic", 10)
    edge.ingest(agent, agent.event())
    assert worker.execute(CLAIM, [100, 30]).fetchall() == []
    set_policy(superuser, agent, "automatic", 10, "0")
    assert worker.execute(CLAIM, [100, 30]).fetchall() == [(agent.store_id, 0, 1)]


def test_a_stream_that_is_manual_again_is_not_committed_though_it_was_claimed(queue: Any) -> None:
    edge, worker, superuser = queue
    agent = fill(edge)
    set_policy(superuser, agent, "automatic", 1)
    edge.ingest(agent, agent.event())
    assert worker.execute(CLAIM, [100, 0]).fetchall() == [(agent.store_id, 0, 1)]
    set_policy(superuser, agent, "manual")
    assert commit_due(worker, agent) == []
    assert worker.execute(CLAIM, [100, 0]).fetchall() == []


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["t", None, "automatic", 1, "1 s"], "storeId"),
        ([None, "t", "automatic", 1, "1 s"], "storeId"),
        (["t", "t", "sometimes", 1, "1 s"], "mode"),
        (["t", "t", None, 1, "1 s"], "mode"),
        (["t", "t", "automatic", 0, "1 s"], "maxEvents"),
        (["t", "t", "automatic", 1048577, "1 s"], "maxEvents"),
        (["t", "t", "automatic", 1, "-1 s"], "maxAge"),
        (["t", "t", "automatic", 1, "367 days"], "maxAge"),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused(
    admin: psycopg.Connection[Any], arguments: list[Any], field: str
) -> None:
    given = [uuid.uuid4() if value == "t" else value for value in arguments]
    with pytest.raises(psycopg.Error) as refusal:
        admin.execute("select ves.set_commit_policy(%s, %s, %s, %s, %s)", given)
    assert refusal.value.sqlstate == "VE007"
    assert refusal.value.diag.message_detail == f'{{"field": "{field}"}}'


def test_setting_a_policy_is_audited(admin: psycopg.Connection[Any]) -> None:
    tenant, store = uuid.uuid4(), uuid.uuid4()
    admin.execute("select ves.set_commit_policy(%s, %s, 'automatic', 7, '90 s')", [tenant, store])
    entry = admin.execute("select action, resource_id, details from ves.list_audit(%s)", [tenant]).fetchone()
    assert entry == (
        "custom:commit_policy_set",
        str(store),
        {"mode": "automatic", "max_events": 7, "max_age_seconds": 90.0},
    )


def test_a_stream_that_somebody_committed_is_not_due(queue: Any) -> None:
    edge, worker, superuser = queue
    set_policy(superuser, None, "automatic", 1)
    early, agent = fill(edge, 5), fill(edge, 5)
    commit(worker, early)
    assert worker.execute(CLAIM, [100, 30]).fetchall() == [(agent.store_id, 0, 5)]
    commit(worker, agent)
    assert commit_due(worker, agent) == []
    pass_time(superuser, "1 year")
    assert worker.execute(CLAIM, [100, 30]).fetchall() == []
    edge.ingest(agent, agent.event())
    assert worker.execute(CLAIM, [100, 30]).fetchall() == [(agent.store_id, 5, 6)]


def test_a_wake_up_does_not_end_a_claim(queue: Any) -> None:
    edge, worker, superuser = queue
    set_policy(superuser, None, "automatic", 1)
    agent = fill(edge, 1)
    assert worker.execute(CLAIM, [100, 60]).fetchall() == [(agent.store_id, 0, 1)]
    edge.ingest(agent, agent.event())
    assert worker.execute(CLAIM, [100, 60]).fetchall() == []
    assert commit_due(worker, agent) == [(1, 1)]
    assert worker.execute(CLAIM, [100, 60]).fetchall() == [(agent.store_id, 1, 2)]


def test_a_claim_that_is_over_is_given_to_the_next(queue: Any, database: Database) -> None:
    edge, worker, superuser = queue
    agent = fill(edge, 1)
    set_policy(superuser, agent, "automatic", 1)
    with database.connect("ves_worker") as other:
        assert worker.execute(CLAIM, [100, 60]).fetchall() == [(agent.store_id, 0, 1)]
        assert other.execute(CLAIM, [100, 60]).fetchall() == []
        pass_time(superuser, "61 seconds")
        assert other.execute(CLAIM, [100, 60]).fetchall() == [(agent.store_id, 0, 1)]


def test_two_claimers_never_hold_one_stream(queue: Any, database: Database) -> None:
    edge, worker, superuser = queue
    set_policy(superuser, None, "automatic", 1)
    stores = {fill(edge, 1).store_id for _ in range(10)}
    with database.connect("ves_worker") as other, worker.transaction(), other.transaction():
        # the first call of each takes the messages: one of them finds none, whoever is first
        mine = worker.execute(CLAIM, [6, 60]).fetchall()
        theirs = other.execute(CLAIM, [6, 60]).fetchall()
    assert len(mine) == 6
    assert theirs == [], "their cursors are not committed yet, and nobody waits for them"
    rest = worker.execute(CLAIM, [6, 60]).fetchall()
    assert {row[0] for row in mine + rest} == stores


def test_a_stream_that_is_locked_is_passed_over(queue: Any, database: Database) -> None:
    edge, worker, superuser = queue
    set_policy(superuser, None, "automatic", 1)
    locked, free = fill(edge, 1), fill(edge, 1)
    worker.execute("set statement_timeout = '5s'")
    with database.connect("ves_admin") as holder, holder.transaction():
        commit(holder, locked)
        assert len(worker.execute(CLAIM, [10, 60]).fetchall()) == 2
        assert commit_due(worker, locked) == []
        assert commit_due(worker, free) == [(1, 1)]
    pass_time(superuser, "1 second")
    assert worker.execute(CLAIM, [10, 60]).fetchall() == [(locked.store_id, 0, 1)]


def test_a_purged_queue_is_made_good_once_per_stream(queue: Any) -> None:
    edge, worker, superuser = queue
    set_policy(superuser, None, "automatic", 1)
    lost, waiting = fill(edge, 4, 4), fill(edge, 2)
    superuser.execute(
        "delete from pgmq.q_ves_commit where message ->> 'store_id' <> %s", [str(waiting.store_id)]
    )
    sweep = "select streams, last_tenant_id from ves.find_lost_wake_ups()"
    assert worker.execute(sweep).fetchone() == (1, None)
    assert worker.execute(sweep).fetchone() == (0, None)
    assert sorted(worker.execute(CLAIM, [10, 60]).fetchall()) == sorted(
        [(lost.store_id, 0, 8), (waiting.store_id, 0, 2)]
    )


def test_lost_wake_ups_are_looked_for_in_pages(queue: Any) -> None:
    edge, worker, superuser = queue
    for _ in range(5):
        fill(edge, 1)
    superuser.execute("delete from pgmq.q_ves_commit")
    found, place = [], (None, None)
    while True:
        streams, *place = worker.execute("select * from ves.find_lost_wake_ups(%s, %s, 2)", place).fetchone()
        found.append(streams)
        if place[0] is None:
            break
    assert found == [2, 2, 1]


def test_a_cursor_that_was_deleted_without_its_key_is_made_again(queue: Any) -> None:
    edge, worker, superuser = queue
    agent = fill(edge, 3)
    worker.execute("select * from ves.claim_cursors('receipts')")
    of_the_stream = "from ves_store.cursors where store_id = %s and consumer = 'receipts'"
    superuser.execute(f"delete {of_the_stream}", [agent.store_id])
    edge.ingest(agent, agent.event())
    worker.execute("set statement_timeout = '10s'")
    worker.execute("select * from ves.claim_cursors('receipts')")
    assert scalar(superuser, f"select head_sequence {of_the_stream}", [agent.store_id]) == 4


def test_the_queue_metrics_are_readable(queue: Any, database: Database) -> None:
    edge, _, _ = queue
    fill(edge, 1, 1)
    with database.connect("ves_reader") as reader:
        assert reader.execute("select queue_name, waiting from ves.queue_metrics").fetchall() == [
            ("ves_commit", 2)
        ]


def test_streams_are_listed_with_head_and_commitment(queue: Any, database: Database) -> None:
    edge, worker, _ = queue
    agent, empty = fill(edge, 5), fill(edge)
    worker.execute("select * from ves.create_commitment(%s, %s, 1, 3)", [agent.tenant_id, agent.store_id])
    listed = "select store_id, head_sequence, committed_to from ves.list_streams(%s, %s)"
    with database.connect("ves_reader") as reader:
        assert reader.execute(listed, [agent.tenant_id, None]).fetchall() == [(agent.store_id, 5, 3)]
        assert reader.execute(listed, [agent.tenant_id, agent.store_id]).fetchall() == [
            (agent.store_id, 5, 3)
        ]
        assert reader.execute(listed, [agent.tenant_id, uuid.uuid4()]).fetchall() == []
        assert reader.execute(listed, [empty.tenant_id, None]).fetchall() == []
        assert reader.execute(listed, [uuid.uuid4(), None]).fetchall() == []
