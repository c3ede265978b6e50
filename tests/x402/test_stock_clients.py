"""Stock client and stock resource server of PyPI, as processes of their own, against our facilitator."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from x402.extensions.bazaar import ListDiscoveryResourcesParams, with_bazaar
from x402.http import FacilitatorConfig, HTTPFacilitatorClientSync

from tests.support.processes import BOOTSTRAP_KEY, Server, Worker, free_port
from tests.x402.stock import buy, selling
from tests.x402.system import NETWORK, OPERATOR, PRICE, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

SCRIPT = Path(__file__).with_name("stock_server.py")


@pytest.fixture
def resource(shop: Shop, facilitator: Server, worker: Worker, tmp_path: Path) -> Iterator[str]:
    """The URL of a paid resource, served by the stock middleware."""
    assert worker.is_running()
    port = free_port()
    given = [f"{facilitator.url}/x402", BOOTSTRAP_KEY, shop.ledger.token.address, shop.payee, NETWORK]
    command = [sys.executable, str(SCRIPT), str(port), *given]
    with selling(command, f"http://127.0.0.1:{port}/weather", tmp_path) as url:
        yield url


async def test_a_stock_client_pays_a_stock_server_through_us(resource: str, shop: Shop) -> None:
    payer = shop.payer()
    answer = await buy(resource, payer)
    assert (answer.status_code, answer.json()) == (200, {"weather": "fine"})
    assert answer.headers["payment-response"]
    assert shop.ledger.balance(shop.payee) == PRICE
    assert shop.ledger.balance(payer.address) == 0


async def test_a_stock_client_without_money_gets_nothing(resource: str, shop: Shop) -> None:
    answer = await buy(resource, shop.payer(PRICE - 1))
    assert answer.status_code == 402
    assert shop.ledger.balance(shop.payee) == 0


@pytest.mark.parametrize("clients", [20, pytest.param(200, marks=pytest.mark.soak)])
async def test_stock_clients_that_pay_at_once_are_all_served(resource: str, shop: Shop, clients: int) -> None:
    payers = [shop.payer() for _ in range(clients)]
    answers = await asyncio.gather(*(buy(resource, payer) for payer in payers))
    assert [answer.status_code for answer in answers] == [200] * clients
    assert shop.ledger.balance(shop.payee) == clients * PRICE


async def test_a_stock_client_lists_what_a_stock_client_paid(
    resource: str, shop: Shop, settling: Database, facilitator: Server
) -> None:
    with settling.connect("ves_admin") as admin:
        admin.execute(
            "select ves.set_paid_origin(%s, %s, true)", [OPERATOR, resource.removesuffix("/weather")]
        )
    assert (await buy(resource, shop.payer())).status_code == 200
    client = with_bazaar(HTTPFacilitatorClientSync(FacilitatorConfig(url=f"{facilitator.url}/x402")))
    asked = ListDiscoveryResourcesParams(
        type="http",
        pay_to=shop.payee,
        scheme="exact",
        network=NETWORK,
        extensions="bazaar",
        limit=10,
        offset=0,
    )
    told = await asyncio.to_thread(client.extensions.bazaar.list_resources, asked)
    assert (told.pagination.limit, told.pagination.offset, told.pagination.total) == (10, 0, 1)
    [item] = told.items
    assert (item.resource, item.type, item.x402_version, item.description) == (resource, "http", 2, "Weather")
    assert [(terms["amount"], terms["payTo"]) for terms in item.accepts or []] == [(str(PRICE), shop.payee)]
    assert set(item.extensions or {}) == {"bazaar"}
    assert (item.extensions or {})["bazaar"]["info"]["output"]["example"] == {"weather": "fine"}
