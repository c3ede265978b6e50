"""What the worker tests share: a feeder, and workers in this process and as processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import SEQUENCER_SEED, launching_workers
from tests.support.waiting import DEADLINE_SECS
from tests.workers.feeder import Feeder
from ves_workers.commit.worker import CommitWorker
from ves_workers.keys.worker import KeysWorker
from ves_workers.receipts.worker import ReceiptsWorker
from ves_workers.retention.worker import RetentionWorker
from ves_workers.runtime.database import WorkerDatabase
from ves_workers.settings.process import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Database
    from tests.support.processes import Worker


@pytest.fixture
def feeder(database: Database) -> Feeder:
    return Feeder(database)


@pytest.fixture
def settings(database: Database) -> Callable[..., Settings]:
    def make(**changes: Any) -> Settings:
        defaults = {"signing_key": SEQUENCER_SEED, "poll_ms": 10}
        return Settings(database_url=database.url("ves_worker"), **{**defaults, **changes})

    return make


def connection(settings: Settings) -> WorkerDatabase:
    return WorkerDatabase(settings, "ves-worker-test")


@pytest.fixture
async def commit_worker(settings: Callable[..., Settings]) -> Any:
    async with contextlib.AsyncExitStack() as stack:

        def make(clock: Callable[[], float] = time.monotonic, **changes: Any) -> CommitWorker:
            wanted = settings(**changes)
            worker = CommitWorker(connection(wanted), wanted, clock)
            stack.push_async_callback(worker.close)
            return worker

        yield make


@pytest.fixture
async def receipts_worker(settings: Callable[..., Settings]) -> Any:
    async with contextlib.AsyncExitStack() as stack:

        def make(clock: Callable[[], float] = time.monotonic, **changes: Any) -> ReceiptsWorker:
            wanted = settings(**changes)
            worker = ReceiptsWorker(connection(wanted), wanted, clock)
            stack.push_async_callback(worker.close)
            return worker

        yield make


@pytest.fixture
async def keys_worker(settings: Callable[..., Settings]) -> Any:
    async with contextlib.AsyncExitStack() as stack:

        def make(**changes: Any) -> KeysWorker:
            wanted = settings(**changes)
            worker = KeysWorker(connection(wanted), wanted)
            stack.push_async_callback(worker.close)
            return worker

        yield make


@pytest.fixture
async def retention_worker(settings: Callable[..., Settings]) -> Any:
    async with contextlib.AsyncExitStack() as stack:
        wanted = settings()
        worker = RetentionWorker(connection(wanted), wanted)
        stack.push_async_callback(worker.close)
        yield worker


async def drain(worker: Any) -> None:
    """Step until the worker says that there is no more to do right now."""
    async with asyncio.timeout(DEADLINE_SECS):
        while await worker.step():
            pass


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts `python -m ves_workers` as a real process."""
    with launching_workers(database.url("ves_worker"), tmp_path) as launch:
        yield launch
