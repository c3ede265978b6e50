"""Reorgs: what is in a block that vanished is sent again, with the same bytes and the same hash."""

from __future__ import annotations

import pytest

from tests.chain.system import CONFIRMATIONS, Pay, System


@pytest.mark.parametrize("depth", range(1, 13))
async def test_a_reorg_of_any_depth_pays_once(system: System, pay: Pay, depth: int) -> None:
    payments = pay(2)
    worker = system.worker(confirmations=13)
    await system.drive(worker, lambda: system.outbox()[0][0] == "mined", mine=False)
    system.ledger.mine(depth - 1)
    system.ledger.ask("anvil_reorg", depth, [])
    assert system.received(payments) == [0, 0]
    await system.drive(worker, lambda: system.batch(payments) == "settled")
    system.assert_paid_once(payments)
    assert "mined" in system.states()
    assert system.states()[-1] == "final"
    assert system.outbox()[0][1] == 1, "the same bytes"


@pytest.mark.parametrize("depth", [CONFIRMATIONS, 8])
async def test_a_reorg_below_the_final_depth_is_repaired_without_undoing_a_payment(
    system: System, pay: Pay, depth: int
) -> None:
    payments = pay(1)
    worker = system.worker()
    await system.settle(worker, payments)
    mined = system.superuser.execute("select max(block_number) from ves_store.chain_transactions").fetchone()
    assert mined is not None
    system.ledger.mine(depth)
    head = system.ledger.w3.eth.block_number
    system.ledger.ask("anvil_reorg", head - mined[0] + 1, [])
    assert system.received(payments) == [0]
    watcher = system.worker(stuck_secs=0)
    await system.drive(
        watcher, lambda: system.states()[-2:] == ["mined", "final"] and "broadcast" in system.states()[5:]
    )
    system.assert_paid_once(payments)


async def test_a_block_that_vanished_is_told_once_not_by_one_read(system: System, pay: Pay) -> None:
    payments = pay(1)
    worker = system.worker(confirmations=13)
    await system.drive(worker, lambda: system.outbox()[0][0] == "mined", mine=False)
    system.ledger.automine(on=False)
    try:
        system.ledger.ask("anvil_reorg", 1, [])
        system.ledger.ask("anvil_dropAllTransactions")
        await worker.step()
        assert system.outbox()[0][0] == "mined"
        await worker.step()
        assert system.outbox()[0][0] == "broadcast"
    finally:
        system.ledger.automine(on=True)
    await system.drive(worker, lambda: system.batch(payments) == "settled")
    system.assert_paid_once(payments)
