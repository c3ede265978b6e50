"""A chain of its own for these tests: anvil, with the contracts deployed from the committed artifacts."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3

from tests.support.cluster import ROOT
from ves_contracts import deploy

ROOM = ROOT / "contracts"
CHAIN_ID = 84_532_002
# The first of anvil's accounts, which everybody knows.
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    found = list(ROOM.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))
    if not found:
        pytest.skip("anvil is not installed (make tools)")
    log = tmp_path_factory.mktemp("anvil") / "log"
    with log.open("w") as output:
        command = [str(found[0]), "--port", "0", "--chain-id", str(CHAIN_ID)]
        process = subprocess.Popen(command, stdout=output)
    try:
        yield f"http://{listening(process, log)}"
    finally:
        process.terminate()
        process.wait()


def listening(process: subprocess.Popen[bytes], log: Path) -> str:
    """Host and port that the node has chosen, as soon as it has written them."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if match := re.search(r"Listening on (\S+)\n", log.read_text(encoding="utf-8")):
            return match[1]
        time.sleep(0.02)
    pytest.fail(f"anvil does not listen: {log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="session")
def w3(node: str) -> Web3:
    return Web3(HTTPProvider(node))


@pytest.fixture(scope="session")
def account() -> LocalAccount:
    return Account.from_key(KEY)


@pytest.fixture(scope="session")
def plan(account: LocalAccount) -> deploy.Plan:
    owner = account.address
    return deploy.Plan(admin=owner, anchorer=owner, settler=owner, test_token=6)


@pytest.fixture(scope="session")
def addresses(
    w3: Web3, account: LocalAccount, plan: deploy.Plan, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    return deploy.deploy(w3, account, plan, tmp_path_factory.mktemp("chain") / "addresses.json")


def uuid_word(text: str) -> bytes:
    """The word of a UUID: its 16 bytes, then 16 zero bytes (chain 1)."""
    return bytes.fromhex(text.replace("-", "")) + bytes(16)


def vectors(path: str) -> Any:
    return json.loads((ROOT / "tests" / "vectors" / Path(path)).read_text(encoding="utf-8"))
