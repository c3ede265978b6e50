"""The commit worker: when it commits, and that a range is committed once whoever races and whoever dies."""

from __future__ import annotations

import asyncio
import signal
import threading
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.workers.conftest import drain, wait_until
from tests.workers.feeder import Feeder, assert_gapless, commitments

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def ranges(database: Database) -> list[tuple[int, int]]:
    return [(start, end) for _, _, start, end, _, _ in commitments(database)]


def queue_length(database: Database) -> int:
    with database.connect() as connection:
        return connection.execute("select count(*) from pgmq.q_ves_commit").fetchone()[0]


def worker_sessions(database: Database) -> list[int]:
    with database.connect() as connection:
        rows = connection.execute(
            "select pid from pg_stat_activity where application_name = 'ves-worker-commit' and datname = %s",
            [database.name],
        ).fetchall()
    return [pid for (pid,) in rows]


def taken_messages(database: Database) -> int:
    with database.connect() as connection:
        return connection.execute("select count(*) from pgmq.q_ves_commit where read_ct > 0").fetchone()[0]


async def test_enough_events_are_committed_at_once_and_the_rest_waits(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    store = uuid.uuid4()
    feeder.feed(store, 25)
    worker = commit_worker(commit_min_events=10, commit_max_events=10)
    await drain(worker)
    assert ranges(database) == [(1, 10), (11, 20)]
    assert queue_length(database) == 1, "the message of a range that is not fully committed stays"


async def test_small_batches_of_one_stream_add_up(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    store = uuid.uuid4()
    worker = commit_worker(commit_min_events=10, commit_max_events=100)
    for _ in range(4):
        feeder.feed(store, 3)
        await drain(worker)
    assert ranges(database) == [(1, 12)]
    assert queue_length(database) == 0


async def test_few_events_are_committed_when_they_are_old_enough(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    clock = Clock()
    feeder.feed(uuid.uuid4(), 3)
    worker = commit_worker(clock, commit_max_age_secs=5)
    await drain(worker)
    clock.now = 4.9
    await drain(worker)
    assert ranges(database) == []
    clock.now = 5.0
    await drain(worker)
    assert ranges(database) == [(1, 3)]
    assert queue_length(database) == 0


async def test_one_worker_serves_many_streams(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    stores = [uuid.uuid4() for _ in range(150)]
    for store in stores:
        feeder.feed(store, 2)
    worker = commit_worker(commit_min_events=2)
    await drain(worker)
    assert_gapless(database, dict.fromkeys(stores, 2))


async def test_a_message_that_comes_back_after_its_range_was_committed_changes_nothing(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    store = uuid.uuid4()
    feeder.feed(store, 5)
    with database.connect("ves_admin") as connection:
        connection.execute("select * from ves.commit_next(%s, %s)", [feeder.tenant_id, store])
    worker = commit_worker(commit_min_events=1)
    await drain(worker)
    assert ranges(database) == [(1, 5)]
    assert queue_length(database) == 0


async def test_a_purged_queue_is_made_good_at_the_start(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    feeder.feed(uuid.uuid4(), 5)
    with database.connect() as connection:
        connection.execute("delete from pgmq.q_ves_commit")
    await drain(commit_worker(commit_min_events=5))
    assert ranges(database) == [(1, 5)]


async def test_a_stream_that_cannot_be_committed_does_not_hold_up_the_others(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    bad, good = uuid.uuid4(), uuid.uuid4()
    feeder.feed(bad, 4)
    feeder.feed(good, 4)
    with database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "delete from ves_store.ves_events where store_id = %s and sequence_number = 2", [bad]
        )
    worker = commit_worker(commit_min_events=4)
    await drain(worker)
    assert_gapless(database, {good: 4})
    assert worker.counters()["refused"] == 1, "a refused stream is tried again later, not in a circle"


async def test_workers_that_race_make_one_commitment_for_each_range(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    stores = [uuid.uuid4() for _ in range(5)]
    for _ in range(6):
        for store in stores:
            feeder.feed(store, 7)
    workers = [commit_worker(commit_min_events=5, commit_max_events=5) for _ in range(4)]
    await asyncio.gather(*(drain(worker) for worker in workers))
    # What several workers hold in shares that are too small is committed by age.
    await drain(commit_worker(commit_min_events=1, commit_max_age_secs=0))
    assert_gapless(database, dict.fromkeys(stores, 42))


def test_worker_processes_that_are_killed_under_load_lose_and_repeat_nothing(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    options = {"VES_COMMIT_MIN_EVENTS": "20", "VES_COMMIT_MAX_EVENTS": "20", "VES_COMMIT_MAX_AGE_SECS": "1"}
    stores = [uuid.uuid4() for _ in range(3)]
    fed = dict.fromkeys(stores, 0)

    def feed() -> None:
        for _ in range(25):
            for store in stores:
                fed[store] = feeder.feed(store, 11)[1]

    writer = threading.Thread(target=feed)
    writer.start()
    for wanted in (1, 6, 11, 16):
        victim = start("commit", **options)
        wait_until(lambda wanted=wanted: len(ranges(database)) >= wanted, "commitments before the next kill")
        victim.end(signal.SIGKILL)
    writer.join()
    start("commit", **options)
    heads = dict.fromkeys(stores, 275)
    wait_until(
        lambda: sum(e - s + 1 for s, e in ranges(database)) == 825, "everything committed after the kills"
    )
    assert fed == heads
    assert_gapless(database, heads)


def test_a_worker_killed_between_commit_and_acknowledgement_commits_nothing_twice(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    store = uuid.uuid4()
    options = {"VES_COMMIT_MIN_EVENTS": "10", "VES_WORKER_HEARTBEAT_SECS": "1"}
    victim = start("commit", **options)
    wait_until(lambda: victim.said("worker.heartbeat"), "a first step")
    with database.connect() as stream_lock, database.connect() as message_lock:
        stream_lock.execute(
            "select pg_advisory_lock(ves_int.stream_lock_key(%s, %s))", [feeder.tenant_id, store]
        )
        feeder.feed(store, 10)
        wait_until(
            lambda: taken_messages(database) == 1, "the worker has the message and waits for the stream"
        )
        message_lock.autocommit = False
        message_lock.execute("select from pgmq.q_ves_commit for update")
        stream_lock.execute("select pg_advisory_unlock_all()")
        wait_until(lambda: ranges(database) == [(1, 10)], "the commitment")
        victim.end(signal.SIGKILL)
        # Its session waits for the message still; it dies with the machine that the worker was on.
        message_lock.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid = any(%s)",
            [worker_sessions(database)],
        )
        wait_until(lambda: not worker_sessions(database), "the end of the session")
        message_lock.rollback()
    assert queue_length(database) == 1, "the message was not acknowledged"
    with database.connect() as connection:
        connection.execute("update pgmq.q_ves_commit set vt = clock_timestamp()")  # as if its time were over
    feeder.feed(store, 10)
    survivor = start("commit", **options, VES_COMMIT_MAX_AGE_SECS="0")
    wait_until(lambda: queue_length(database) == 0, "the messages handled")
    assert survivor.end() == 0
    assert_gapless(database, {store: 20})


def test_sigterm_ends_the_process_after_the_current_step(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    process = start("commit", "receipts", VES_COMMIT_MIN_EVENTS="5")
    feeder.feed(uuid.uuid4(), 5)
    wait_until(lambda: ranges(database) == [(1, 5)], "the commitment")
    assert process.end() == 0
    assert process.log.read_text().count('"worker.stopped"') == 2
    assert process.said("worker.heartbeat")


def test_a_worker_outlives_the_loss_of_its_connection(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    process = start("commit", VES_COMMIT_MIN_EVENTS="5")
    wait_until(lambda: process.said("worker.started"), "the start")

    wait_until(lambda: worker_sessions(database), "the worker's session")
    with database.connect() as connection:
        for pid in worker_sessions(database):
            connection.execute("select pg_terminate_backend(%s)", [pid])
    feeder.feed(uuid.uuid4(), 5)
    wait_until(lambda: ranges(database) == [(1, 5)], "the commitment by the new connection")
    wait_until(lambda: process.said("worker.recovered"), "the log line about it")


async def test_the_worker_can_do_nothing_but_its_own_functions(database: Database) -> None:
    with database.connect("ves_worker") as connection:
        for statement in (
            "select * from ves_store.ves_events",
            "delete from pgmq.q_ves_commit",
            "select ves.create_api_key('00', gen_random_uuid())",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
