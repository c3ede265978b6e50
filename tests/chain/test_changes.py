"""What changes around a payment that is under way: its contract, its time, its payer's money, and what a node says of its nonce."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from eth_account import Account
from web3 import Web3

from tests.chain.liar import liar
from tests.chain.system import NETWORK, UNIT
from ves_contracts import deploy

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chain.system import Pay, Payments, System


async def mined(system: System, payments: Payments) -> Any:
    """A worker whose transaction is in a block that is not final."""
    worker = system.worker()
    await system.drive(worker, lambda: system.outbox()[-1][0] == "mined", mine=False)
    assert sum(system.received(payments)) > 0
    return worker


async def test_payments_are_made_in_the_contract_that_they_were_recorded_for(
    system: System, pay: Pay
) -> None:
    first, worker = pay(2), system.worker()
    await worker.step()
    second = pay(2)
    with system.database.connect("ves_admin") as admin:
        admin.execute("select ves.set_settlement_contract(%s, null)", [NETWORK])
        admin.execute("select ves.set_payment_token(%s, 'usdc', %s)", [NETWORK, "0x" + "ee" * 20])
    for payments in (first, second):
        await system.settle(worker, payments)
        system.assert_paid_once(payments)


async def test_a_payment_whose_time_is_over_in_its_block_is_not_made(system: System) -> None:
    payments, worker = system.pay(1, valid_until=int(time.time()) + 40_000), system.worker()
    system.ledger.automine(on=False)
    try:
        await worker.step()
        system.ledger.ask("evm_setNextBlockTimestamp", hex(int(time.time()) + 40_001))
    finally:
        system.ledger.automine(on=True)
    await system.settle(worker, payments)
    assert system.intents(payments) == [("failed", "Payment expired")]
    assert system.received(payments) == [0]


async def test_a_reorg_after_which_the_payer_has_no_money_leaves_nothing_paid_and_nothing_told_as_settled(
    system: System, pay: Pay
) -> None:
    payer = Account.create()
    system.ledger.ask("anvil_setBalance", payer.address, hex(10**18))
    system.ledger.send(system.ledger.token.functions.mint(payer.address, 2 * UNIT))
    system.ledger.approve(payer, 2 * UNIT)
    is_intents = pay == system.pay
    payments = system.pay(2, payer=payer.address) if is_intents else system.authorize(2, payer=payer)
    worker = await mined(system, payments)
    system.ledger.ask("anvil_reorg", 1, [])
    assert system.received(payments) == [0, 0]
    elsewhere = Web3.to_checksum_address("0x" + "77" * 20)
    deploy.send(system.ledger.w3, payer, system.ledger.token.functions.transfer(elsewhere, 2 * UNIT))
    await system.settle(worker, payments)
    reason = "Insufficient balance" if is_intents else "invalid_exact_evm_insufficient_balance"
    assert system.intents(payments) == [("failed", reason)] * 2
    assert system.received(payments) == [0, 0]


async def test_the_receipt_of_another_transaction_decides_nothing(system: System, pay: Pay) -> None:
    """A node that looks a nonce up, and not a hash."""
    system.ledger.send(system.ledger.token.functions.mint("0x" + "77" * 20, 1))
    [other] = system.ledger.w3.eth.get_block("latest")["transactions"]
    receipt = system.ledger.ask("eth_getTransactionReceipt", "0x" + bytes(other).hex())  # type: ignore[arg-type]

    def lie(request: dict[str, Any], truth: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return truth() | ({"result": receipt} if request["method"] == "eth_getTransactionReceipt" else {})

    payments = pay(2)
    with liar(system.ledger.url, lie) as url:
        worker = system.worker(urls=(url,))
        for _ in range(6):
            await worker.step()
            system.ledger.mine()
    assert {state for state, _ in system.intents(payments)} == {"batched"}
    await system.settle(system.worker(), payments)
    system.assert_paid_once(payments)
