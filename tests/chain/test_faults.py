"""What a chain does to an honest sender: drops, fees, used nonces, paused contracts."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.chain.system import CONFIRMATIONS, MOST_CONFIRMATIONS, Pay, System
from ves_edge.gen import aio
from ves_workers.chain.outcomes import Outcome


async def test_a_dropped_transaction_is_sent_again(system: System, pay: Pay) -> None:
    payments = pay(1)
    worker = system.worker()
    system.ledger.automine(on=False)
    try:
        await system.drive(worker, lambda: system.outbox()[0][0] == "broadcast", mine=False)
        system.ledger.ask("anvil_dropAllTransactions")
    finally:
        system.ledger.automine(on=True)
    await system.settle(system.worker(), payments)
    system.assert_paid_once(payments)
    assert system.outbox()[0][1] == 1, "the same bytes"


async def test_a_stuck_transaction_is_replaced_with_the_same_nonce_up_to_the_cap(
    system: System, pay: Pay
) -> None:
    payments = pay(1)
    worker = system.worker(stuck_secs=0)
    system.ledger.automine(on=False)
    try:
        for _ in range(12):
            await worker.step()
        rows = system.superuser.execute(
            "select max_fee, priority_fee from ves_store.chain_attempts order by attempt"
        ).fetchall()
        assert len(rows) > 3
        assert all(
            after >= before * 1.1
            for old, new in pairwise(rows)
            for before, after in zip(old, new, strict=True)
        )
        nonces = system.superuser.execute(
            "select count(distinct nonce) from ves_store.chain_transactions"
        ).fetchone()
        assert nonces == (1,)
        capped = system.worker(stuck_secs=0, max_fee=int(rows[-1][0]))
        for _ in range(4):
            await capped.step()
        assert system.outbox()[0][1] == len(rows), "no attempt above the cap"
    finally:
        system.ledger.automine(on=True)
        system.ledger.mine()
    await system.settle(system.worker(stuck_secs=3600), payments)
    system.assert_paid_once(payments)


async def test_any_attempt_may_be_the_one_in_the_block(system: System, pay: Pay) -> None:
    payments = pay(1)
    worker = system.worker(stuck_secs=0)
    system.ledger.automine(on=False)
    try:
        await system.drive(worker, lambda: system.outbox()[0][1] == 2, mine=False)
        first = system.superuser.execute(
            "select raw from ves_store.chain_attempts order by attempt limit 1"
        ).fetchone()
        assert first is not None
        system.ledger.ask("anvil_dropAllTransactions")
        system.ledger.w3.eth.send_raw_transaction(first[0])
    finally:
        system.ledger.mine()
        system.ledger.automine(on=True)
    await system.settle(worker, payments)
    system.assert_paid_once(payments)
    told = system.superuser.execute(
        "select t.tx_hash = a.tx_hash from ves_store.chain_transactions as t"
        " join ves_store.chain_attempts as a on a.transaction_id = t.transaction_id and a.attempt = 1"
    ).fetchone()
    assert told == (True,)


async def test_a_nonce_that_another_program_used_is_told_and_the_payments_get_another(
    system: System, pay: Pay
) -> None:
    payments = pay(1)
    worker = system.worker()
    system.ledger.automine(on=False)
    try:
        await system.drive(worker, lambda: system.outbox()[0][0] == "broadcast", mine=False)
        system.ledger.ask("anvil_dropAllTransactions")
        system.ledger.use_nonce(system.ledger.settler)
    finally:
        system.ledger.automine(on=True)
    await system.settle(worker, payments)
    system.assert_paid_once(payments)
    assert [state for state, _, _ in system.outbox()] == ["replaced", "final"]


async def test_nonces_that_were_used_while_no_worker_ran_are_passed_over(system: System) -> None:
    first = system.pay(1)
    await system.settle(system.worker(), first)
    for _ in range(3):
        system.ledger.use_nonce(system.ledger.settler)
    second = system.pay(1)
    await system.settle(system.worker(), second)
    system.assert_paid_once(second)


@pytest.mark.parametrize(("used", "steps"), [(1, 1), (3, 1), (3, 4)])
@pytest.mark.parametrize("is_open", [False, True])
async def test_nonces_that_a_reorg_takes_from_another_program_hold_nothing_up(
    system: System, pay: Pay, used: int, steps: int, is_open: bool
) -> None:
    """Signed, or `unknown`, when the reorg comes; `is_open`: the account was opened before the other program used it."""
    payments = pay(1)
    worker = system.worker(confirmations=MOST_CONFIRMATIONS)
    if is_open:
        await worker._has_lease()
    before = system.ledger.w3.eth.block_number
    for _ in range(used):
        system.ledger.use_nonce(system.ledger.settler)
    for _ in range(steps):
        await worker.step()
    system.ledger.ask("anvil_reorg", system.ledger.w3.eth.block_number - before, [])
    await system.settle(worker, payments)
    system.assert_paid_once(payments)
    assert system.outbox() == [("final", 1, None)]


async def test_of_several_nonces_that_a_reorg_frees_some_may_stay_used(system: System, pay: Pay) -> None:
    first, second = pay(1), pay(1)
    worker = system.worker(confirmations=MOST_CONFIRMATIONS)
    await worker._has_lease()
    system.ledger.use_nonce(system.ledger.settler)
    before = system.ledger.w3.eth.block_number
    system.ledger.use_nonce(system.ledger.settler)
    for _ in range(2):
        await worker.step()
    assert [state for state, *_ in system.outbox()].count("unknown") == len(system.outbox())
    system.ledger.ask("anvil_reorg", system.ledger.w3.eth.block_number - before, [])
    for payments in (first, second):
        await system.settle(worker, payments)
        system.assert_paid_once(payments)
    assert "replaced" in [state for state, *_ in system.outbox()]


async def test_a_nonce_that_another_program_takes_again_after_the_reorg_is_told_as_replaced(
    system: System, pay: Pay
) -> None:
    payments = pay(1)
    worker = system.worker()
    before = system.ledger.w3.eth.block_number
    raw = system.ledger.use_nonce(system.ledger.settler)
    await worker.step()
    system.ledger.automine(on=False)
    try:
        system.ledger.ask("anvil_reorg", system.ledger.w3.eth.block_number - before, [])
        system.ledger.ask("anvil_dropAllTransactions")
        system.ledger.w3.eth.send_raw_transaction(raw)
        system.ledger.mine()
    finally:
        system.ledger.automine(on=True)
    await system.settle(worker, payments)
    system.assert_paid_once(payments)
    assert [state for state, *_ in system.outbox()] == ["replaced", "final"]


async def test_a_paused_contract_is_waited_for(system: System, pay: Pay) -> None:
    payments = pay(1)
    worker = system.worker()
    system.ledger.send(system.ledger.settlement.functions.pause())
    try:
        for _ in range(3):
            await worker.step()
            assert system.outbox() == [("planned", 0, "EnforcedPause")]
    finally:
        system.ledger.send(system.ledger.settlement.functions.unpause())
    await system.settle(worker, payments)
    system.assert_paid_once(payments)


async def test_a_contract_that_is_paused_after_the_estimate_reverts_and_the_payments_are_planned_again(
    system: System,
    pay: Pay,
) -> None:
    payments = pay(1)
    worker = system.worker()
    system.ledger.automine(on=False)
    try:
        await system.drive(worker, lambda: system.outbox()[0][0] == "broadcast", mine=False)
        raw = system.superuser.execute("select raw from ves_store.chain_attempts").fetchone()
        assert raw is not None
        system.ledger.ask("anvil_dropAllTransactions")
        slot = paused_slot(system)
        system.ledger.ask("anvil_setStorageAt", system.ledger.settlement.address, *slot["paused"])
        system.ledger.w3.eth.send_raw_transaction(raw[0])
        system.ledger.mine(4)
    finally:
        system.ledger.automine(on=True)
    await system.drive(worker, lambda: system.outbox()[0][0] == "failed")
    assert system.intents(payments)[0] in [("batched", None), ("recorded", None)]
    assert system.received(payments) == [0]
    system.ledger.ask("anvil_setStorageAt", system.ledger.settlement.address, *slot["running"])
    await system.settle(worker, payments)
    system.assert_paid_once(payments)
    assert [state for state, _, _ in system.outbox()] == ["failed", "final"]


def paused_slot(system: System) -> dict[str, tuple[str, str]]:
    """Slot and words of Pausable's flag, found by pausing: it shares its slot with nothing that changes."""
    w3, contract = system.ledger.w3, system.ledger.settlement
    snapshot = system.ledger.ask("evm_snapshot")
    before = [w3.eth.get_storage_at(contract.address, n) for n in range(12)]
    system.ledger.ask("evm_setAutomine", True)
    system.ledger.send(contract.functions.pause())
    after = [w3.eth.get_storage_at(contract.address, n) for n in range(12)]
    system.ledger.ask("evm_revert", snapshot)
    system.ledger.ask("evm_setAutomine", False)
    ((n, old, new),) = [(n, a, b) for n, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    return {
        "paused": (hex(n), "0x" + bytes(new).hex().zfill(64)),
        "running": (hex(n), "0x" + bytes(old).hex().zfill(64)),
    }


async def test_a_call_that_met_no_contract_is_unresolved_until_the_contract_answers(
    system: System, pay: Pay
) -> None:
    """A call to an address without code succeeds and says nothing; so does a read of a node that lost the state."""
    payments = pay(2)
    worker, ledger = system.worker(), system.ledger
    code = "0x" + bytes(ledger.w3.eth.get_code(ledger.settlement.address)).hex()
    ledger.automine(on=False)
    try:
        await system.drive(worker, lambda: system.outbox()[0][0] == "broadcast", mine=False)
        ledger.ask("anvil_setCode", ledger.settlement.address, "0x")
        ledger.mine(CONFIRMATIONS + 1)
        for _ in range(3):
            await worker.step()
            assert system.outbox()[0][0] == "mined"
            assert {state for state, _ in system.intents(payments)} <= {"batched", "recorded"}
    finally:
        ledger.automine(on=True)
        ledger.ask("anvil_setCode", ledger.settlement.address, code)
    await system.drive(worker, lambda: system.outbox()[0][0] == "final")
    reasons = {"Not settled by its transaction", "transaction_failed"}  # of an intent, of the facilitator
    assert all(state == "failed" and reason in reasons for state, reason in system.intents(payments))
    assert system.received(payments) == [0, 0]


async def test_a_transaction_that_cannot_be_finished_holds_up_no_other(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = system.worker()
    first = system.pay(1)
    await system.drive(worker, lambda: system.outbox()[0][0] == "broadcast", mine=False)
    second = system.pay(1)
    right = worker.outcome

    async def wrong_for_the_first(row: Any, receipt: Any) -> Outcome:
        is_first = row.transaction_id == min(it.transaction_id for it in await final_rows(system, worker))
        return Outcome() if is_first else await right(row, receipt)

    monkeypatch.setattr(worker, "outcome", wrong_for_the_first)
    await system.settle(worker, second)
    assert [state for state, *_ in system.outbox()] == ["mined", "final"]
    monkeypatch.undo()
    await system.settle(worker, first)
    system.assert_paid_once(first)


async def test_a_call_that_was_made_before_is_read_from_the_contract(system: System) -> None:
    """A database that was restored from a backup plans a part again that the chain has settled already."""
    payments = system.pay(2)
    await system.settle(system.worker(), payments)
    row = system.superuser.execute("select to_address, calldata from ves_store.chain_transactions").fetchone()
    assert row is not None
    receipt: Any = system.ledger.w3.eth.wait_for_transaction_receipt(
        system.ledger.w3.eth.send_transaction(
            {"from": system.ledger.settler.address, "to": system.ledger.settlement.address, "data": row[1]}
        )
    )
    worker = system.worker()
    (final,) = await final_rows(system, worker)
    outcome = await worker.outcome(final, receipt)
    assert (len(outcome.settled), list(outcome.failed)) == (2, [])


async def final_rows(system: System, worker: Any) -> Any:

    return await aio.list_open_transactions(
        worker._db, lease="x402_settlement", chain_id=system.settings.chain_id, final_seconds=3600
    )
