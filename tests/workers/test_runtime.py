"""What all workers share: settings, statements, backoff, the loop."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from ves_edge.environment import Environment, SettingsError
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_workers import __main__ as entry
from ves_workers.runtime.backoff import Backoff
from ves_workers.runtime.database import WorkerDatabase
from ves_workers.runtime.loop import run_worker
from ves_workers.settings.process import Settings

SEED = bytes(range(224, 256))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", ""),
        ("VES_SEQUENCER_ID", "me"),
        ("VES_WORKER_POLL_MS", "1.5"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(Environment({"DATABASE_URL": "postgresql:///y", name: value}))


def test_settings_never_show_secrets() -> None:
    environment = {
        "DATABASE_URL": "postgresql://ves_worker:hush@localhost/ves",
        "VES_SEQUENCER_SIGNING_KEY": SEED.hex(),
    }
    settings = Settings.from_environment(Environment(environment))
    for shown in (repr(settings), str(settings.masked())):
        assert "hush" not in shown
        assert SEED.hex() not in shown


def test_delays_grow_to_a_limit_and_scatter() -> None:
    backoff = Backoff(first=1.0, most=8.0, chance=random.Random(1))
    delays = [backoff.next_delay() for _ in range(20)]
    for delay, whole in zip(delays, [1, 2, 4, 8] + [8] * 16, strict=True):
        assert whole / 2 <= delay <= whole
    assert len(set(delays)) == len(delays)
    backoff.reset()
    assert backoff.next_delay() <= 1.0


class Flaky:
    """Fails a few times, then asks to stop."""

    name = "flaky"
    poll_seconds = 0.001

    def __init__(self, stop: asyncio.Event, errors: list[Exception]) -> None:
        self.stop = stop
        self.errors = errors
        self.closed = False

    async def step(self) -> bool:
        if self.errors:
            raise self.errors.pop()
        self.stop.set()
        return False

    async def close(self) -> None:
        self.closed = True

    def counters(self) -> dict[str, int]:
        return {}


async def test_the_loop_goes_on_after_failures_and_stops_when_asked() -> None:
    stop = asyncio.Event()
    worker = Flaky(stop, [ApiError("database_unavailable"), ValueError("bug")])
    async with asyncio.timeout(10):
        await run_worker(worker, stop, heartbeat_secs=0)
    assert worker.errors == []
    assert worker.closed


async def test_the_log_line_of_a_failed_step_holds_no_password(capsys: Any) -> None:
    database = WorkerDatabase(Settings("postgresql://ves_worker:hush@127.0.0.1:1/x"), "test")
    stop = asyncio.Event()

    class Asking(Flaky):
        async def step(self) -> bool:
            stop.set()
            return bool(await aio.list_signers(database))

    try:
        await run_worker(Asking(stop, []), stop, heartbeat_secs=0)
    finally:
        await database.close()
    said = "".join(capsys.readouterr())
    assert "worker.step_failed" in said
    assert "database_unavailable" in said
    assert "hush" not in said


async def test_an_unreachable_database_is_told_apart_from_a_refusal() -> None:
    database = WorkerDatabase(Settings("postgresql://127.0.0.1:1/x"), "test")
    try:
        with pytest.raises(ApiError) as caught:
            await aio.list_signers(database)
        assert caught.value.name == "database_unavailable"
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("arguments", "environment"), [(["nobody"], {"DATABASE_URL": "postgresql:///y"}), ([], {})]
)
def test_wrong_usage_ends_with_code_2(
    arguments: list[str], environment: dict[str, str], monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr("os.environ", environment)
    assert entry.main(arguments) == 2
    assert capsys.readouterr().err


def test_help_names_the_workers(capsys: Any) -> None:
    assert entry.main(["--help"]) == 0
    assert "commit|receipts|keys" in capsys.readouterr().out
