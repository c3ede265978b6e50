"""Stock clients and the stock resource server of npm, as processes of their own, against our facilitator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.processes import BOOTSTRAP_KEY, Server, Worker, free_port
from tests.x402.stock import NPM, buy_by_npm, list_by_npm, node, selling
from tests.x402.system import NETWORK, OPERATOR, PRICE, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Database


@pytest.fixture(params=["1", "2"], ids=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> str:
    """The version of the standard."""
    return str(request.param)


@pytest.fixture
def resource(shop: Shop, facilitator: Server, worker: Worker, version: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a paid resource, served by the stock middleware for Express."""
    assert worker.is_running()
    port = str(free_port())
    given = [f"{facilitator.url}/x402", BOOTSTRAP_KEY, shop.ledger.token.address, shop.payee, NETWORK]
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


def test_stock_clients_list_what_a_stock_client_paid(
    resource: str, shop: Shop, version: str, settling: Database, facilitator: Server
) -> None:
    with settling.connect("ves_admin") as admin:
        admin.execute(
            "select ves.set_paid_origin(%s, %s, true)", [OPERATOR, resource.removesuffix("/weather")]
        )
    assert buy_by_npm("fetch", version, resource, shop.payer())["status"] == 200
    for reader in ("1", "2"):
        told = list_by_npm(reader, f"{facilitator.url}/x402", shop.payee)
        [item] = [item for item in told["items"] if item["resource"] == resource]
        assert (item["type"], item["x402Version"], item["description"]) == ("http", int(version), "Weather")
        [terms] = item["accepts"]
        assert (terms["scheme"], terms["payTo"]) == ("exact", shop.payee)
        declared = terms["outputSchema"] if version == "1" else item["extensions"]["bazaar"]["info"]
        assert (declared["input"]["type"], declared["input"]["method"]) == ("http", "GET")
        assert told["pagination"]["total"] == len(told["items"])
