"""Stock clients and the stock resource server of npm, as processes of their own, against our facilitator."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.processes import BOOTSTRAP_KEY, Server, Worker, free_port
from tests.x402.stock import selling
from tests.x402.system import PRICE, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eth_account.signers.local import LocalAccount

NPM = Path(__file__).with_name("npm")


@pytest.fixture(params=["1", "2"], ids=["v1", "v2"])
def version(request: pytest.FixtureRequest) -> str:
    """The version of the standard."""
    return str(request.param)


@pytest.fixture
def node() -> str:
    found = shutil.which("node")
    if found is None or not (NPM / "node_modules").is_dir():
        pytest.skip("the packages of tests/x402/npm are not installed (make tools)")
    return found


@pytest.fixture
def resource(
    shop: Shop, facilitator: Server, worker: Worker, version: str, node: str, tmp_path: Path
) -> Iterator[str]:
    """The URL of a paid resource, served by the stock middleware for Express."""
    assert worker.is_running()
    port = str(free_port())
    given = [f"{facilitator.url}/x402", BOOTSTRAP_KEY, shop.ledger.token.address, shop.payee]
    command = [node, str(NPM / "server.mjs"), version, port, *given]
    with selling(command, f"http://127.0.0.1:{port}/weather", tmp_path) as url:
        yield url


def buy(node: str, library: str, version: str, url: str, payer: LocalAccount) -> dict[str, Any]:
    """Status, body and settlement, as the client sees them."""
    command = [
        node,
        str(NPM / "client.mjs"),
        library,
        version,
        url,
        "0x" + payer.key.hex().removeprefix("0x"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("library", ["fetch", "axios"])
def test_a_stock_client_pays_a_stock_server_through_us(
    resource: str, shop: Shop, node: str, version: str, library: str
) -> None:
    payer = shop.payer()
    answer = buy(node, library, version, resource, payer)
    assert (answer["status"], answer["body"]) == (200, {"weather": "fine"})
    settlement = answer["settlement"]
    assert (settlement["success"], settlement["payer"]) == (True, payer.address)
    assert shop.ledger.w3.eth.get_transaction_receipt(settlement["transaction"])["status"] == 1
    assert shop.ledger.balance(shop.payee) == PRICE
    assert shop.ledger.balance(payer.address) == 0


@pytest.mark.parametrize("library", ["fetch", "axios"])
def test_a_stock_client_without_money_gets_nothing(
    resource: str, shop: Shop, node: str, version: str, library: str
) -> None:
    answer = buy(node, library, version, resource, shop.payer(PRICE - 1))
    assert answer["status"] == 402
    assert shop.ledger.balance(shop.payee) == 0
