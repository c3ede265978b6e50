"""Payments become transactions: signed, sent, final, and told from the logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.chain.system import UNIT

if TYPE_CHECKING:
    from tests.chain.system import System


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
