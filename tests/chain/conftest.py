"""One local chain for a module, one database for a test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from tests.chain.system import CHAIN_ID, Ledger, Pay, System
from tests.support.anvil import KEY, anvil, write_key_file
from tests.support.processes import launching_workers
from ves_edge import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Database
    from tests.support.processes import Worker


@pytest.fixture(autouse=True)
def _closed_circuits() -> Iterator[None]:
    """A circuit that a test leaves open is not found open in the figures of this process by a later one."""
    yield
    for circuit in metrics.circuits():
        metrics.set_circuit(circuit.name, "closed")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("chain")
    with anvil(folder, CHAIN_ID) as url:
        yield Ledger(url, Account.from_key(KEY), folder)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return write_key_file(tmp_path)


@pytest.fixture
async def system(database: Database, ledger: Ledger, key_file: Path) -> Any:
    made = System(database, ledger, key_file)
    yield made
    await made.close()


@pytest.fixture(params=["settlement", "authorizations"])
def pay(system: System, request: pytest.FixtureRequest) -> Pay:
    """Makes payments of each kind of transaction: intents out of an allowance, and EIP-3009 authorizations."""
    return system.pay if request.param == "settlement" else system.authorize


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Starts `python -m ves_workers` as a real process."""
    with launching_workers(database.url("ves_worker"), tmp_path) as launch:
        yield launch
