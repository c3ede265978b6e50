"""An authorization that was sent can be used by anybody until it ends: what its caller was told follows what the chain shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from web3 import Web3

from tests.chain.liar import liar
from tests.chain.system import CHAIN_ID, UNIT
from tests.chain.using import TOGETHER, send_together, use, using
from tests.sql.support import scalar
from ves_contracts import deploy
from ves_edge import metrics
from ves_workers.chain import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from eth_account.signers.local import LocalAccount

    from tests.chain.system import Payments, System
    from ves_workers.chain.settlement import SettlementWorker

STORED = "select {} from ves_store.x402_exact_payments where payment_id = any(%s)"
DUE = "update ves_store.x402_exact_payments set recheck_at = now() - '1 minute'::interval where payment_id = any(%s)"
POOR = "invalid_exact_evm_insufficient_balance"


def stored(system: System, payments: Payments, column: str) -> object:
    return scalar(system.superuser, STORED.format(column), [payments.ids])


def each(payments: Payments) -> list[Payments]:
    return [
        replace(payments, payees=[p], ids=[i]) for p, i in zip(payments.payees, payments.ids, strict=True)
    ]


async def told_as_failed(
    system: System, payer: LocalAccount, lasts: int
) -> tuple[Payments, SettlementWorker]:
    """A payment whose payer has no money in the block of its transaction."""
    payments, worker = system.authorize(1, payer=payer, lasts=lasts), system.worker()
    await system.settle(worker, payments)
    assert system.intents(payments) == [("failed", POOR)]
    return payments, worker


async def look_again(system: System, payments: Payments, worker: SettlementWorker) -> None:
    """The time has come, and the newest use is final."""
    system.ledger.make_final(system.ledger.account)
    system.superuser.execute(DUE, [payments.ids])
    system.ledger.mine(system.settings.confirmations)
    await worker.step()


@pytest.mark.parametrize("pays", [True, False], ids=["the payee", "somebody else"])
async def test_a_payment_told_as_failed_whose_authorization_is_used_later_is_told_by_its_logs(
    system: System, *, pays: bool
) -> None:
    payer = Account.create()
    payments, worker = await told_as_failed(system, payer, 80_000)
    assert stored(system, payments, "recheck_at > now() + '1 hour'")
    await look_again(system, payments, worker)
    assert stored(system, payments, "recheck_at > now() + '1 hour'"), (
        "nobody has used it, and somebody still can"
    )
    system.ledger.send(system.ledger.token.functions.mint(payer.address, UNIT))
    tx_hash = use(system, payments, payer, None if pays else Account.create().address)
    await look_again(system, payments, worker)
    assert system.intents(payments) == [("settled", None) if pays else ("failed", POOR)]
    assert stored(system, payments, "recheck_at is null")
    assert (stored(system, payments, "tx_hash") == tx_hash) is pays
    assert system.received(payments) == [UNIT if pays else 0]


async def test_a_failed_payment_is_looked_at_no_more_once_a_final_block_is_past_its_end(
    system: System,
) -> None:
    payments, worker = await told_as_failed(system, Account.create(), 60)
    ends = int(str(stored(system, payments, "valid_before")))
    system.ledger.ask("evm_setNextBlockTimestamp", hex(ends + 1))
    await look_again(system, payments, worker)
    assert system.intents(payments) == [("failed", POOR)]
    assert stored(system, payments, "recheck_at is null")


async def test_a_payment_that_expired_in_our_transaction_after_somebody_made_it_is_told_as_made(
    system: System,
) -> None:
    """The contract says that it has expired, not that its nonce was used."""
    payer = Account.create()
    system.ledger.send(system.ledger.token.functions.mint(payer.address, UNIT))
    payments, worker = system.authorize(1, payer=payer, lasts=120), system.worker()
    tx_hash = use(system, payments, payer, None)
    ends = int(str(stored(system, payments, "valid_before")))
    system.ledger.ask("evm_setNextBlockTimestamp", hex(ends + 1))
    await system.settle(worker, payments)
    assert system.intents(payments) == [("settled", None)]
    assert stored(system, payments, "tx_hash") == tx_hash
    assert system.received(payments) == [UNIT]


async def test_a_token_that_does_not_answer_is_asked_once_a_minute_and_its_payments_are_told_when_it_does(
    system: System,
) -> None:
    payer, asked, is_deaf = Account.create(), Counter[str](), True
    payments, worker = system.authorize(5, payer=payer), system.worker()
    await system.settle(worker, payments)
    system.ledger.send(system.ledger.token.functions.mint(payer.address, 5 * UNIT))
    hashes = [use(system, payment, payer, None) for payment in each(payments)]

    def deaf(request: dict[str, Any], truth: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        if request["method"] != "eth_call":
            return truth()
        asked["token"] += 1
        return {"jsonrpc": "2.0", "id": request["id"], "result": "0x"} if is_deaf else truth()

    with liar(system.ledger.url, deaf) as url:
        worker = system.worker(urls=(url,))
        for _ in range(5):
            await look_again(system, payments, worker)
        assert asked["token"] == 3
        assert system.intents(payments) == [("failed", POOR)] * 5
        [token] = worker._tokens.silent()
        assert token == system.ledger.token.address.lower()
        assert {circuit.name: circuit.state for circuit in metrics.circuits()}[f"token_{token}"] == "open"
        is_deaf = False
        worker._tokens._breaker(token).half_open()  # the minute is over
        await look_again(system, payments, worker)
        assert worker._tokens.silent() == []
        assert {circuit.name: circuit.state for circuit in metrics.circuits()}[f"token_{token}"] == "closed"
    assert system.intents(payments) == [("settled", None)] * 5
    assert [stored(system, payment, "tx_hash") for payment in each(payments)] == hashes
    assert tokens._OPEN_SECS <= 60, "an outcome is known within two minutes of an answer"


async def test_what_cannot_be_read_is_due_again_after_the_others_of_its_tenant(system: System) -> None:
    payments, _ = await told_as_failed(system, Account.create(), 80_000)

    def deaf(request: dict[str, Any], truth: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
        return None if request["method"] == "eth_call" else truth()

    with liar(system.ledger.url, deaf) as url:
        await look_again(system, payments, system.worker(urls=(url,)))
    assert system.intents(payments) == [("failed", POOR)]
    assert stored(
        system, payments, "recheck_at between now() - '45 s'::interval and now() + '1 hour'::interval"
    )


@pytest.mark.parametrize("how", ["withdrawn", "expired"])
async def test_a_payment_that_was_never_sent_and_that_its_payer_made_is_told_as_made(
    system: System, how: str
) -> None:
    """The payer has the authorization, and so has whoever was asked to verify it."""
    payer, worker = Account.create(), system.worker()
    system.ledger.send(system.ledger.token.functions.mint(payer.address, UNIT))
    payments = system.authorize(1, payer=payer)
    tx_hash = use(system, payments, payer, None)
    if how == "withdrawn":
        assert scalar(system.superuser, "select ves.withdraw_exact_payment(%s)", payments.ids) is True
    else:
        with system.superuser.transaction():
            system.superuser.execute("set local session_replication_role = replica")
            past = "update ves_store.x402_exact_payments set valid_before = 1 where payment_id = any(%s)"
            system.superuser.execute(past, [payments.ids])
        await worker.step()
    await look_again(system, payments, worker)
    assert system.intents(payments) == [("settled", None)]
    assert stored(system, payments, "tx_hash") == tx_hash
    assert stored(system, payments, "batch_id is null and recheck_at is null")
    assert system.received(payments) == [UNIT]
    assert system.outbox() == []


async def test_what_many_authorizations_were_used_for_is_searched_for_together(system: System) -> None:
    """Else whoever cancels those of a whole batch holds up the worker, or makes the receipt of his use too large to read."""
    payer, asked, receipts = Account.create(), Counter[str](), set[str]()
    system.ledger.send(system.ledger.token.functions.mint(payer.address, 4 * UNIT))
    payments = system.authorize(4, payer=payer)
    for payment, pays in zip(each(payments)[:3], (True, False, True), strict=True):
        use(system, payment, payer, None if pays else Account.create().address)

    def count(request: dict[str, Any], truth: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        if "fromBlock" in str(request["params"]):
            asked[request["method"]] += 1
        if request["method"] == "eth_getTransactionReceipt":
            receipts.update(request["params"])
        return truth()

    with liar(system.ledger.url, count) as url:
        await system.settle(system.worker(urls=(url,)), payments)
    used = ("failed", "invalid_exact_evm_nonce_already_used")
    assert system.intents(payments) == [("settled", None), used, ("settled", None), ("settled", None)]
    assert system.received(payments) == [UNIT, 0, UNIT, UNIT]
    assert asked == {"eth_getLogs": 1}
    assert receipts == {
        scalar(system.superuser, "select '0x' || encode(tx_hash, 'hex') from ves_store.chain_transactions")
    }, "ours alone"


async def test_a_transfer_just_before_the_use_of_an_authorization_is_not_its_payment(system: System) -> None:
    """The payer pays this payee the same sum for something else, and the authorization pays the payer."""
    payer, functions = Account.create(), system.ledger.token.functions
    payments, worker = await told_as_failed(system, payer, 80_000)
    system.ledger.send(functions.mint(payer.address, 2 * UNIT))
    system.ledger.ask("anvil_setBalance", payer.address, hex(10**18))
    deploy.send(system.ledger.w3, payer, functions.approve(TOGETHER, UNIT))
    payee = Web3.to_checksum_address(payments.payees[0])
    send_together(
        system.ledger,
        functions.transferFrom(payer.address, payee, UNIT),
        using(system, payments, payer, Account.create().address),
    )
    assert system.received(payments) == [UNIT]
    await look_again(system, payments, worker)
    assert system.intents(payments) == [("failed", POOR)]
    assert stored(system, payments, "recheck_at is null"), "the authorization is used"


def test_what_was_sent_before_neither_expires_by_the_clock_nor_is_withdrawn(system: System) -> None:
    """Its time is over and its batch reverted: whether somebody has made it is for the chain to say."""
    payments = system.authorize(1, lasts=-5)
    system.superuser.execute(
        "with made as (insert into ves_store.x402_exact_batches (chain_id, settlement_contract, token_address, status,"
        "   payment_count, merkle_root, created_at, updated_at)"
        " select chain_id, settlement_contract, token_address, 'prepared', 1, nonce, now(), now()"
        " from ves_store.x402_exact_payments where payment_id = any(%(ids)s) returning batch_id)"
        " update ves_store.x402_exact_payments as p set status = 'batched', batch_id = made.batch_id from made"
        " where p.payment_id = any(%(ids)s)",
        {"ids": payments.ids},
    )
    system.superuser.execute(
        "select ves_int.move_exact_batch(batch_id, 'failed', null, 'reverted') from ves_store.x402_exact_payments"
        " where payment_id = any(%s)",
        [payments.ids],
    )
    assert system.intents(payments) == [("recorded", None)]
    with system.database.connect("ves_api") as api, system.database.connect("ves_worker") as worker:
        assert scalar(api, "select ves.withdraw_exact_payment(%s)", payments.ids) is False
        token = scalar(worker, "select ves.claim_lease('x402_settlement', 'test', 600)")
        assert scalar(worker, "select ves.plan_exact_batches(%s, %s)", [token, CHAIN_ID]) == 1
        worker.execute("select ves.release_lease('x402_settlement', %s)", [token])
    assert system.intents(payments) == [("batched", None)]
