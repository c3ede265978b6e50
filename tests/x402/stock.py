"""Resource servers as processes of their own, and stock clients that pay them."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from x402 import x402Client
from x402.http.clients.httpx import x402HttpxClient
from x402.mechanisms.evm.exact import register_exact_evm_client

from tests.support.waiting import wait_until
from tests.x402.system import NETWORK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from eth_account.signers.local import LocalAccount

NPM = Path(__file__).with_name("npm")


def node() -> str:
    """The program; skips where it or the packages of npm are missing."""
    found = shutil.which("node")
    if found is None or not (NPM / "node_modules").is_dir():
        pytest.skip("the packages of tests/x402/npm are not installed (make tools)")
    return found


async def buy(url: str, payer: LocalAccount, *, after: float = 0) -> httpx.Response:
    """Get a resource with the stock client of PyPI for httpx, `after` so many seconds."""
    await asyncio.sleep(after)
    client = x402Client()
    register_exact_evm_client(client, payer)
    client.set_spend_controls(False)
    async with x402HttpxClient(client, timeout=120) as http:
        answer: httpx.Response = await http.get(url)
        await answer.aread()
    return answer


def buy_by_npm(library: str, version: str, url: str, payer: LocalAccount) -> dict[str, Any]:
    """Get a resource with a stock client of npm, `fetch` or `axios`: status, body and settlement, as the client sees them."""
    [answer] = buy_all_by_npm(library, url, [payer], version=version)
    return answer


def buy_all_by_npm(
    library: str,
    url: str,
    payers: Sequence[LocalAccount],
    *,
    version: str = "2",
    network: str = NETWORK,
    seconds: float = 0,
) -> list[dict[str, Any]]:
    """The same for many payers, spread over so many seconds: sessions of one process."""
    keys = ["0x" + bytes(payer.key).hex() for payer in payers]
    command = [node(), str(NPM / "client.mjs"), library, version, network, url, str(seconds), *keys]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def list_by_npm(version: str, facilitator: str, payee: str) -> dict[str, Any]:
    """What the facilitator lists, as a stock client of npm is told; only version 2 can filter by payee."""
    command = [node(), str(NPM / "list.mjs"), version, facilitator, payee]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@contextmanager
def selling(
    command: Sequence[str], url: str, folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a resource server; yields `url` once it answers 402."""
    log = folder / "resource-server.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=env)

    def answers() -> bool:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            return httpx.get(url).status_code == httpx.codes.PAYMENT_REQUIRED
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, "the resource server asks for a payment", seconds=60)
        yield url
    finally:
        process.terminate()
        process.wait()
