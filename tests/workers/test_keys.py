"""The keys worker: uses are counted once and due keys are retired once, whoever dies in between."""

from __future__ import annotations

import signal
import uuid
from typing import TYPE_CHECKING, Any

from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database
    from tests.workers.feeder import Feeder


def key_of(database: Database, feeder: Feeder) -> tuple[Any, ...]:
    with database.connect("ves_admin") as connection:
        row = connection.execute(
            "select usage_count, status from ves.list_agent_keys(%s, %s)",
            [feeder.tenant_id, feeder.agent.agent_id],
        ).fetchone()
    assert row is not None
    return row


def schedule(database: Database, feeder: Feeder) -> None:
    with database.connect("ves_admin") as connection:
        connection.execute(
            "select ves.schedule_key_rotation(%s, %s, 1, now())", [feeder.tenant_id, feeder.agent.agent_id]
        )


async def test_a_step_counts_uses_and_retires_what_is_due(
    database: Database, feeder: Feeder, keys_worker: Callable[..., Any]
) -> None:
    for _ in range(2):
        feeder.feed(uuid.uuid4(), 4)
    schedule(database, feeder)
    worker = keys_worker()
    await worker.step()
    await worker.step()
    assert key_of(database, feeder) == (8, "in_grace")
    assert worker.counters() == {"counted": 8, "rotated": 1, "keys_needed": 1, "failed": 0, "expired": 0}


def test_workers_that_race_and_are_killed_count_each_event_once(
    database: Database, feeder: Feeder, start: Callable[..., Any]
) -> None:
    stores = [uuid.uuid4() for _ in range(4)]
    processes = [start("keys", VES_KEYS_POLL_MS="1") for _ in range(2)]
    for store in stores:
        feeder.feed(store, 25)
    wait_until(lambda: key_of(database, feeder)[0] > 0, "the first uses are counted")
    processes[0].stop(signal.SIGKILL)
    for store in stores:
        feeder.feed(store, 25)
    schedule(database, feeder)
    wait_until(lambda: key_of(database, feeder) == (200, "in_grace"), "everything is counted and retired")
    assert processes[1].stop() == 0
    with database.connect("ves_admin") as connection:
        rows = connection.execute(
            "select count(*) from ves.list_key_history(%s) where action = 'grace_period_started'",
            [feeder.tenant_id],
        ).fetchone()
    assert rows == (1,)
