"""20 and 200 stock clients at once, of PyPI and npm, pay a stock Express server whose facilitator is `VES_CHAIN=local make up`."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from eth_account import Account
from web3 import Web3

from tests.bench import clocks
from tests.bench.product import Product, running
from tests.bench.stats import latency
from tests.support.anvil import KEY
from tests.support.processes import free_port
from tests.x402.stock import NPM, buy, buy_all_by_npm, node, selling
from tests.x402.system import PRICE
from ves_contracts import deploy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from eth_account.signers.local import LocalAccount

BLOCK_SECONDS = 1
CLIENTS = 200
# Each of 200 clients buys every ten seconds: the rate at which the bars hold (docs/x402.md).
PACE_SECONDS = 10.0


@dataclass
class Market:
    """A resource server, its payee, and the chain that it is paid on."""

    url: str
    payee: str
    network: str
    node: str
    token: Any

    def payers(self, count: int) -> list[LocalAccount]:
        """Accounts with the price of one purchase each."""
        made = [Account.create() for _ in range(count)]
        minter = Account.from_key(KEY).address
        calls = [
            {"from": minter, "to": self.token.address, "data": self.token.encode_abi("mint", [payer.address, PRICE])}
            for payer in made
        ]  # fmt: skip
        for call in calls:
            self.ask("eth_sendTransaction", call)
        self.ask("evm_mine")
        assert self.token.functions.balanceOf(made[-1].address).call() == PRICE
        return made

    def ask(self, method: str, *parameters: Any) -> Any:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        return httpx.post(self.node, json=asked).json()["result"]

    async def visit(self, count: int, seconds: float) -> set[str]:
        """A quarter of the clients are of fetch, a quarter of axios, the others of PyPI; the transactions that paid them."""
        payers = await asyncio.to_thread(self.payers, count)
        fetching, getting, others = payers[::4], payers[1::4], [*payers[2::4], *payers[3::4]]
        by_npm = [
            asyncio.to_thread(buy_all_by_npm, library, self.url, some, network=self.network, seconds=seconds)
            for library, some in (("fetch", fetching), ("axios", getting))
        ]
        by_pypi = [buy(self.url, payer, after=seconds * n / len(others)) for n, payer in enumerate(others)]
        told, answers = await asyncio.gather(asyncio.gather(*by_npm), asyncio.gather(*by_pypi))
        npm = [answer for some in told for answer in some]
        assert [answer["status"] for answer in npm] == [200] * (len(fetching) + len(getting))
        assert [answer.status_code for answer in answers] == [200] * len(others)
        assert self.token.functions.balanceOf(self.payee).call() >= count * PRICE
        return {answer["settlement"]["transaction"] for answer in npm}


@pytest.fixture
def product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    monkeypatch.setenv("VES_CHAIN", "local")
    with running(tmp_path) as up:
        yield up


@pytest.fixture
def market(product: Product, tmp_path: Path) -> Iterator[Market]:
    chain = product.settings["L2_RPC_URL"]
    addresses = json.loads(Path(product.settings["VES_CHAIN_ADDRESSES"]).read_text(encoding="utf-8"))
    token = deploy.contract(Web3(Web3.HTTPProvider(chain)), "TestToken", addresses["token"])
    network, payee, port = f"eip155:{product.settings['L2_CHAIN_ID']}", Account.create().address, free_port()
    facilitator = f"{product.settings['VES_HTTP_URL']}/x402"
    given = ["2", str(port), facilitator, product.key, token.address, payee, network]
    command = [node(), str(NPM / "server.mjs"), *given]
    with selling(command, f"http://127.0.0.1:{port}/weather", tmp_path) as url:
        yield Market(url, payee, network, chain, token)


@pytest.mark.soak
def test_a_crowd_of_stock_clients_is_served_through_shared_batches(
    market: Market, product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    market.ask("evm_setIntervalMining", BLOCK_SECONDS)
    paid = 0
    for count, seconds in ((20, 0.0), (CLIENTS, 0.0), (CLIENTS, PACE_SECONDS)):
        httpx.get(market.url.replace("weather", "calls"))
        watch = clocks.Stopwatch(**product.roots, clients=os.getpid())
        transactions = asyncio.run(market.visit(count, seconds))
        spent = watch.stop().per_event(count)
        paid += count
        assert market.token.functions.balanceOf(market.payee).call() == paid * PRICE
        assert len(transactions) < count / 3, "payments share transactions"
        calls = httpx.get(market.url.replace("weather", "calls")).json()
        with capsys.disabled():
            print(
                f"\n{count} stock clients in {seconds:g} s, {len(transactions)} transactions of those of npm"
            )
            print(
                "  CPU of a payment:", ", ".join(f"{name} {us / 1000:.0f} ms" for name, us in spent.items())
            )
            for path in ("verify", "settle"):
                found = latency([ms / 1000 for asked, ms in calls if asked.endswith(path)])
                assert found["count"] == count
                print(
                    f"  /{path}: p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms, most {found['max']:.0f} ms"
                )
