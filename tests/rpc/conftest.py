"""One server with a gRPC listener, and clients of every service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.api.conftest import agent, api_database, start_server
from tests.rpc.support import Clients, compile_stubs, use_stubs
from tests.support.processes import Server, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from tests.conftest import Database

__all__ = ["agent", "api_database", "start_server"]


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Client code from proto/, as a stranger would compile it."""
    compile_stubs(tmp_path_factory.mktemp("stubs"))


@pytest.fixture(scope="session")
def stubs(compiled: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """The stubs in use: those of proto/ unless a test names others (`BOTH_STUBS`)."""
    use_stubs(getattr(request, "param", "proto"))
    yield
    use_stubs("proto")


@pytest.fixture(scope="session")
def server(api_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The shared server: one process with a gRPC listener."""
    log = tmp_path_factory.mktemp("rpc") / "server.log"
    env = {"GRPC_DISABLED": "false", "GRPC_PORT": str(free_port())}
    running = Server(api_database.url("ves_api"), env, is_forked=False).start(log)  # its memory is measured
    yield running
    running.stop()


@pytest.fixture
def start_rpc_server(start_server: Callable[..., Server]) -> Callable[..., Server]:
    """Starts servers with a gRPC listener on the test's own database."""

    def start(*, is_forked: bool = True, **env: str) -> Server:
        return start_server(is_forked=is_forked, GRPC_DISABLED="false", GRPC_PORT=str(free_port()), **env)

    return start


@pytest.fixture(scope="session")
def admin(server: Server) -> Iterator[httpx.Client]:
    """The bootstrap administrator over HTTP."""
    with server.client() as client:
        yield client


@pytest.fixture
def grpc_admin(stubs: None, server: Server) -> Iterator[Clients]:
    """The bootstrap administrator over gRPC."""
    with Clients(server) as clients:
        yield clients
