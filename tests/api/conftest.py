"""One server for most tests (each test uses tenants of its own), and a factory for special ones."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.coverage import WHOLE
from tests.api.front import Fronted
from tests.api.support import Agent
from tests.conftest import Database, cloned
from tests.support.processes import Server
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.support.cluster import Cluster


# The routes of the facilitator succeed only beside a chain.
FOLDERS = (Path(__file__).parent, Path(__file__).parents[1] / "x402")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell `coverage.py` whether everything that it judges runs."""
    files = {item.path for item in items}
    selected = (
        config.getoption("keyword") or config.getoption("lf", default=False) or config.getoption("deselect")
    )
    judged = {path for folder in FOLDERS for path in folder.rglob("test_*.py")}
    whole = files >= judged and not any("::" in arg for arg in config.args)
    config.stash[WHOLE] = whole and not selected


@pytest.fixture(scope="session")
def api_database(engine: Cluster) -> Iterator[Database]:
    """The database of the shared server."""
    with cloned(engine, "api") as own:
        yield own


@pytest.fixture(scope="session")
def server(api_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The shared server: one process, signing receipts."""
    log = tmp_path_factory.mktemp("api") / "server.log"
    running = Server(api_database.url("ves_api")).start(log)
    yield running
    running.stop()


@pytest.fixture
def start_server(database: Database, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers with settings of their own on the test's own database."""
    started: list[Server] = []

    def start(*, is_forked: bool = True, **env: str) -> Server:
        url = env.pop("DATABASE_URL", database.url("ves_api"))
        running = Server(url, env, is_forked=is_forked)
        started.append(running)
        return running.start(tmp_path / f"server-{len(started)}.log")

    yield start
    for running in started:
        if running.process is not None and running.process.poll() is None:
            running.stop(signal.SIGKILL)
            wait_until(lambda running=running: running.process.poll() is not None)


@pytest.fixture(scope="session")
def admin(server: Server) -> Iterator[httpx.Client]:
    """The bootstrap administrator."""
    with server.client() as client:
        yield client


@pytest.fixture
def agent(admin: httpx.Client) -> Agent:
    """A fresh agent with a registered key in a fresh stream."""
    fresh = Agent()
    assert fresh.register(admin).status_code == 200
    return fresh


@pytest.fixture
def start_front(database: Database, tmp_path: Path) -> Iterator[Callable[..., Fronted]]:
    """Starts systems of API and front with settings of their own."""
    with ExitStack() as started:

        def start(places: int = 2_000, **env: str) -> Fronted:
            system = Fronted(database.url("ves_api"), env, places=places)
            started.callback(_end, system)
            system.start(tmp_path / "server.log")
            return system

        yield start


def _end(system: Fronted) -> None:
    for process in (system.front, system.process):
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(10)


@pytest.fixture(scope="module")
def front(api_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:
    """One system for the tests that change nothing."""
    system = Fronted(api_database.url("ves_api"))
    system.start(tmp_path_factory.mktemp("front") / "server.log")
    yield system
    assert system.stop() == 0
