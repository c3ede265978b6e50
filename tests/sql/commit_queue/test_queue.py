"""The queue of uncommitted ranges wakes workers; the tables decide."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

READ = "select msg_id, store_id, sequence_from, sequence_to from ves.read_commit_queue(%s, %s)"


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


def commit(connection: psycopg.Connection[Any], agent: Agent) -> None:
    connection.execute("select ves.commit_next(%s, %s)", [agent.tenant_id, agent.store_id])


def test_each_message_is_hidden_once_read_and_gone_once_finished(queue: Any) -> None:
    edge, worker, _ = queue
    agent = fill(edge, 3, 2)
    first = worker.execute(READ, [60, 10]).fetchall()
    assert [row[1:] for row in first] == [(agent.store_id, 1, 3), (agent.store_id, 4, 5)]
    assert worker.execute(READ, [60, 10]).fetchall() == []
    ids = [row[0] for row in first]
    finish = "select ves.finish_commit_messages(%s)"
    assert scalar(worker, finish, [ids]) == 2
    assert scalar(worker, finish, [ids]) == 0
    assert scalar(worker, finish, [[]]) == 0


def test_an_unfinished_message_comes_back(queue: Any) -> None:
    edge, worker, _ = queue
    fill(edge, 1)
    (first,) = worker.execute(READ, [0, 10]).fetchall()
    assert worker.execute(READ, [60, 10]).fetchall() == [first]


def test_two_readers_never_hold_one_message(queue: Any, database: Database) -> None:
    edge, worker, _ = queue
    fill(edge, *[1] * 10)
    with database.connect("ves_worker") as other, worker.transaction(), other.transaction():
        mine = worker.execute(READ, [60, 6]).fetchall()
        theirs = other.execute(READ, [60, 6]).fetchall()
    assert len(mine) == 6
    assert len(theirs) == 4
    assert not {row[0] for row in mine} & {row[0] for row in theirs}


DUE = "select store_id, waiting from ves.list_commit_due(%s, %s, %s)"


def test_a_stream_is_due_by_count_or_by_age(queue: Any) -> None:
    edge, worker, _ = queue
    small, large = fill(edge, 2), fill(edge, 5, 5)
    assert worker.execute(DUE, [10, 3600, 100]).fetchall() == [(large.store_id, 10)]
    assert worker.execute(DUE, [11, 3600, 100]).fetchall() == []
    assert worker.execute(DUE, [11, 0, 100]).fetchall() == [(small.store_id, 2), (large.store_id, 10)]
    assert worker.execute(DUE, [1, 0, 1]).fetchall() == [(small.store_id, 2)]


def test_a_committed_stream_is_not_due_though_its_messages_are_there(queue: Any) -> None:
    edge, worker, _ = queue
    agent = fill(edge, 5)
    commit(worker, agent)
    assert worker.execute(DUE, [1, 0, 100]).fetchall() == []
    edge.ingest(agent, agent.event())
    assert worker.execute(DUE, [1, 0, 100]).fetchall() == [(agent.store_id, 1)]


def test_a_purged_queue_is_made_good_once_per_stream(queue: Any) -> None:
    edge, worker, superuser = queue
    lost, committed, waiting = fill(edge, 4, 4), fill(edge, 3), fill(edge, 2)
    commit(worker, committed)
    worker.execute("select * from ves.create_commitment(%s, %s, 1, 2)", [lost.tenant_id, lost.store_id])
    superuser.execute(
        "delete from pgmq.q_ves_commit where message ->> 'store_id' <> %s", [str(waiting.store_id)]
    )
    requeue = "select ves.requeue_uncommitted()"
    assert scalar(worker, requeue) == 1
    assert scalar(worker, requeue) == 0
    rows = worker.execute(READ, [60, 10]).fetchall()
    assert sorted(row[1:] for row in rows) == sorted([(lost.store_id, 3, 8), (waiting.store_id, 1, 2)])


def test_the_queue_metrics_are_readable(queue: Any, database: Database) -> None:
    edge, _, _ = queue
    fill(edge, 1, 1)
    with database.connect("ves_reader") as reader:
        assert reader.execute("select queue_name, waiting from ves.queue_metrics").fetchall() == [
            ("ves_commit", 2)
        ]


def test_streams_are_listed_with_head_and_commitment(queue: Any) -> None:
    edge, worker, _ = queue
    agent, empty = fill(edge, 5), fill(edge)
    worker.execute("select * from ves.create_commitment(%s, %s, 1, 3)", [agent.tenant_id, agent.store_id])
    listed = "select store_id, head_sequence, committed_to from ves.list_streams(%s)"
    assert worker.execute(listed, [agent.tenant_id]).fetchall() == [(agent.store_id, 5, 3)]
    assert worker.execute(listed, [empty.tenant_id]).fetchall() == []
    assert worker.execute(listed, [uuid.uuid4()]).fetchall() == []
