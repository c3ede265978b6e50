"""The projections worker: whatever is appended to either stream is projected, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.projection_support import Happened, Store
from tests.sql.support import Edge, scalar
from tests.support.waiting import wait_until
from tests.workers.conftest import connection, drain
from ves_workers.projections import worker as module
from ves_workers.projections.worker import ProjectionsWorker
from ves_workers.runtime.worker import next_poll

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.conftest import Database
    from ves_workers.settings.process import Settings

STREAMS = ("ves", "legacy")
TOTALS = "select count(*), coalesce(sum((p.state ->> 'quantity_on_hand')::bigint), 0), coalesce(sum(p.version), 0) from ves_store.projections as p"


@pytest.fixture
def superuser(database: Database) -> Iterator[psycopg.Connection[Any]]:
    with database.connect() as connection:
        yield connection


@pytest.fixture
def stores(database: Database) -> Iterator[list[Store]]:
    with database.connect("ves_api") as api, database.connect("ves_worker") as worker:
        edge = Edge.open(api)
        yield [Store(edge, worker) for _ in range(3)]


def stock(stores: list[Store], items: int) -> None:
    """Per item and stream: 1 on hand, 5 more, then one that is refused."""
    for store in stores:
        for stream in STREAMS:
            for event_type, payload in (
                ("initialized", {"quantity": 1}),
                ("adjusted", {"adjustment": 5}),
                ("adjusted", {"adjustment": -7}),
            ):
                events = [Happened(f"inventory.{event_type}", str(n), payload) for n in range(items)]
                store.append(*events, stream=stream)


async def test_steps_follow_each_other_while_there_is_more(
    settings: Callable[..., Settings],
    stores: list[Store],
    superuser: psycopg.Connection[Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_EVENTS", 7)
    stock(stores, 4)
    wanted = settings()
    worker = ProjectionsWorker(connection(wanted), wanted)
    try:
        await drain(worker)
        await drain(worker)
        assert worker.counters() == {"events": 72, "rejected": 24, "failed": 0}
    finally:
        await worker.close()
    assert superuser.execute(TOTALS).fetchone() == (24, 24 * 6, 48)
    behind = "select count(*) from ves_store.cursors where consumer like '%projection' and due_at is not null"
    assert scalar(superuser, behind) == 0


def test_two_processes_of_which_one_is_killed_project_each_event_once(
    start: Callable[..., Any], stores: list[Store], superuser: psycopg.Connection[Any]
) -> None:
    first = start("projections", VES_PROJECTIONS_POLL_MS="5")
    second = start("projections", VES_PROJECTIONS_POLL_MS="5")
    for round_ in range(3):
        for store in stores:
            for stream in STREAMS:
                ids = [f"{round_}/{n}" for n in range(60)]
                store.append(
                    *(Happened("inventory.initialized", i, {"quantity": 1}) for i in ids), stream=stream
                )
                store.append(
                    *(Happened("inventory.adjusted", i, {"adjustment": 5}) for i in ids), stream=stream
                )
        if round_ == 1:
            second.kill()
    entities = 3 * 2 * 3 * 60
    wait_until(lambda: scalar(superuser, "select sum(version) from ves_store.projections") == 2 * entities)
    assert superuser.execute(TOTALS).fetchone() == (entities, 6 * entities, 2 * entities)
    assert scalar(superuser, "select count(*) from ves_store.rejected_events_log") == 0
    assert first.stop() == 0


async def test_a_stream_that_fails_does_not_hold_the_others(
    settings: Callable[..., Settings], stores: list[Store], superuser: psycopg.Connection[Any]
) -> None:
    stock(stores, 1)
    superuser.execute("set session_replication_role to replica")
    # a ciphertext that nobody can decrypt
    superuser.execute(
        "update ves_store.ves_events set payload = null, payload_at_rest = sha256('x'), payload_key_id = substring(sha256('k') for 8)"
        " where tenant_id = %s and sequence_number = 2",
        [stores[0].agent.tenant_id],
    )
    wanted = settings()
    worker = ProjectionsWorker(connection(wanted), wanted)
    try:
        await drain(worker)
        assert worker.counters()["failed"] == 1
    finally:
        await worker.close()
    assert stores[0].entities("inventory", "ves") == {}
    assert stores[0].entity("inventory", "0", "legacy")["version"] == 2
    assert stores[1].entity("inventory", "0", "ves")["version"] == 2


def test_pauses_double_up_to_the_longest_while_there_is_nothing_to_do() -> None:
    pauses = [0.1]
    for _ in range(5):
        pauses.append(next_poll(0.1, pauses[-1], 1.0, found=False))
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert next_poll(0.1, 1.0, 1.0, found=True) == 0.1
    assert next_poll(5.0, 5.0, 1.0, found=False) == 5.0


def test_steps_that_find_work_begin_at_an_even_pace() -> None:
    assert next_poll(0.1, 0.1, 1.0, found=True, spent=0.0625) == 0.1 - 0.0625
    assert next_poll(0.1, 0.1, 1.0, found=True, spent=0.7) == 0.0
