"""The commit worker: when it commits, and that a range is committed once whoever races and whoever dies."""

from __future__ import annotations

import asyncio
import signal
import threading
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support.waiting import wait_until
from tests.workers.conftest import drain
from tests.workers.feeder import Feeder, assert_gapless, commitments

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database


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


def waits_for_a_lock(database: Database) -> bool:
    with database.connect() as connection:
        return bool(
            connection.execute(
                "select from pg_stat_activity where wait_event_type = 'Lock' and pid = any(%s)",
                [worker_sessions(database)],
            ).fetchall()
        )


def stream_lock_key(database: Database, tenant_id: uuid.UUID, store_id: uuid.UUID) -> int:
    with database.connect() as connection:
        return connection.execute("select ves_int.stream_lock_key(%s, %s)", [tenant_id, store_id]).fetchone()[
            0
        ]


def set_policy(database: Database, max_events: int, age: str = "1 hour", mode: str = "automatic") -> None:
    """The policy of every stream."""
    with database.connect("ves_admin") as connection:
        connection.execute("select ves.set_commit_policy(null, null, %s, %s, %s)", [mode, max_events, age])


def pass_time(database: Database, by: str) -> None:
    """As if everything that waits had waited longer: what is stored moves into the past."""
    with database.connect() as connection:
        connection.execute(
            "update ves_store.cursors set due_at = due_at - %(by)s::interval,"
            " claimed_until = claimed_until - %(by)s::interval",
            {"by": by},
        )


async def test_without_a_policy_nothing_is_committed(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    feeder.feed(uuid.uuid4(), 2000)
    await drain(commit_worker())
    assert ranges(database) == []


async def test_enough_events_are_committed_at_once_and_the_rest_waits(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    set_policy(database, 10)
    store = uuid.uuid4()
    feeder.feed(store, 25)
    worker = commit_worker()
    await drain(worker)
    assert ranges(database) == [(1, 10), (11, 20)]
    feeder.feed(store, 5)
    await drain(worker)
    assert ranges(database) == [(1, 10), (11, 20), (21, 30)]


async def test_small_batches_of_one_stream_add_up(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    set_policy(database, 10)
    store = uuid.uuid4()
    worker = commit_worker()
    for _ in range(4):
        feeder.feed(store, 3)
        await drain(worker)
    assert ranges(database) == [(1, 10)]
    assert queue_length(database) == 0


async def test_few_events_are_committed_when_they_are_old_enough(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    set_policy(database, 10, "1 hour")
    feeder.feed(uuid.uuid4(), 3)
    worker = commit_worker()
    await drain(worker)
    pass_time(database, "59 minutes")
    await drain(worker)
    assert ranges(database) == []
    pass_time(database, "1 minute")
    await drain(worker)
    assert ranges(database) == [(1, 3)]
    assert queue_length(database) == 0


async def test_one_worker_serves_many_streams(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    stores = [uuid.uuid4() for _ in range(150)]
    set_policy(database, 2)
    for store in stores:
        feeder.feed(store, 2)
    worker = commit_worker()
    await drain(worker)
    assert_gapless(database, dict.fromkeys(stores, 2))


async def test_a_range_that_somebody_committed_after_the_claim_changes_nothing(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    set_policy(database, 1)
    store = uuid.uuid4()
    feeder.feed(store, 5)
    with database.connect("ves_worker") as dead:
        assert len(dead.execute("select * from ves.claim_cursors('commit', 10, 0)").fetchall()) == 1
    with database.connect("ves_admin") as connection:
        connection.execute("select * from ves.commit_next(%s, %s)", [feeder.tenant_id, store])
    await drain(commit_worker())
    assert ranges(database) == [(1, 5)]
    assert queue_length(database) == 0


async def test_a_purged_queue_is_made_good_at_the_start(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    set_policy(database, 5)
    feeder.feed(uuid.uuid4(), 5)
    with database.connect() as connection:
        connection.execute("delete from pgmq.q_ves_commit")
    await drain(commit_worker())
    assert ranges(database) == [(1, 5)]


async def test_a_stream_that_cannot_be_committed_does_not_hold_up_the_others(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    set_policy(database, 4)
    bad, good = uuid.uuid4(), uuid.uuid4()
    feeder.feed(bad, 4)
    feeder.feed(good, 4)
    with database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "delete from ves_store.ves_events where store_id = %s and sequence_number = 2", [bad]
        )
    worker = commit_worker()
    await drain(worker)
    assert_gapless(database, {good: 4})
    assert worker.counters()["refused"] == 1, "a refused stream is tried again later, not in a circle"


async def test_workers_that_race_make_one_commitment_for_each_range(
    database: Database, feeder: Feeder, commit_worker: Callable[..., Any]
) -> None:
    set_policy(database, 5)
    stores = [uuid.uuid4() for _ in range(5)]
    for _ in range(6):
        for store in stores:
            feeder.feed(store, 7)
    workers = [commit_worker() for _ in range(4)]
    await asyncio.gather(*(drain(worker) for worker in workers))
    pass_time(database, "1 hour")
    await drain(commit_worker())
    assert_gapless(database, dict.fromkeys(stores, 42))


def test_worker_processes_that_are_killed_under_load_lose_and_repeat_nothing(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    set_policy(database, 20, "1 second")
    stores = [uuid.uuid4() for _ in range(3)]
    fed = dict.fromkeys(stores, 0)

    def feed() -> None:
        for _ in range(25):
            for store in stores:
                fed[store] = feeder.feed(store, 11)[1]

    writer = threading.Thread(target=feed)
    writer.start()
    for wanted in (1, 6, 11, 16):
        victim = start("commit")
        wait_until(lambda wanted=wanted: len(ranges(database)) >= wanted, "commitments before the next kill")
        victim.stop(signal.SIGKILL)
        pass_time(database, "30 seconds")
    writer.join()
    start("commit")
    heads = dict.fromkeys(stores, 275)
    wait_until(
        lambda: sum(e - s + 1 for s, e in ranges(database)) == 825, "everything committed after the kills"
    )
    assert fed == heads
    assert_gapless(database, heads)


def test_a_worker_killed_while_it_commits_commits_nothing_twice(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    store = uuid.uuid4()
    set_policy(database, 10, "0")
    victim = start("commit", VES_WORKER_HEARTBEAT_SECS="1")
    wait_until(lambda: victim.said("worker.heartbeat"), "a first step")
    with database.connect() as blocker:
        blocker.autocommit = False
        # The cursor's row is written last, after the commitment in the same transaction.
        blocker.execute("lock table ves_store.ves_commitment_nodes in share mode")
        feeder.feed(store, 10)
        wait_until(lambda: waits_for_a_lock(database), "the worker is inside the commitment")
        victim.stop(signal.SIGKILL)
        # Its session waits for the lock still; it dies with the machine that the worker was on.
        for pid in worker_sessions(database):
            blocker.execute("select pg_terminate_backend(%s)", [pid])
        wait_until(lambda: not worker_sessions(database), "the end of the session")
        blocker.rollback()
    assert ranges(database) == []
    pass_time(database, "30 seconds")
    feeder.feed(store, 10)
    survivor = start("commit")
    wait_until(lambda: ranges(database)[-1:] == [(11, 20)], "both ranges")
    assert survivor.stop() == 0
    assert_gapless(database, {store: 20})


def test_a_stream_that_another_session_locks_delays_no_other(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    set_policy(database, 1)
    locked, free = [uuid.uuid4() for _ in range(6)], uuid.uuid4()
    with database.connect() as superuser:
        for store in locked:
            superuser.execute(
                "select pg_advisory_lock(%s)", [stream_lock_key(database, feeder.tenant_id, store)]
            )
            feeder.feed(store, 1)
        process = start("commit")
        feeder.feed(free, 1)
        wait_until(lambda: ranges(database) == [(1, 1)], "the commitment of the free stream", seconds=5)
        assert not process.said("commit.refused")
    wait_until(lambda: len(ranges(database)) == 7, "the others, once they are free")


def test_sigterm_ends_the_process_after_the_current_step(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    set_policy(database, 5)
    process = start("commit", "receipts")
    feeder.feed(uuid.uuid4(), 5)
    wait_until(lambda: ranges(database) == [(1, 5)], "the commitment")
    assert process.stop() == 0
    assert process.log_text().count('"worker.stopped"') == 2
    assert process.said("worker.heartbeat")


def test_a_worker_outlives_the_loss_of_its_connection(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    set_policy(database, 5)
    process = start("commit")
    wait_until(lambda: process.said("worker.started"), "the start")

    wait_until(lambda: worker_sessions(database), "the worker's session")
    with database.connect() as connection:
        for pid in worker_sessions(database):
            connection.execute("select pg_terminate_backend(%s)", [pid])
    feeder.feed(uuid.uuid4(), 5)
    wait_until(lambda: ranges(database) == [(1, 5)], "the commitment by the new connection")
    wait_until(lambda: process.said("statement_repeated"), "the log line about it")


async def test_the_worker_can_do_nothing_but_its_own_functions(database: Database) -> None:
    with database.connect("ves_worker") as connection:
        for statement in (
            "select * from ves_store.ves_events",
            "delete from pgmq.q_ves_commit",
            "select ves.create_api_key('00', gen_random_uuid())",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
