"""One local chain, one database, one API and one settlement worker for a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from eth_account import Account

from tests.chain.system import Ledger
from tests.conftest import cloned
from tests.support.anvil import KEY, anvil, write_key_file
from tests.support.processes import Server, Worker
from tests.x402.system import CHAIN_ID, Shop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database
    from tests.support.cluster import Cluster

# A step of the worker looks for a use in 24 times so many blocks.
LOG_BLOCKS = 4


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("chain")
    with anvil(folder, CHAIN_ID) as url:
        yield Ledger(url, Account.from_key(KEY), folder)


@pytest.fixture(scope="module")
def settling(engine: Cluster, ledger: Ledger) -> Iterator[Database]:
    """A database that settles on the chain."""
    with cloned(engine, "x402") as own:
        with own.connect("ves_admin") as admin:
            admin.execute(
                "select ves.set_settlement_contract('base_sepolia', %s)", [ledger.settlement.address]
            )
            admin.execute("select ves.set_payment_token('base_sepolia', 'usdc', %s)", [ledger.token.address])
        yield own


@pytest.fixture(scope="module")
def facilitator(
    settling: Database, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    chain = {"L2_RPC_URL": ledger.url, "L2_CHAIN_ID": str(CHAIN_ID)}
    running = Server(settling.url("ves_api"), dict(chain)).start(tmp_path_factory.mktemp("api") / "log")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def worker(settling: Database, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("worker")
    env = {
        "L2_RPC_URL": ledger.url,
        "L2_CHAIN_ID": str(CHAIN_ID),
        "VES_CHAIN_SETTLER_KEY_FILE": str(write_key_file(folder)),
        "VES_CHAIN_POLL_MS": "50",
        "VES_CHAIN_CONFIRMATIONS": "2",
        "VES_CHAIN_LOG_BLOCKS": str(LOG_BLOCKS),
    }
    running = Worker(settling.url("ves_worker"), env, names=["settlement"])
    running.launch(folder / "log")
    yield running
    running.stop()


@pytest.fixture
def shop(ledger: Ledger, facilitator: Server) -> Iterator[Shop]:
    with facilitator.client() as client:
        yield Shop(ledger, client, Account.create().address)
