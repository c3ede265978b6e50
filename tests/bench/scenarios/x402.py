"""The facilitator with 200 connected clients: at a stated rate, and each as fast as its answers come."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from eth_account import Account

from tests.bench import clocks
from tests.bench.parallel import Crew
from tests.bench.results import Bar, Figure
from tests.bench.stats import latency
from tests.bench.system import BOOTSTRAP_KEY
from tests.bench.wire import Load
from tests.chain.system import Ledger
from tests.support.anvil import KEY, anvil, write_key_file
from tests.support.processes import Worker
from tests.x402.system import CHAIN_ID, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.bench.system import Bench, Store
    from tests.bench.wire import Answer

CLIENTS, ACCOUNTS = 200, 20
# The bars hold at these rates: each of 200 clients verifies every 2 s and settles every 10 s.
VERIFY_RATE, SETTLE_RATE = 100, 20
BLOCK_SECONDS = 1
VERIFY_MS, SETTLE_MS = 50, BLOCK_SECONDS * 1_000 + 500
_LIMIT = (
    "API, PostgreSQL, node, worker and load generator share the machine: cpu_us says what each costs a call"
)


def run(bench: Bench) -> list[Figure]:
    """Latency of both calls at a rate, and what a closed loop reaches; CPU of each process by call."""
    clients = bench.size(full=CLIENTS, quick=CLIENTS, least=5)
    with _running(bench) as system:
        verify = [system.request("verify") for _ in range(clients)]
        rounds = bench.size(full=10, quick=5, least=1)
        verified = [
            system.measure(verify * rounds, clients, VERIFY_RATE),
            system.measure(verify * rounds, clients, None),
        ]
        settled = [
            system.measure([system.request("settle") for _ in range(clients)], clients, rate)
            for rate in (SETTLE_RATE, None)
        ]
    return [
        verified[0].at_rate("x402_verify", "/x402/verify", VERIFY_MS),
        verified[1].closed("x402_verify_closed", "/x402/verify"),
        settled[0].at_rate("x402_settle", f"/x402/settle, a block every {BLOCK_SECONDS} s", SETTLE_MS),
        settled[1].closed("x402_settle_closed", f"/x402/settle, a block every {BLOCK_SECONDS} s"),
    ]


@dataclass
class _Measured:
    """One load: its answers, the CPU microseconds of each group by call, and how it was offered."""

    answers: list[Answer]
    span: clocks.Span
    generator: float
    seconds: float
    clients: int
    rate: int | None

    def at_rate(self, name: str, title: str, most_ms: float) -> Figure:
        found = latency([answer.seconds for answer in self.answers])
        title = f"{title}: {self.clients} clients, {self.rate} calls a second, p99"
        return self._figure(name, title, found, value=found["p99"], unit="ms", bar=Bar(most_ms, sense="most"))

    def closed(self, name: str, title: str) -> Figure:
        found = latency([answer.seconds for answer in self.answers])
        rate = len(self.answers) / self.seconds
        return self._figure(name, f"{title}: {self.clients} at once", found, value=rate, unit="1/s")

    def _figure(self, name: str, title: str, found: dict[str, float], **members: Any) -> Figure:
        bodies = [json.loads(answer.body) for answer in self.answers]
        transactions = {body["transaction"] for body in bodies if "transaction" in body}
        return Figure(
            name,
            title,
            limited_by=_LIMIT,
            cpu_us=self.span.per_event(len(self.answers), self.generator),
            details={
                "latency_ms": found,
                "calls": len(self.answers),
                "transactions": len(transactions),
                "machine_percent": self.span.shares(self.generator),
            },
            **members,
        )


@dataclass
class _System:
    """The facilitator on a chain; `roots` are the first processes of its groups."""

    shop: Shop
    payers: list[Any]
    port: int
    roots: dict[str, int]
    made: int = 0

    def request(self, what: str) -> bytes:
        """A call about a payment of its own, as bytes of HTTP."""
        self.made += 1
        body = json.dumps(self.shop.payment(self.payers[self.made % len(self.payers)])).encode()
        head = (
            f"POST /x402/{what} HTTP/1.1\r\nhost: bench\r\nx-api-key: {BOOTSTRAP_KEY}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def measure(self, requests: Sequence[bytes], clients: int, rate: int | None) -> _Measured:
        """Send the requests by turns over `clients` connections. Raises RuntimeError for a payment that is not made."""
        due = None if rate is None else [number / rate for number in range(len(requests))]
        shares = [range(client, len(requests), clients) for client in range(clients)]
        crew = Crew([lambda: partial(_send, Load(self.port, requests, shares, due))])
        watch = clocks.Stopwatch(**self.roots)
        crew.release()
        [ran] = crew.collect()
        answers: list[Answer] = ran.result
        for answer in answers:
            told = json.loads(answer.body) if answer.status == httpx.codes.OK else {}
            if not (told.get("isValid") or told.get("success")):
                raise RuntimeError(f"a payment was not made: {answer.status} {answer.body[:300]!r}")
        return _Measured(answers, watch.stop(), ran.cpu, ran.ended - ran.started, clients, rate)


def _send(load: Load) -> list[Answer]:
    return load.run()


@contextlib.contextmanager
def _running(bench: Bench) -> Iterator[_System]:
    folder = bench.folder / "x402"
    folder.mkdir()
    with anvil(folder, CHAIN_ID) as url, bench.store() as store, httpx.Client() as unused:
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
                shop = Shop(ledger, unused, Account.create().address)
                payers = [shop.payer(money=10**9) for _ in range(bench.size(ACCOUNTS, ACCOUNTS, least=2))]
                ledger.automine(on=False)
                ledger.ask("evm_setIntervalMining", BLOCK_SECONDS)
                assert worker.process is not None
                roots = {
                    "api": api.pid,
                    "postgres": bench.cluster.postmaster_pid,
                    "node": _child("anvil"),
                    "worker": worker.process.pid,
                }
                yield _System(shop, payers, api.port, roots)
        finally:
            worker.kill()


def _worker(store: Store, folder: Path, chain: dict[str, str]) -> Worker:
    env = chain | {"VES_CHAIN_SETTLER_KEY_FILE": str(write_key_file(folder))}
    worker = Worker(store.url("ves_worker"), env, names=("settlement",), is_forked=False)
    worker.launch(folder / "worker.log")
    return worker


def _child(name: str) -> int:
    """The process of this name below this one."""
    family = clocks.descendants(os.getpid())
    return next(
        pid for pid in family if Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == name
    )
