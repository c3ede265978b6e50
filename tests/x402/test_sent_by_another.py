"""An authorization is public once it is sent: whoever sees it may send it first, and the payee has the money then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting import wait_until
from tests.x402.conftest import LOG_BLOCKS
from tests.x402.system import PRICE, Shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database
    from tests.support.processes import Worker

STATUS = "select status from ves_store.x402_exact_payments where payee_address = lower(%s)"


def batched(shop: Shop, settling: Database, request: dict[str, Any]) -> dict[str, Any]:
    """Put a payment into a batch that no worker sends yet; the answer of its caller."""
    with (
        ThreadPoolExecutor(1) as pool,
        settling.connect() as superuser,
        settling.connect("ves_worker") as worker,
    ):
        answer = pool.submit(shop.ask, "settle", request)
        wait_until(lambda: superuser.execute(STATUS, [shop.payee]).fetchone() is not None)
        token = worker.execute("select ves.claim_lease('x402_settlement', 'test', 600)").fetchone()
        assert token is not None
        worker.execute("select ves.plan_exact_batches(%s, 84532, max_wait_ms => 0)", token)
        worker.execute("select ves.release_lease('x402_settlement', %s)", token)
        return answer.result()


def send(shop: Shop, request: dict[str, Any]) -> str:
    """Send the authorization as anybody could; the hash of the transaction."""
    payload = request["paymentPayload"]["payload"]
    given = payload["authorization"]
    shop.ledger.send(
        shop.ledger.token.functions.transferWithAuthorization(
            given["from"],
            given["to"],
            int(given["value"]),
            int(given["validAfter"]),
            int(given["validBefore"]),
            bytes.fromhex(given["nonce"][2:]),
            bytes.fromhex(payload["signature"][2:]),
        )
    )
    [tx_hash] = shop.ledger.w3.eth.get_block("latest")["transactions"]
    return "0x" + bytes(tx_hash).hex()  # type: ignore[arg-type]


def mine_until(shop: Shop, is_known: Callable[[], bool]) -> None:
    """Let blocks become final until an outcome is known."""

    def is_known_with_another_block() -> bool:
        shop.ledger.mine()
        return is_known()

    wait_until(is_known_with_another_block, "the outcome is known")


def test_a_payment_that_somebody_else_sent_is_told_as_made_by_that_transaction(
    shop: Shop, settling: Database, request: pytest.FixtureRequest
) -> None:
    """The same nonce used for another payee is a failure: this payee has nothing."""
    honest = shop.payment(shop.payer())
    honest["paymentRequirements"]["maxTimeoutSeconds"] = 3
    assert batched(shop, settling, honest)["errorReason"] == "settlement_pending"
    tx_hash = send(shop, honest)

    other = Shop(shop.ledger, shop.client, "0x" + "7" * 40)
    payer = other.payer(2 * PRICE)
    cheated = other.payment(payer)
    cheated["paymentRequirements"]["maxTimeoutSeconds"] = 3
    assert batched(other, settling, cheated)["errorReason"] == "settlement_pending"
    nonce = bytes.fromhex(cheated["paymentPayload"]["payload"]["authorization"]["nonce"][2:])
    send(other, other.payment(payer, nonce=nonce, payee="0x" + "8" * 40))

    request.getfixturevalue("worker")
    for asked in (honest, cheated):
        asked["paymentRequirements"]["maxTimeoutSeconds"] = 60
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(shop.ask, "settle", asked) for asked in (honest, cheated)]
        mine_until(shop, lambda: all(answer.done() for answer in answers))
    made, failed = [answer.result() for answer in answers]
    assert (made["success"], made["transaction"]) == (True, tx_hash)
    assert shop.ledger.balance(shop.payee) == PRICE
    assert (failed["success"], failed["errorReason"]) == (False, "invalid_exact_evm_nonce_already_used")
    assert shop.ledger.balance(other.payee) == 0


def test_a_payment_told_as_failed_that_somebody_makes_later_is_pending_and_then_made(
    shop: Shop, worker: Worker
) -> None:
    """Its payer had money for one of two; until it ends, whoever saw it in our transaction can still send it.

    The transaction is further back than the worker looks in one step.
    """
    assert worker.is_running()
    payer = shop.payer(PRICE)
    requests = [shop.payment(payer), shop.payment(payer)]
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(shop.ask, "settle", asked) for asked in requests]
        mine_until(shop, lambda: all(answer.done() for answer in answers))
    [(failed, told)] = [
        (asked, answer.result())
        for asked, answer in zip(requests, answers, strict=True)
        if not answer.result()["success"]
    ]
    assert told["errorReason"] == "invalid_exact_evm_insufficient_balance"
    ends = failed["paymentPayload"]["payload"]["authorization"]["validBefore"]
    assert told["errorMessage"] == f"nothing more is sent; the authorization can be used until {ends}"
    assert shop.ask("settle", failed) == told

    shop.ledger.send(shop.ledger.token.functions.mint(payer.address, PRICE))
    tx_hash = send(shop, failed)
    shop.ledger.mine(60 * LOG_BLOCKS)
    assert shop.ask("settle", failed)["errorReason"] == "settlement_pending"
    mine_until(shop, lambda: shop.ask("settle", failed)["success"])
    assert shop.ask("settle", failed)["transaction"] == tx_hash
    assert shop.ledger.balance(shop.payee) == 2 * PRICE
