"""A failure is told only when it is certain: what was never sent is withdrawn, what may be paid is pending until it is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.waiting import wait_until
from tests.x402.system import PRICE, Shop
from tests.x402.test_sent_by_another import send

if TYPE_CHECKING:
    from tests.conftest import Database

STATUS = "select status from ves_store.x402_exact_payments where payee_address = lower(%s)"


def impatient(shop: Shop, seconds: int) -> dict[str, Any]:
    request = shop.payment(shop.payer())
    request["paymentRequirements"]["maxTimeoutSeconds"] = seconds
    return request


def status(settling: Database, shop: Shop) -> str | None:
    with settling.connect() as superuser:
        row = superuser.execute(STATUS, [shop.payee]).fetchone()
    return None if row is None else str(row[0])


def test_what_waits_for_no_worker_is_withdrawn_and_never_sent(shop: Shop, settling: Database) -> None:
    request = impatient(shop, 1)
    refused = shop.ask("settle", request)
    assert (refused["success"], refused["errorReason"]) == (False, "unexpected_settle_error")
    assert status(settling, shop) == "failed"
    with settling.connect("ves_worker") as worker:
        token = worker.execute("select ves.claim_lease('x402_settlement', 'test', 600)").fetchone()
        assert token is not None
        planned = worker.execute("select ves.plan_exact_batches(%s, 84532, max_wait_ms => 0)", token)
        assert planned.fetchone() == (0,)
        worker.execute("select ves.release_lease('x402_settlement', %s)", token)
    assert shop.ask("settle", request) == refused
    ends = request["paymentPayload"]["payload"]["authorization"]["validBefore"]
    assert refused["errorMessage"] == f"nothing more is sent; the authorization can be used until {ends}"


def test_what_was_never_sent_is_pending_once_its_payer_has_made_it(shop: Shop) -> None:
    """The payer has the authorization, and so has every other facilitator that was asked."""
    asked = impatient(shop, 1)
    assert shop.ask("settle", asked)["errorReason"] == "unexpected_settle_error"
    send(shop, asked)
    assert shop.ask("settle", asked)["errorReason"] == "settlement_pending"


def test_what_its_payer_made_while_it_waited_for_a_worker_is_never_told_as_failed(shop: Shop) -> None:
    asked = impatient(shop, 4)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(shop.ask, "settle", asked)
        wait_until(lambda: not shop.ask("verify", asked)["isValid"], "the payment is recorded")
        send(shop, asked)
    assert answer.result()["errorReason"] == "settlement_pending"


def test_what_may_be_paid_is_pending_and_the_same_request_answers_the_outcome(
    shop: Shop, settling: Database, request: pytest.FixtureRequest
) -> None:
    asked = impatient(shop, 4)
    with ThreadPoolExecutor(1) as pool, settling.connect("ves_worker") as worker:
        answer = pool.submit(shop.ask, "settle", asked)
        wait_until(lambda: status(settling, shop) == "recorded", "the payment is recorded")
        token = worker.execute("select ves.claim_lease('x402_settlement', 'test', 600)").fetchone()
        assert token is not None
        worker.execute("select ves.plan_exact_batches(%s, 84532, max_wait_ms => 0)", token)
        worker.execute("select ves.release_lease('x402_settlement', %s)", token)
        pending = answer.result()
    assert (pending["success"], pending["errorReason"]) == (False, "settlement_pending")
    request.getfixturevalue("worker")
    asked["paymentRequirements"]["maxTimeoutSeconds"] = 60
    done = shop.ask("settle", asked)
    assert done["success"] is True
    assert shop.ledger.balance(shop.payee) == PRICE
