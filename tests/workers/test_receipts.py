"""The receipts worker makes good what the API answered with and could not store."""

from __future__ import annotations

import asyncio
import itertools
import uuid
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import structlog

from tests.support.processes import SEQUENCER_SEED
from tests.workers.conftest import drain
from tests.workers.feeder import Feeder
from ves import digests, ed25519, receipts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database


def make_old(database: Database) -> None:
    """Events younger than two seconds are still the API's own work."""
    with database.connect() as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "update ves_store.ves_events set sequenced_at = sequenced_at - interval '1 minute'"
        )
        connection.execute("select ves_int.take_wake_ups()")
        connection.execute("update ves_store.cursors set due_at = due_at - interval '1 minute'")


def stored(database: Database) -> list[tuple[Any, ...]]:
    with database.connect() as connection:
        return connection.execute(
            "select store_id, sequence_number, receipt_hash, sequencer_signature"
            " from ves_store.ves_sequencer_receipts order by store_id, sequence_number"
        ).fetchall()


async def test_missing_receipts_are_sealed_and_verify(
    database: Database, feeder: Feeder, receipts_worker: Callable[..., Any]
) -> None:
    store = uuid.uuid4()
    signed = feeder.sign(store, 7)
    feeder.append(store, signed)
    make_old(database)
    await drain(receipts_worker())
    assert len(stored(database)) == 7
    with database.connect("ves_admin") as connection:
        for event in signed:
            (wire,) = connection.execute(
                "select ves.get_receipt(%s, %s)", [feeder.tenant_id, event.event_id]
            ).fetchone()
            receipt = msgspec.convert(wire, receipts.Receipt)
            assert (
                receipts.verify_receipt(
                    receipt, feeder.tenant_id, store, event.signing_hash, feeder.public_key
                )
                == []
            )


async def test_only_the_missing_ones_are_made_and_with_the_same_bytes_as_the_api(
    database: Database, feeder: Feeder, receipts_worker: Callable[..., Any]
) -> None:
    store = uuid.uuid4()
    signed = feeder.sign(store, 4)
    feeder.append(store, signed)
    hashes = [
        digests.receipt_hash(feeder.tenant_id, store, event.event_id, number, event.signing_hash)
        for number, event in enumerate(signed, 1)
    ]
    signatures = [ed25519.sign(SEQUENCER_SEED, one) for one in hashes]
    feeder.connection.execute(
        "select ves.store_receipts(%s, %s, %s, %s, %s)",
        [[feeder.tenant_id] * 2, [store] * 2, [2, 3], hashes[1] + hashes[2], signatures[1] + signatures[2]],
    )
    make_old(database)
    worker = receipts_worker()
    await drain(worker)
    assert worker.counters()["sealed"] == 2
    assert [(number, bytes(h), bytes(s)) for _, number, h, s in stored(database)] == [
        (number, h, s) for number, (h, s) in enumerate(zip(hashes, signatures, strict=True), 1)
    ]


async def test_more_than_one_batch_over_several_streams_is_worked_off(
    database: Database, feeder: Feeder, receipts_worker: Callable[..., Any]
) -> None:
    for _ in range(3):
        feeder.feed(uuid.uuid4(), 9)
    make_old(database)
    await drain(receipts_worker(receipts_max_events=5))
    assert len(stored(database)) == 27


async def test_what_the_api_is_still_about_to_store_is_left_to_it(
    database: Database, feeder: Feeder, receipts_worker: Callable[..., Any]
) -> None:
    feeder.feed(uuid.uuid4(), 3)
    await drain(receipts_worker())
    assert stored(database) == []


async def test_an_unsigned_sequencer_gets_unsigned_receipts(
    database: Database, receipts_worker: Callable[..., Any]
) -> None:
    Feeder(database, seed=None).feed(uuid.uuid4(), 3)
    make_old(database)
    await drain(receipts_worker())
    assert [signature for *_, signature in stored(database)] == [None, None, None]


async def test_a_signer_whose_key_is_missing_is_named_once_and_does_not_stop_the_others(
    database: Database, feeder: Feeder, receipts_worker: Callable[..., Any]
) -> None:
    stranger = Feeder(database, seed=bytes(32))
    stranger.feed(uuid.uuid4(), 3)
    ours = uuid.uuid4()
    feeder.feed(ours, 2)
    make_old(database)
    worker = receipts_worker()
    with structlog.testing.capture_logs() as lines:
        worker._log = structlog.get_logger(worker="receipts")
        await drain(worker)
        await drain(worker)
    missing = [line for line in lines if line["event"] == "receipts.key_missing"]
    assert [line["public_key"] for line in missing] == [stranger.public_key.hex()]
    assert [store for store, *_ in stored(database)] == [ours, ours]
    assert worker.counters() == {"sealed": 2, "unsealable": 3}


async def test_many_receipts_that_need_another_key_do_not_crowd_out_the_others(
    database: Database, feeder: Feeder, receipts_worker: Callable[..., Any]
) -> None:
    stranger = Feeder(database, seed=bytes(32))
    stores = [uuid.uuid4() for _ in range(6)]
    for store in stores:
        stranger.feed(uuid.uuid4(), 5)
        feeder.feed(store, 2)
    make_old(database)
    worker = receipts_worker(receipts_max_events=2)
    async with asyncio.timeout(30):
        while worker.counters()["sealed"] < 12:
            await worker.step()
    assert {store for store, *_ in stored(database)} == set(stores)


async def test_a_slow_look_makes_the_pause_long_but_not_one_that_waited_for_a_new_connection(
    database: Database, receipts_worker: Callable[..., Any]
) -> None:
    seconds = itertools.count(step=10)
    worker = receipts_worker(clock=lambda: next(seconds))
    pauses = []
    for looks in (2, 1):
        for _ in range(looks):
            await worker.step()
            pauses.append(worker.poll_seconds)
        with database.connect() as owner:
            (ended,) = owner.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where datname = current_database() and usename = 'ves_worker'"
            ).fetchall()
            assert ended == (True,)
    assert pauses == [1, 60, 1]


async def test_one_slow_look_does_not_make_the_pause_long(receipts_worker: Callable[..., Any]) -> None:
    lasted = [0.01, 0.01, 10, 10, 10, 10, 0.01]
    times = itertools.chain.from_iterable((0, seconds) for seconds in lasted)
    worker = receipts_worker(clock=lambda: next(times))
    pauses = []
    for _ in lasted:
        await worker.step()
        pauses.append(worker.poll_seconds)
    assert pauses == [1, 1, 1, 1, 1, 60, 1]


@pytest.mark.parametrize("key", [None, bytes(32)])
async def test_without_the_right_key_nothing_is_stored(
    database: Database, feeder: Feeder, receipts_worker: Callable[..., Any], key: bytes | None
) -> None:
    feeder.feed(uuid.uuid4(), 3)
    make_old(database)
    await drain(receipts_worker(signing_key=key))
    assert stored(database) == []
