"""The key of encryption at rest is changed under load by a program that is killed; then the old key is thrown away."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.fault.checks import check_all
from tests.fault.load import Ledger, load
from tests.fault.system import DATABASE, System
from tests.fault.test_under_load import make_writers
from tests.support import keyring
from tests.support.cluster import ROOT
from tests.support.waiting import wait_until
from ves.keyring import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS = 1.0
ROUNDS = 20
KILLS = 3
BATCH = 10
TRY_SECONDS = 60
OLD = Key(keyring.KEY).key_id


@pytest.fixture(autouse=True)
def same_ring_afterwards(system: System) -> Iterator[None]:
    yield
    keyring.write(system.cluster.keyring)


def start(system: System, *arguments: str) -> subprocess.Popen[str]:
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}/plpython:{ROOT}/api",
        "VES_KEYRING_FILE": str(system.cluster.keyring),
        "VES_DATABASE_URL": system.cluster.url(DATABASE, "ves_admin"),
    }
    command = [sys.executable, "-m", "ves_api.cli", *arguments]
    return subprocess.Popen(
        command, env=env, cwd=system.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(system: System, *arguments: str) -> str:
    process = start(system, *arguments)
    told, complaints = process.communicate(timeout=TRY_SECONDS)
    assert process.returncode == 0, complaints
    return told


def under_old_key(system: System) -> int:
    with system.connect() as connection:
        row = connection.execute(
            "select count(*) from ves_store.ves_events where payload_key_id = %s", [OLD]
        ).fetchone()
    assert row is not None
    return int(row[0])


def kill_in_the_middle(system: System) -> None:
    """kill -9 of a re-encryption as soon as it has done some batches."""
    left = under_old_key(system) - 4 * BATCH
    process = start(system, "reencrypt-events", "--batch-size", str(BATCH))
    wait_until(lambda: process.poll() is not None or under_old_key(system) <= left, seconds=TRY_SECONDS)
    process.send_signal(signal.SIGKILL)
    told = process.communicate(timeout=TRY_SECONDS)
    assert process.returncode == -signal.SIGKILL, f"it ended before it was killed: {told}"
    assert 0 < under_old_key(system) <= left


async def rotate_under_load(system: System, writers: list[Any], ledger: Ledger) -> str:
    """Write, rotate, kill the re-encryption several times and let it end once, all while events come in."""
    for _ in range(ROUNDS):  # a busy machine needs several to take in enough
        await load(writers, SECONDS)
        if len(ledger.receipts) > KILLS * 10 * BATCH:
            break
    before = await asyncio.to_thread(under_old_key, system)
    assert before == len(ledger.receipts) > KILLS * 10 * BATCH
    stop = asyncio.Event()

    async def keep_writing() -> None:
        while not stop.is_set():
            await load(writers, SECONDS)

    writing = asyncio.create_task(keep_writing())
    try:
        await asyncio.to_thread(run, system, "keyring", "rotate")
        for _ in range(KILLS):
            held = len(ledger.receipts)
            await asyncio.to_thread(kill_in_the_middle, system)
            assert len(ledger.receipts) > held, "events came in meanwhile"
        return await asyncio.to_thread(run, system, "reencrypt-events")
    finally:
        stop.set()
        await writing


def test_a_re_encryption_that_is_killed_under_load_is_finished_and_the_old_key_thrown_away(
    system: System,
) -> None:
    with system.connect("ves_reader") as connection:
        if connection.execute("select h.mode from ves.health() as h").fetchone() != ("full",):
            pytest.skip("re-encryption needs PL/Python")
    writers, ledger = make_writers(system, 3)
    assert asyncio.run(rotate_under_load(system, writers, ledger)).startswith("ok: ")
    # Rows that a transaction of the load held were left for this run.
    run(system, "reencrypt-events")
    assert "updated=0 " in run(system, "reencrypt-events")
    assert under_old_key(system) == 0
    run(system, "keyring", "drop", OLD.hex())
    ids = json.loads(run(system, "keyring", "show", "--json"))["key_ids"]["default"]
    assert len(ids) == 1
    assert ids != [OLD.hex()]
    check_all(system, ledger)
    with system.connect() as connection:
        payloads = dict(
            connection.execute(
                "select p.event_id, p.payload::text from ves.list_streams() as s,"
                " generate_series(1, s.head_sequence, 100) as first,"
                " ves.read_payloads(s.tenant_id, s.store_id, first, 100) as p"
            ).fetchall()
        )
    assert payloads == {event_id: event.payload for event_id, (_, event) in ledger.events.items()}
