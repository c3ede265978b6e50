"""Tokens that do something wrong: nothing is told as paid that was not, and nobody else waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.chain.hostile import Fault, Hostile
from tests.chain.system import UNIT
from ves_contracts import calls
from ves_workers.chain.rpc import UnavailableError
from ves_workers.runtime.loop import MOST_CAUSE

if TYPE_CHECKING:
    from tests.chain.system import System

KINDS = ["settlement", "authorizations"]
REFUSED = {"settlement": "Transfer failed", "authorizations": "transaction_failed"}


@pytest.fixture
def hostile(system: System) -> Hostile:
    return Hostile(system)


async def assert_another_is_paid(system: System, worker: Any) -> None:
    payments = system.pay(1)
    await system.settle(worker, payments)
    system.assert_paid_once(payments)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [Fault.TAKES_A_FEE, Fault.MOVES_NOTHING])
async def test_a_token_that_moves_another_sum_than_it_says_makes_no_payment(
    system: System, hostile: Hostile, kind: str, fault: Fault
) -> None:
    payer, payments = hostile.pay(kind, 2)
    hostile.be(fault)
    worker = system.worker()
    await system.settle(worker, payments)
    assert system.intents(payments) == [("failed", REFUSED[kind])] * 2
    assert hostile.balance(payer.address) == 2 * UNIT, "the contract undid what was taken"
    assert [hostile.balance(payee) for payee in payments.payees] == [0, 0]
    await assert_another_is_paid(system, worker)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_payee_who_is_blocked_while_the_batch_waits_for_its_block_fails_alone(
    system: System, hostile: Hostile, kind: str
) -> None:
    payer, payments = hostile.pay(kind, 3)
    worker = system.worker()
    system.ledger.automine(on=False)
    try:
        await worker.step()
        hostile.block(payments.payees[1])
    finally:
        system.ledger.automine(on=True)
    await system.settle(worker, payments)
    assert system.intents(payments) == [("settled", None), ("failed", REFUSED[kind]), ("settled", None)]
    assert [hostile.balance(payee) for payee in payments.payees] == [UNIT, 0, UNIT]
    assert hostile.balance(payer.address) == UNIT


@pytest.mark.parametrize("fault", [Fault.SAYS_USED, Fault.SAYS_UNUSED])
@pytest.mark.parametrize("is_paid", [True, False], ids=["paid", "not paid"])
async def test_what_a_token_says_of_its_authorizations_pays_and_undoes_nothing(
    system: System, hostile: Hostile, fault: Fault, *, is_paid: bool
) -> None:
    _, payments = hostile.pay("authorizations", 1, money=UNIT if is_paid else 0)
    hostile.be(fault)
    worker = system.worker()
    await system.settle(worker, payments)
    [(status, reason)] = system.intents(payments)
    assert (status, reason is None) == (("settled", True) if is_paid else ("failed", False))
    assert hostile.balance(payments.payees[0]) == (UNIT if is_paid else 0)
    await assert_another_is_paid(system, worker)


async def test_a_token_that_reverts_with_much_data_leaves_its_payments_unresolved_until_it_answers(
    system: System, hostile: Hostile
) -> None:
    _, payments = hostile.pay("authorizations", 2, money=UNIT)
    hostile.be(Fault.REVERTS_WITH_TOO_MUCH)
    worker = system.worker()
    for _ in range(6):
        await worker.step()
        system.ledger.mine()
    assert sorted(status for status, _ in system.intents(payments)) == ["batched", "confirmed"]
    assert system.outbox()[0][0] == "mined", "its hash is told"
    await assert_another_is_paid(system, worker)
    question = calls.authorization_state(payments.payees[0], bytes(32))
    with pytest.raises(UnavailableError) as refusal:
        await worker._chain.read(hostile.contract.address, question)
    assert len(str(refusal.value)) <= MOST_CAUSE
    hostile.be(Fault.NONE)
    if worker._tokens.silent():
        worker._tokens._breaker(hostile.contract.address.lower()).half_open()  # the minute is over
    await system.settle(worker, payments)
    assert sorted(system.intents(payments)) == [
        ("failed", "transaction_failed"),
        ("settled", None),
    ]
    assert sum(hostile.balance(payee) for payee in payments.payees) == UNIT
