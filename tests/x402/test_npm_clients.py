"""Stock clients and the stock resource server of npm, as processes of their own, against our facilitator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.processes import BOOTSTRAP_KEY, Server, Worker, free_port
from tests.x402.stock import NPM, buy_by_npm, node, selling
from tests.x402.system import PRICE, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["1", "2"], ids=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> str:
    """The version of the standard."""
    return str(request.param)


@pytest.fixture
def resource(shop: Shop, facilitator: Server, worker: Worker, version: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a paid resource, served by the stock middleware for Express."""
    assert worker.is_running()
    port = str(free_port())
    given = [f"{facilitator.url}/x402", BOOTSTRAP_KEY, shop.ledger.token.address, shop.payee]
    command = [node(), str(NPM / "server.mjs"), version, port, *given]
    with selling(command, f"http://127.0.0.1:{port}/weather", tmp_path) as url:
        yield url


@pytest.mark.parametrize("library", ["fetch", "axios"])
def test_a_stock_client_pays_a_stock_server_through_us(
    resource: str, shop: Shop, version: str, library: str
) -> None:
    payer = shop.payer()
    answer = buy_by_npm(library, version, resource, payer)
    assert (answer["status"], answer["body"]) == (200, {"weather": "fine"})
    settlement = answer["settlement"]
    assert (settlement["success"], settlement["payer"]) == (True, payer.address)
    assert shop.ledger.w3.eth.get_transaction_receipt(settlement["transaction"])["status"] == 1
    assert shop.ledger.balance(shop.payee) == PRICE
    assert shop.ledger.balance(payer.address) == 0


@pytest.mark.parametrize("library", ["fetch", "axios"])
def test_a_stock_client_without_money_gets_nothing(
    resource: str, shop: Shop, version: str, library: str
) -> None:
    answer = buy_by_npm(library, version, resource, shop.payer(PRICE - 1))
    assert answer["status"] == 402
    assert shop.ledger.balance(shop.payee) == 0
