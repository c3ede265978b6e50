"""The largest amounts arrive whole, and a token that counts otherwise than its asset is never used (x402 T11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from tests.chain.system import NETWORK, UNIT
from ves_contracts import deploy

if TYPE_CHECKING:
    from tests.chain.system import System

MOST = 2**63 - 1


def use(system: System, asset: str, token: Any) -> None:
    with system.database.connect("ves_admin") as admin:
        admin.execute("select ves.set_payment_token(%s, %s, %s)", [NETWORK, asset, token.address])


def payer_of(system: System, token: Any, money: int) -> str:
    """A new account with money of this token, all of it approved."""
    made, ledger = Account.create(), system.ledger
    ledger.ask("anvil_setBalance", made.address, hex(10**18))
    ledger.send(token.functions.mint(made.address, money))
    deploy.send(ledger.w3, made, token.functions.approve(ledger.settlement.address, money))
    return str(made.address)


@pytest.mark.parametrize(("asset", "decimals"), [("dai", 18), ("ssusd", 6)])
async def test_the_largest_amount_arrives_to_the_last_unit(system: System, asset: str, decimals: int) -> None:
    token = system.ledger.other_token(decimals)
    use(system, asset, token)
    payer = payer_of(system, token, 2 * MOST)
    payments = system.pay(2, payer=payer, asset=asset, amount=MOST)
    await system.settle(system.worker(), payments)
    assert system.intents(payments) == [("settled", None)] * 2
    assert [token.functions.balanceOf(payee).call() for payee in payments.payees] == [MOST, MOST]
    assert token.functions.balanceOf(payer).call() == 0


@pytest.mark.parametrize(("asset", "decimals"), [("usdc", 18), ("dai", 6), ("usdt", 0)])
async def test_payments_in_a_token_with_other_decimals_than_its_asset_fail_and_nothing_is_sent(
    system: System, asset: str, decimals: int
) -> None:
    token = system.ledger.other_token(decimals)
    use(system, asset, token)
    payer = payer_of(system, token, UNIT)
    payments = system.pay(1, payer=payer, asset=asset)
    worker = system.worker()
    await system.settle(worker, payments)
    assert system.outbox() == []
    assert system.intents(payments) == [("failed", "Token has other decimals")]
    assert token.functions.balanceOf(payer).call() == UNIT


async def test_a_token_that_is_not_there_holds_up_no_payment_in_another(system: System) -> None:
    token, other = system.ledger.other_token(6), system.ledger.other_token(6)
    use(system, "usdt", token)
    use(system, "ssusd", other)
    lost = system.pay(1, payer=payer_of(system, token, UNIT), asset="usdt")
    system.ledger.ask("anvil_setCode", token.address, "0x")
    paid = system.pay(1, payer=payer_of(system, other, UNIT), asset="ssusd")
    await system.settle(system.worker(), paid)
    assert (system.intents(lost), system.intents(paid)) == ([("batched", None)], [("settled", None)])


async def test_two_assets_in_one_token_are_judged_each_by_its_own_decimals(system: System) -> None:
    token = system.ledger.other_token(6)
    use(system, "usdt", token)
    use(system, "dai", token)
    payer = payer_of(system, token, 2 * UNIT)
    payments = system.pay(2, payer=payer, assets=["usdt", "dai"])
    await system.settle(system.worker(), payments)
    assert system.intents(payments) == [("settled", None), ("failed", "Token has other decimals")]
    assert [token.functions.balanceOf(payee).call() for payee in payments.payees] == [UNIT, 0]
    assert system.batch(payments) == "settled"
