"""The dead-letter worker: retries what is due, one event a transaction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.sql.dead_letters.test_retries import Consumer, consumer
from tests.support.waiting import wait_until
from ves_edge import metrics
from ves_workers.dead_letters.worker import DeadLettersWorker
from ves_workers.runtime.database import WorkerDatabase

if TYPE_CHECKING:
    from collections.abc import Callable

    from ves_workers.settings.process import Settings

__all__ = ["consumer"]


async def test_steps_retry_what_is_due_and_count_what_became_of_it(
    consumer: Consumer, settings: Callable[..., Settings]
) -> None:
    consumer.fail(1)
    consumer.fail(2)
    consumer.break_entity("b")
    consumer.pass_time()
    worker = DeadLettersWorker(WorkerDatabase(settings(), "ves-worker-test"), settings())
    assert [await worker.step() for _ in range(3)] == [True, True, False]
    assert worker.counters() == {"resolved": 1, "pending": 1, "failed": 0}
    await worker.close()


async def test_open_dead_letters_are_metrics_every_15_seconds(
    consumer: Consumer, settings: Callable[..., Settings]
) -> None:
    consumer.fail(1)
    consumer.fail(2, "invariant_violation")
    consumer.park(3, "a")
    worker = DeadLettersWorker(WorkerDatabase(settings(), "ves-worker-test"), settings())
    assert await worker.step() is False
    consumer.fail(4, "invariant_violation")
    assert await worker.step() is False
    await worker.close()
    told = dict(re.findall(r"(?m)^sequencer_dlq_(\w+) (\d+)$", metrics.exposition()))
    del told["retried"]
    assert told == {"size": "3", "pending": "1", "failed": "1", "due_for_retry": "0"}


def test_the_process_retries_by_itself_after_the_operator_asked(
    consumer: Consumer, start: Callable[..., Any]
) -> None:
    letter = consumer.fail(1, "invariant_violation")
    process = start("dead-letters")
    with consumer.owner.transaction():
        consumer.owner.execute("select ves.retry_dead_letter(%s, %s)", [consumer.agent.tenant_id, letter])
    wait_until(lambda: consumer.rows() == [(1, "resolved")], "the worker handled it")
    assert process.stop() == 0
