"""Two API processes and two of every worker; events over HTTP, gRPC and SQL, payments and anchors, while one of each is killed."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from tests.chain.system import Ledger
from tests.chain.test_simulation import OPEN
from tests.fault.checks import check_all
from tests.fault.conftest import TEMPLATE
from tests.fault.consumers import World
from tests.fault.load import Ledger as Receipts
from tests.fault.load import Writer
from tests.fault.system import make_database
from tests.fault.test_under_load import disturb
from tests.fault.twins import PAUSE, Doors, Twins
from tests.rpc.conftest import compiled, stubs
from tests.sql.support import scalar
from tests.support.anvil import KEY, anvil
from tests.support.waiting import wait_until
from tests.x402.system import CHAIN_ID, PRICE
from ves_contracts import calls, deploy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cluster import Cluster

__all__ = ["compiled", "stubs"]
WRITERS, EVERY_SECONDS = 4, 10
# A worker that was killed leaves a lease of 30 s; then what waited for it becomes final.
END_SECONDS = 120
UNFINISHED = f"""
  select ({OPEN.strip()}) as payments,
    (select count(*) from ves_store.chain_transactions where status not in ('final', 'failed')) as transactions,
    (select count(*) from ves.anchor_states where not is_legacy and not is_anchored) as anchors,
    (select count(*) from ves_store.cursors where done_to < head_sequence) as cursors,
    (select count(*) from ves_store.dead_letter_events) as letters,
    (select count(*) from pg_stat_activity
      where datname = current_database() and usename like 'ves%' and (state <> 'idle' or backend_xid is not null)) as busy
"""


@pytest.fixture
def twins(mortal: Cluster, tmp_path: Path, stubs: None) -> Iterator[Twins]:
    make_database(mortal, TEMPLATE)
    with anvil(tmp_path, CHAIN_ID) as url:
        running = Twins(mortal, tmp_path, Ledger(url, Account.from_key(KEY), tmp_path))
        running.start()
        yield running
        running.stop()


def unfinished(twins: Twins) -> dict[str, int]:
    """What is still under way, by kind."""
    with twins.connect() as connection:
        cursor = connection.execute(UNFINISHED)
        row, columns = cursor.fetchone(), cursor.description
    assert row is not None
    assert columns is not None
    return {column.name: count for column, count in zip(columns, row, strict=True) if count}


def assert_anchored_once(twins: Twins) -> None:
    """Each commitment is in the contract by one log."""
    contract: Any = deploy.contract(twins.ledger.w3, "StateSetAnchor", twins.ledger.addresses["anchor"])
    logs = contract.events.CommitmentAnchored().get_logs(from_block=0)
    with twins.connect() as connection:
        rows = connection.execute("select batch_id from ves.commitments").fetchall()
    assert sorted(log["args"]["batchId"] for log in logs) == sorted(
        calls.uuid_word(batch) for (batch,) in rows
    )


@pytest.mark.parametrize("seconds", [20.0, pytest.param(300.0, marks=pytest.mark.soak)])
def test_one_of_each_is_killed_and_nothing_is_lost_doubled_or_reordered(
    twins: Twins, seconds: float, size: float, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds *= size
    receipts, world = Receipts(), World(twins, 0)
    writers = [
        Writer(twins.ports, world.agents, receipts, random.Random(number), pause=PAUSE)
        for number in range(WRITERS)
    ]
    doors = Doors(twins, world, receipts)
    try:
        world.start()
        world.run(doors.mine)
        threads = doors.start()
        asyncio.run(disturb(twins, writers, seconds, twins.kill_one, int(seconds / EVERY_SECONDS)))
        doors.is_over.set()
        for thread in threads:
            thread.join(END_SECONDS)
        world.wait(seconds=END_SECONDS)
        wait_until(lambda: not unfinished(twins), f"all is quiet: {unfinished(twins)}", seconds=END_SECONDS)
    finally:
        world.end()
    assert world.failures == []
    world.check()
    check_all(twins, receipts)
    assert twins.ledger.balances(doors.payees) == [PRICE] * len(doors.payees)
    with twins.connect() as connection:
        paid = scalar(
            connection,
            "select (select count(*) from ves_store.x402_payment_intents where status = 'settled')"
            " + (select count(*) from ves_store.x402_exact_payments where status = 'settled')",
        )
    assert paid == len(doors.payees)
    assert {
        request: doors._post("/x402/settle", request).json() for request in doors.answers
    } == doors.answers
    assert_anchored_once(twins)
    with capsys.disabled():
        print(
            f"\n{sum(twins.kills.values())} kills {dict(twins.kills)}, {len(receipts.receipts)} events, {paid} payments,"
            f" lost answers {dict(doors.lost)} and {receipts.losses} over HTTP"
        )
