"""The clock of the chain is ten minutes behind that of the database, or before it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from eth_account import Account

from tests.chain.system import CHAIN_ID, UNIT, Ledger
from tests.chain.test_late_uses import look_again, stored
from tests.chain.using import use
from tests.support.anvil import KEY, anvil

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.chain.system import Pay, System

SKEW = 600


@pytest.fixture(scope="module", params=[-SKEW, SKEW], ids=["behind", "ahead"])
def skew(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory, skew: int) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("chain")
    with anvil(folder, CHAIN_ID, "--timestamp", str(int(time.time()) + skew)) as url:
        yield Ledger(url, Account.from_key(KEY), folder)


async def test_payments_are_made_once(system: System, pay: Pay) -> None:
    payments = pay(2)
    await system.settle(system.worker(), payments)
    system.assert_paid_once(payments)


async def test_an_authorization_that_is_over_by_one_clock_alone_is_told_as_the_chain_has_it(
    system: System, skew: int
) -> None:
    """Behind: it is over for the database, so nothing is sent, and its payer can still use it; ahead: the contract refuses it."""
    payer, worker = Account.create(), system.worker()
    system.ledger.send(system.ledger.token.functions.mint(payer.address, UNIT))
    payments = system.authorize(1, payer=payer, lasts=-60 if skew < 0 else 300)
    await system.settle(worker, payments)
    over = ("failed", "invalid_exact_evm_payload_authorization_valid_before")
    assert (system.intents(payments), system.received(payments)) == ([over], [0])
    assert (system.outbox() == []) is (skew < 0)
    if skew < 0:
        tx_hash = use(system, payments, payer, None)
        await look_again(system, payments, worker)
        assert system.intents(payments) == [("failed", over[1])], "the chain has not come to its end"
        system.ledger.ask("evm_increaseTime", SKEW)
        await look_again(system, payments, worker)
        assert system.intents(payments) == [("settled", None)]
        assert stored(system, payments, "tx_hash") == tx_hash
        assert system.received(payments) == [UNIT]


async def test_a_payment_that_cannot_be_read_is_looked_at_again_within_a_minute(system: System) -> None:
    """By the clock that is behind: else it would wait until the database has come to the chain's time."""
    payer = Account.create()
    payments, worker = system.authorize(1, payer=payer), system.worker()
    await system.settle(worker, payments)
    code = "0x" + bytes(system.ledger.w3.eth.get_code(system.ledger.token.address)).hex()
    system.ledger.ask("anvil_setCode", system.ledger.token.address, "0x")
    try:
        await look_again(system, payments, worker)
    finally:
        system.ledger.ask("anvil_setCode", system.ledger.token.address, code)
    assert stored(system, payments, "recheck_at < now() + '1 minute'::interval")
