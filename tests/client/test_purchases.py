"""An agent that pays for a 402 resource: within its budget, and once, whatever is repeated, lost or killed."""

from __future__ import annotations

import base64
import json
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from tests.cli.offline import AGENT, STORE, TENANT
from tests.client import buyer
from tests.client.paid_double import ASSET, NETWORK, PAYEE, PRICE, Seller, selling
from ves_client import ClientError, Exit, Outbox
from ves_client.purchases import Budget, Payer, load_account

BUDGET = Budget(NETWORK, ASSET, PRICE, 3 * PRICE)
ACCOUNT = Account.from_key(bytes(range(1, 33)))


@pytest.fixture
def seller() -> Iterator[Seller]:
    with selling(Seller()) as made:
        yield made


@pytest.fixture
def payer(outbox: Outbox) -> Iterator[Payer]:
    with Payer(outbox, ACCOUNT, BUDGET) as made:
        yield made


def refused(code: str, buy: Callable[[], object], status: Exit = Exit.REFUSED) -> ClientError:
    with pytest.raises(ClientError) as found:
        buy()
    assert (found.value.code, found.value.status) == (code, status)
    return found.value


def test_a_resource_is_paid_for_and_what_is_free_is_not(seller: Seller, payer: Payer) -> None:
    assert payer.buy(seller.url.replace("weather", "free"), purchase_id="0").content == b"rain"
    assert payer.find("0") is None
    assert payer.buy(seller.url, purchase_id="1").content == b"rain"
    made = payer.find("1")
    assert made is not None
    assert (made.state, made.amount, made.payee.lower(), made.payment) == ("paid", PRICE, PAYEE, "e30=")
    assert len(seller.nonces) == 1


@pytest.mark.parametrize("fault", ["lose", "lose answer"])
def test_a_repeat_after_a_lost_answer_sends_the_same_payment(
    seller: Seller, payer: Payer, fault: str
) -> None:
    seller.fault = lambda _: fault
    refused("unreachable", lambda: payer.buy(seller.url, purchase_id="1"), Exit.UNREACHABLE)
    before = payer.find("1")
    assert before is not None
    assert before.state == "sent"
    seller.fault = lambda _: None
    assert payer.buy(seller.url, purchase_id="1").content == b"rain"
    assert payer.buy(seller.url, purchase_id="1").content == b"rain"
    assert len(seller.nonces) == 1


def test_a_payment_that_is_not_accepted_is_not_replaced_while_it_is_valid(
    seller: Seller, payer: Payer, monkeypatch: Any
) -> None:
    seller.fault = lambda _: "refuse"
    refused("payment_not_accepted", lambda: payer.buy(seller.url, purchase_id="1"))
    refused("usage", lambda: payer.release("1"), Exit.USAGE)
    made = payer.find("1")
    assert made is not None
    monkeypatch.setattr("ves_client.purchases.time.time", lambda: made.valid_before + 1.0)
    payer.release("1")
    monkeypatch.undo()
    seller.fault = lambda _: None
    payer.buy(seller.url, purchase_id="1")
    payer.buy(seller.url, purchase_id="2")
    assert len(seller.nonces) == 2
    refused("over_budget", lambda: payer.buy(seller.url, purchase_id="3"))


@pytest.mark.parametrize(
    "offer",
    [
        {"amount": str(PRICE + 1)},
        {"asset": "0x" + "c7" * 20},
        {"network": "eip155:1"},
        {"amount": str(10**40)},
    ],
    ids=["a higher price", "another asset", "another network", "more than 2^128"],
)
def test_an_offer_beyond_the_budget_is_not_signed(
    seller: Seller, payer: Payer, offer: dict[str, str]
) -> None:
    seller.offer = offer
    refused("over_budget", lambda: payer.buy(seller.url, purchase_id="1"))
    assert (payer.find("1"), seller.requests) == (None, 1)


@pytest.mark.parametrize(
    "offer",
    [
        {"amount": "-1"},
        {"amount": "1.5"},
        {"payTo": "nobody"},
        {"extra": {}},
        {"extra": {"assetTransferMethod": "permit2"}},
        {"maxTimeoutSeconds": -1},
        {"maxTimeoutSeconds": 100_000},
        {"maxTimeoutSeconds": 2**63},
        {"maxTimeoutSeconds": 2**256},
    ],
    ids=str,
)
def test_an_offer_that_cannot_be_paid_by_a_transfer_is_refused(
    seller: Seller, payer: Payer, offer: dict[str, Any]
) -> None:
    seller.offer = offer
    with pytest.raises(ClientError) as found:
        payer.buy(seller.url, purchase_id="1")
    assert found.value.code in {"over_budget", "no_acceptable_offer"}
    assert (payer.find("1"), seller.requests) == (None, 1)


@pytest.mark.parametrize("place", ["body", "header"])
def test_an_offer_that_is_nested_deeply_does_not_end_the_agents_process(
    seller: Seller, payer: Payer, place: str
) -> None:
    """In a process of its own, which a stack overflow would kill: importing eth_account raises the recursion limit."""
    levels = 35_000 if place == "header" else 200_000
    deep = b'{"a":' * levels if place == "body" else b"[" * levels + b"]" * levels
    seller.resource = deep
    seller.header = base64.b64encode(deep).decode() if place == "header" else None

    def buy() -> None:
        refused("no_acceptable_offer", lambda: payer.buy(seller.url, purchase_id="1"))

    buying = multiprocessing.get_context("fork").Process(target=buy)
    buying.start()
    buying.join()
    assert buying.exitcode == 0


def test_the_total_holds_for_buyers_at_once_and_one_purchase_is_paid_once(
    seller: Seller, outbox: Outbox, tmp_path: Path
) -> None:
    def buy(n: int) -> str:
        with (
            Outbox(tmp_path / "shop.db", AGENT, TENANT, STORE) as own,
            Payer(own, ACCOUNT, BUDGET) as payer,
        ):
            try:
                return str(payer.buy(seller.url, purchase_id=str(n % 5)).status_code)
            except ClientError as error:
                return error.code

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(buy, range(20)))
    assert set(told) == {"200", "over_budget"}
    assert len(seller.nonces) == 3


def test_a_purchase_is_of_one_resource(seller: Seller, payer: Payer) -> None:
    payer.buy(seller.url, purchase_id="1")
    refused("usage", lambda: payer.buy(seller.url + "?other", purchase_id="1"), Exit.USAGE)


def test_a_body_is_stored_with_its_payment_and_sent_again_as_it_was(seller: Seller, payer: Payer) -> None:
    order = {"method": "POST", "body": b'{"city": "Oslo"}', "content_type": "application/json"}
    seller.fault = lambda _: "lose answer"
    refused("unreachable", lambda: payer.buy(seller.url, purchase_id="1", **order), Exit.UNREACHABLE)
    seller.fault = lambda _: None
    made = payer.find("1")
    assert made is not None
    for other in ({}, {**order, "body": b"{}"}, {**order, "method": "PUT"}, {**order, "content_type": None}):
        refused("usage", lambda: payer.buy(seller.url, purchase_id="1", **other), Exit.USAGE)  # noqa: B023
    again = {"method": made.method, "body": made.body, "content_type": made.content_type}
    assert payer.buy(made.url, purchase_id="1", **again).content == b"rain"
    assert seller.sent == [("POST", "application/json", b'{"city": "Oslo"}')] * 3
    assert len(seller.nonces) == 1


def test_a_released_purchase_leaves_no_request_behind(seller: Seller, payer: Payer, monkeypatch: Any) -> None:
    seller.fault = lambda _: "refuse"
    refused("payment_not_accepted", lambda: payer.buy(seller.url, purchase_id="1", method="POST", body=b"x"))
    monkeypatch.setattr("ves_client.purchases.time.time", lambda: 2.0**40)
    payer.release("1")
    monkeypatch.undo()
    seller.fault = lambda _: None
    assert payer.buy(seller.url, purchase_id="1").content == b"rain"
    made = payer.find("1")
    assert made is not None
    assert (made.method, made.body) == ("GET", None)


def test_a_method_without_a_meaning_for_resources_is_refused(seller: Seller, payer: Payer) -> None:
    refused("usage", lambda: payer.buy(seller.url, purchase_id="1", method="CONNECT"), Exit.USAGE)
    assert seller.requests == 0


def test_a_resource_beyond_the_limit_is_not_read_and_a_greater_limit_pays_nothing_more(
    seller: Seller, outbox: Outbox
) -> None:
    seller.resource = b"x" * 100_000
    with Payer(outbox, ACCOUNT, BUDGET, limit=99_999) as payer:
        free = seller.url.replace("weather", "free")
        error = refused("answer_too_large", lambda: payer.buy(free, purchase_id="0"))
        assert error.details == {"limit": 99_999}
        refused("answer_too_large", lambda: payer.buy(seller.url, purchase_id="1"))
        assert payer.find("1") is None, "an offer that is too long is not signed"
        seller.resource = b""
        payer.buy(seller.url, purchase_id="1")
        seller.resource = b"x" * 100_000
        refused("answer_too_large", lambda: payer.buy(seller.url, purchase_id="1"))
    with Payer(outbox, ACCOUNT, BUDGET, limit=100_000) as payer:
        assert payer.buy(seller.url, purchase_id="1").content == seller.resource
    assert len(seller.nonces) == 1


def test_an_account_is_read_from_a_key_or_a_keystore_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "account"
    path.write_text(ACCOUNT.key.hex())
    assert load_account(path).address == ACCOUNT.address
    path.write_text(json.dumps(Account.encrypt(ACCOUNT.key, "pass", kdf="pbkdf2", iterations=2)))
    assert load_account(path, b"pass").address == ACCOUNT.address
    refused("usage", lambda: load_account(path, b"wrong"), Exit.USAGE)
    path.write_text("no key")
    refused("usage", lambda: load_account(path), Exit.USAGE)


@pytest.mark.parametrize("fault", [None, "lose answer"])
def test_a_kill_before_any_statement_never_pays_twice(
    seller: Seller, tmp_path: Path, fault: str | None
) -> None:
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.client.buyer"])
    statement, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        statement += 1
        assert statement < 100
        folder = tmp_path / str(statement)
        folder.mkdir()
        seller.nonces.clear()
        seller.fault = lambda _: fault
        process = processes.Process(target=buyer.buy, args=(folder, seller.url, statement))
        process.start()
        process.join(60)
        code = process.exitcode
        seller.fault = lambda _: None
        with (
            Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox,
            Payer(outbox, ACCOUNT, BUDGET) as payer,
        ):
            assert payer.buy(seller.url, purchase_id="1").status_code == 200
        assert len(seller.nonces) == 1
    assert statement > 25, "the kills reached every phase"
