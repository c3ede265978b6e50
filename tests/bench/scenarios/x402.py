"""The facilitator with 200 payers at once: `/verify`, and `/settle` on a chain with a block each second."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import httpx
from eth_account import Account

from tests.bench.results import Bar, Figure
from tests.bench.stats import latency
from tests.bench.system import BOOTSTRAP_KEY
from tests.chain.system import Ledger
from tests.support.anvil import KEY, anvil, write_key_file
from tests.support.processes import Worker
from tests.x402.system import CHAIN_ID, Shop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.system import Api, Bench, Store

ROUNDS = 5
BLOCK_SECONDS = 1
VERIFY_MS, SETTLE_MS = 50, BLOCK_SECONDS * 1_000 + 500
Timed = list[tuple[float, dict[str, Any]]]


def run(bench: Bench) -> list[Figure]:
    """The 99th percentiles of both calls, from the caller's side."""
    folder, payers = bench.folder / "x402", bench.size(full=200, quick=200, least=5)
    folder.mkdir()
    with anvil(folder, CHAIN_ID) as url, bench.store() as store:
        ledger = Ledger(url, Account.from_key(KEY), folder)
        with store.connect("ves_admin") as admin:
            admin.execute(
                "select ves.set_settlement_contract('base_sepolia', %s)", [ledger.settlement.address]
            )
            admin.execute("select ves.set_payment_token('base_sepolia', 'usdc', %s)", [ledger.token.address])
        chain = {"L2_RPC_URL": url, "L2_CHAIN_ID": str(CHAIN_ID)}
        worker = _worker(store, folder, chain)
        try:
            with store.api(bench.log("x402"), **chain) as api:
                verified, settled = _measure(api, ledger, payers, bench.size(full=ROUNDS, quick=1, least=1))
        finally:
            worker.kill()
    wrong = [told for _, told in verified if not told["isValid"]] + [
        t for _, t in settled if not t["success"]
    ]
    if wrong:
        raise RuntimeError(f"{len(wrong)} payments were not made: {wrong[0]}")
    transactions = len({told["transaction"] for _, told in settled})
    details = {"payers": payers, "block_seconds": BLOCK_SECONDS, "transactions": transactions}
    return [
        _figure("x402_verify", f"/x402/verify, {payers} at once, p99", verified, VERIFY_MS, details),
        _figure(
            "x402_settle",
            f"/x402/settle, {payers} at once, one block a second, p99",
            settled,
            SETTLE_MS,
            details,
        ),
    ]


def _worker(store: Store, folder: Path, chain: dict[str, str]) -> Worker:
    env = chain | {"VES_CHAIN_SETTLER_KEY_FILE": str(write_key_file(folder)), "VES_CHAIN_POLL_MS": "50"}
    worker = Worker(store.url("ves_worker"), env, names=("settlement",))
    worker.launch(folder / "worker.log")
    return worker


def _measure(api: Api, ledger: Ledger, count: int, rounds: int) -> tuple[Timed, Timed]:
    """Verify and settle a payment of each payer, in rounds; seconds and answer of each call."""
    verified: Timed = []
    settled: Timed = []
    with httpx.Client() as unused:
        shop = Shop(ledger, unused, Account.create().address)
        payers = [shop.payer(money=10**9) for _ in range(count)]
        ledger.automine(on=False)
        ledger.ask("evm_setIntervalMining", BLOCK_SECONDS)
        for _ in range(rounds):
            requests = [shop.payment(payer) for payer in payers]
            both = asyncio.run(_ask_all(f"http://127.0.0.1:{api.port}/x402", requests))
            verified += both[0]
            settled += both[1]
    return verified, settled


async def _ask_all(url: str, requests: list[dict[str, Any]]) -> tuple[Timed, Timed]:
    limits = httpx.Limits(max_connections=len(requests), max_keepalive_connections=len(requests))
    headers = {"x-api-key": BOOTSTRAP_KEY}
    async with httpx.AsyncClient(limits=limits, timeout=90, headers=headers) as client:

        async def timed(path: str, request: dict[str, Any]) -> tuple[float, dict[str, Any]]:
            started = time.perf_counter()
            answer = await client.post(f"{url}{path}", json=request)
            return time.perf_counter() - started, answer.json()

        verified = await asyncio.gather(*(timed("/verify", request) for request in requests))
        return verified, await asyncio.gather(*(timed("/settle", request) for request in requests))


def _figure(name: str, title: str, timed: Timed, most: float, details: dict[str, Any]) -> Figure:
    found = latency([seconds for seconds, _ in timed])
    return Figure(
        name=name,
        title=title,
        value=found["p99"],
        unit="ms",
        bar=Bar(most, sense="most"),
        limited_by="one process of the API, the node and the load generator share the machine",
        details=details | {"latency_ms": found},
    )
