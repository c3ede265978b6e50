"""What the worker tests share: a feeder, a worker made for a database, and a deadline instead of sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.cluster import ROOT
from tests.workers.feeder import SEQUENCER_SEED, Feeder
from ves_workers.commit.worker import CommitWorker
from ves_workers.keys.worker import KeysWorker
from ves_workers.receipts.worker import ReceiptsWorker
from ves_workers.retention.worker import RetentionWorker
from ves_workers.runtime.database import WorkerDatabase
from ves_workers.runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Database

DEADLINE_SECS = 30.0


def wait_until(condition: Callable[[], Any], what: str, seconds: float = DEADLINE_SECS) -> None:
    """Look again every few milliseconds until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)


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

        def make(**changes: Any) -> ReceiptsWorker:
            wanted = settings(**changes)
            worker = ReceiptsWorker(connection(wanted), wanted)
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


class Process:
    """`python -m ves_workers` as a real process."""

    def __init__(self, database: Database, log: Any, *names: str, **environment: str) -> None:
        self.log = log
        with log.open("ab") as file:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "ves_workers", *names],
                stderr=file,
                cwd="/",
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": f"{ROOT}/plpython:{ROOT}/api:{ROOT}/workers",
                    "DATABASE_URL": database.url("ves_worker"),
                    "VES_SEQUENCER_SIGNING_KEY": SEQUENCER_SEED.hex(),
                    "VES_WORKER_POLL_MS": "10",
                    "LOG_FORMAT": "json",
                    **environment,
                },
            )

    def said(self, event: str) -> bool:
        return f'"{event}"' in self.log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(DEADLINE_SECS)


@pytest.fixture
def start(database: Database, tmp_path: Any) -> Iterator[Callable[..., Process]]:
    running: list[Process] = []

    def launch(*names: str, **environment: str) -> Process:
        process = Process(database, tmp_path / f"worker-{len(running)}.log", *names, **environment)
        running.append(process)
        return process

    yield launch
    for process in running:
        if process.popen.poll() is None:
            process.popen.kill()
            process.popen.wait()
