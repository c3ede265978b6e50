"""Payments become transactions: signed, sent, final, and told from the logs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.chain.system import CHAIN_ID, UNIT
from tests.support.waiting import wait_until
from ves_workers.chain import outbox, settlement
from ves_workers.chain.outbox import Outbox
from ves_workers.chain.rhythm import Rhythm

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from web3 import AsyncWeb3
    from web3.types import TxReceipt

    from tests.chain.system import Pay, System
    from tests.support.processes import Worker
    from ves_edge.gen.records import ChainTransaction


async def test_a_batch_is_paid_on_the_chain_and_every_step_is_in_the_log(system: System) -> None:
    payments = system.pay(3)
    await system.settle(system.worker(), payments)
    system.assert_paid_once(payments)
    assert system.states() == ["planned", "signed", "broadcast", "mined", "final"]


async def test_nothing_is_settled_before_its_block_is_final(system: System) -> None:
    payments = system.pay(1)
    worker = system.worker()
    await system.drive(worker, lambda: system.outbox()[0][0] == "mined", mine=False)
    for _ in range(3):
        await worker.step()
    assert system.received(payments) == [UNIT], "it is mined"
    assert system.intents(payments) == [("batched", None)]
    system.ledger.mine(2)
    await worker.step()
    system.assert_paid_once(payments)


async def test_a_block_that_was_told_is_not_read_again_before_it_is_final(
    system: System, pay: Pay, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments, worker, read = pay(1), system.worker(), Outbox._receipt
    await system.drive(worker, lambda: system.outbox()[0][0] == "mined", mine=False)
    times = 0

    async def counted(of: Outbox, row: ChainTransaction) -> TxReceipt | None:
        nonlocal times
        times += 1
        return await read(of, row)

    monkeypatch.setattr(Outbox, "_receipt", counted)
    for _ in range(3):
        await worker.step()
    assert times == 0
    await system.settle(worker, payments)
    assert times == 1
    system.assert_paid_once(payments)


async def test_a_block_is_asked_for_once_a_step_however_many_of_its_transactions_are_not_final(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, read, asked = system.worker(), outbox._block_hash, []

    async def counted(w3: AsyncWeb3[Any], number: int) -> bytes:
        asked.append(number)
        return await read(w3, number)

    payments = [system.pay(1) for _ in range(3)]
    system.ledger.automine(on=False)
    await system.drive(worker, lambda: {row[0] for row in system.outbox()} == {"broadcast"}, mine=False)
    system.ledger.mine()
    system.ledger.automine(on=True)
    await system.drive(worker, lambda: {row[0] for row in system.outbox()} == {"mined"}, mine=False)
    monkeypatch.setattr(outbox, "_block_hash", counted)
    await worker.step()
    assert len(asked) == 1, "of one block"
    for some in payments:
        await system.settle(worker, some)
        system.assert_paid_once(some)


async def test_payments_share_a_transaction_as_long_as_the_rhythm_of_blocks_says(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, payments = system.worker(), system.authorize(2)
    monkeypatch.setattr(Rhythm, "sharing_ms", lambda *_: 2**31 - 1)
    await worker.step()
    assert system.outbox() == []
    monkeypatch.setattr(Rhythm, "sharing_ms", lambda *_: 0)
    await system.settle(worker, payments)
    assert len(system.outbox()) == 1
    system.assert_paid_once(payments)


def test_callers_wait_for_no_look_at_the_chain(system: System, start: Callable[..., Worker]) -> None:
    """The first payment is found by the first look, its block and the second payment between two of them."""
    first = system.authorize(1)
    start(
        "settlement",
        L2_RPC_URL=system.ledger.url,
        L2_CHAIN_ID=str(CHAIN_ID),
        VES_CHAIN_POLL_MS="600000",
        VES_CHAIN_SETTLER_KEY_FILE=system.settings.settler_key_file,
    )
    wait_until(lambda: system.intents(first) == [("confirmed", None)], "the first payment is in a block")
    second = system.authorize(1)
    wait_until(lambda: system.intents(second) == [("confirmed", None)], "the second payment is in a block")


async def test_looks_are_close_for_some_seconds_after_the_last_payment(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, worker = [0.0], system.worker(poll_ms=600_000)
    monkeypatch.setattr(settlement, "time", SimpleNamespace(monotonic=lambda: clock[0]))

    async def pause_at(seconds: float) -> float:
        clock[0] = seconds
        await worker.step()
        return worker.poll_seconds

    assert [await pause_at(n) for n in (0, 1, 2, 3, 4)] == [0.05, 0.1, 0.2, 0.4, 0.4]
    payments = system.authorize(1)
    for seconds in (10, 11):
        assert await pause_at(seconds) == 0.05
        system.ledger.mine()
    assert system.intents(payments) == [("confirmed", None)]
    assert [await pause_at(n) for n in (12, 16.9, 17, 18, 19)] == [0.05, 0.05, 0.1, 0.2, 0.4]


async def test_one_payment_of_a_hundred_that_fails_fails_alone(system: System) -> None:
    payments = system.pay(100, payer=system.ledger.payer(100 * UNIT, 99 * UNIT))
    await system.settle(system.worker(), payments)
    assert system.intents(payments) == [("settled", None)] * 99 + [("failed", "Insufficient allowance")]
    assert system.received(payments) == [UNIT] * 99 + [0]
    assert system.batch(payments) == "settled"


async def test_one_authorization_of_a_hundred_that_fails_fails_alone(system: System) -> None:
    payments = system.authorize(100, money=99 * UNIT)
    await system.settle(system.worker(), payments)
    states = system.intents(payments)
    assert sorted(set(states), key=repr) == [
        ("failed", "invalid_exact_evm_insufficient_balance"),
        ("settled", None),
    ]
    assert states.count(("settled", None)) == 99
    assert system.received(payments) == [UNIT if state == "settled" else 0 for state, _ in states]


async def test_a_payer_who_approved_nothing_pays_nothing_and_the_reason_is_kept(system: System) -> None:
    payments = system.pay(2, payer=system.ledger.payer(2 * UNIT, 0))
    await system.settle(system.worker(), payments)
    assert system.intents(payments) == [("failed", "Insufficient allowance")] * 2
    assert system.batch(payments) == "failed"
