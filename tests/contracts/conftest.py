"""A chain of its own for these tests: anvil, with the contracts deployed from the committed artifacts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3

from tests.support.anvil import KEY, anvil
from tests.support.cluster import ROOT
from ves_contracts import deploy

ROOM = ROOT / "contracts"
CHAIN_ID = 84_532_002


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with anvil(tmp_path_factory.mktemp("anvil"), CHAIN_ID) as url:
        yield url


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
