"""Payments of both kinds while faults are drawn by a seed: each is paid once, or failed with a reason, and none is lost."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from tests.chain.liar import liar
from tests.chain.system import MOST_CONFIRMATIONS, UNIT, Crash, System, crash_while_sending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from eth_account.signers.local import LocalAccount

    from tests.chain.system import Payments
    from ves_workers.chain.settlement import SettlementWorker

DEEPEST = MOST_CONFIRMATIONS - 1
MOST_AT_ONCE = 60
MOST_WORKERS = 4
CALM_STEPS = 400
RESOLVED_WITHIN = 120.0
OPEN = """
  select (select count(*) from ves_store.x402_payment_intents where status not in ('settled', 'failed'))
    + (select count(*) from ves_store.x402_exact_payments where status not in ('settled', 'failed'))
"""
POOR = {"Insufficient balance", "Insufficient allowance", "invalid_exact_evm_insufficient_balance"}


@dataclass
class Order:
    """Payments to make of one payer, who has money for `affordable` of them."""

    kind: str
    count: int
    affordable: int
    payer: LocalAccount


@dataclass
class Simulation:
    """One run; `drawn` counts the faults."""

    system: System
    dice: random.Random
    worker: SettlementWorker
    paid: list[tuple[Order, Payments]] = field(default_factory=list)
    drawn: dict[str, int] = field(default_factory=dict)

    def orders(self, payments: int) -> list[Order]:
        """Payers with their money and allowances, deep enough in the chain that no reorg takes them."""
        made, ledger = [], self.system.ledger
        while (left := payments - sum(order.count for order in made)) > 0:
            count = min(self.dice.randint(1, MOST_AT_ONCE), left)
            affordable = count - 1 if self.dice.random() < 0.25 else count
            kind = self.dice.choice(["settlement", "authorizations"])
            order = Order(kind, count, affordable, Account.create())
            ledger.ask("anvil_setBalance", order.payer.address, hex(10**18))
            ledger.send(ledger.token.functions.mint(order.payer.address, affordable * UNIT))
            if kind == "settlement":
                ledger.approve(order.payer, count * UNIT)
            made.append(order)
        ledger.mine(DEEPEST)
        return made

    def submit(self, order: Order) -> None:
        pay: Any = self.system.pay if order.kind == "settlement" else self.system.authorize
        payer = order.payer.address if order.kind == "settlement" else order.payer
        self.paid.append((order, pay(order.count, payer=payer)))

    async def disturb(self) -> None:
        """One fault."""
        fault = self.dice.choice(FAULTS)
        self.drawn[fault.__name__] = self.drawn.get(fault.__name__, 0) + 1
        await fault(self)

    async def steps(self, count: int) -> None:
        for _ in range(count):
            await self.worker.step()
            self.system.ledger.mine()

    async def succeed(self, **changes: Any) -> None:
        """Another worker takes over; the one before is not told. Those of long ago give their connections back."""
        while len(self.system.workers) > MOST_WORKERS:
            await self.system.bury(self.system.workers[0])
        self.worker = self.system.worker(confirmations=MOST_CONFIRMATIONS, **changes)

    async def calm(self) -> float:
        """Let a healthy worker finish; the seconds that it took."""
        started, ledger = time.monotonic(), self.system.ledger
        if ledger.settlement.functions.paused().call():
            ledger.send(ledger.settlement.functions.unpause())
        await self.succeed()
        for _ in range(CALM_STEPS):
            await self.steps(1)
            if self.system.superuser.execute(OPEN).fetchone() == (0,):
                return time.monotonic() - started
        raise AssertionError(f"payments stay open: {self.system.outbox()}")


async def dies_while_sending(run: Simulation) -> None:
    with crash_while_sending(after=run.dice.random() < 0.5):
        try:
            await run.steps(3)
        except Crash:
            await run.system.bury(run.worker)
            await run.succeed()


async def is_overtaken(run: Simulation) -> None:
    await run.succeed()


async def transactions_are_dropped(run: Simulation) -> None:
    run.system.ledger.automine(on=False)
    try:
        for _ in range(3):
            await run.worker.step()
        run.system.ledger.ask("anvil_dropAllTransactions")
    finally:
        run.system.ledger.automine(on=True)


async def blocks_are_replaced(run: Simulation) -> None:
    run.system.ledger.ask("anvil_reorg", run.dice.randint(1, DEEPEST), [])


async def nothing_is_mined_for_a_while(run: Simulation) -> None:
    await run.succeed(stuck_secs=0)
    run.system.ledger.automine(on=False)
    try:
        for _ in range(4):
            await run.worker.step()
    finally:
        run.system.ledger.automine(on=True)
        run.system.ledger.mine()
    await run.succeed()


async def the_nonce_is_used_by_another_program(run: Simulation) -> None:
    ledger = run.system.ledger
    ledger.ask("anvil_dropAllTransactions")
    ledger.use_nonce(ledger.settler)


async def the_contract_is_paused(run: Simulation) -> None:
    contract = run.system.ledger.settlement.functions
    if not contract.paused().call():
        run.system.ledger.send(contract.pause())
    await run.steps(2)
    if contract.paused().call():
        run.system.ledger.send(contract.unpause())


async def the_node_hangs_up_after_a_broadcast(run: Simulation) -> None:
    def deaf(request: dict[str, Any], truth: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        answer = truth()
        return None if request["method"] == "eth_sendRawTransaction" else answer

    with liar(run.system.ledger.url, deaf) as url:
        await run.succeed(urls=(url,))
        await run.steps(3)
    await run.succeed()


async def a_node_of_three_lies_about_receipts(run: Simulation) -> None:
    def lie(request: dict[str, Any], truth: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        answer = truth()
        if request["method"] == "eth_getTransactionReceipt":
            answer["result"] = answer["result"] and answer["result"] | {"status": "0x0", "logs": []}
        return answer

    upstream = run.system.ledger.url
    with liar(upstream, lie) as url, liar(upstream, lambda _, truth: truth()) as honest:
        await run.succeed(urls=(url, upstream, honest), quorum=2)
        await run.steps(3)
    await run.succeed()


FAULTS: list[Callable[[Simulation], Awaitable[None]]] = [
    dies_while_sending,
    is_overtaken,
    transactions_are_dropped,
    blocks_are_replaced,
    nothing_is_mined_for_a_while,
    the_nonce_is_used_by_another_program,
    the_contract_is_paused,
    the_node_hangs_up_after_a_broadcast,
    a_node_of_three_lies_about_receipts,
]


def assert_each_is_paid_once_or_failed(run: Simulation) -> None:
    for order, payments in run.paid:
        states = run.system.intents(payments)
        assert run.system.received(payments) == [UNIT if state == "settled" else 0 for state, _ in states]
        assert sum(state == "settled" for state, _ in states) == order.affordable
        assert {reason for state, reason in states if state == "failed"} <= POOR


@pytest.mark.parametrize(("payments", "seed"), [(300, 1), pytest.param(10_000, 2, marks=pytest.mark.soak)])
async def test_whatever_goes_wrong_each_payment_is_made_once_or_fails_with_a_reason(
    system: System, payments: int, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    run = Simulation(system, random.Random(seed), system.worker(confirmations=MOST_CONFIRMATIONS))
    orders = run.orders(payments)
    for order in orders:
        run.submit(order)
        await run.disturb()
        await run.steps(run.dice.randint(0, 4))
    while len(run.drawn) < len(FAULTS):
        await run.disturb()
    seconds = await run.calm()
    assert seconds < RESOLVED_WITHIN
    assert_each_is_paid_once_or_failed(run)
    failed = payments - sum(order.affordable for order in orders)
    with capsys.disabled():
        print(
            f"\n{payments} payments in {len(system.outbox())} transactions, {failed} failed for lack of money, 0 paid twice, 0 lost;"
            f" settled {seconds:.0f} s after the last fault; faults {dict(sorted(run.drawn.items()))}"
        )
