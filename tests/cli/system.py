"""A running system for the command line: a database of its own, the API and the workers as real processes."""

from __future__ import annotations

import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Database, cloned
from tests.support.processes import BOOTSTRAP_KEY, Server, Worker, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cluster import Cluster

SERVE = "from ves_api.cli.main import serve_main; serve_main()"


class ServeCommand(Server):
    """The API as `ves serve` starts it."""

    def arguments(self) -> list[str]:
        return ["-c", SERVE]


@dataclass
class System:
    """`start` and `stop` may be repeated; the port stays the same."""

    database: Database
    log: Path
    api: Server = field(init=False)
    workers: Worker = field(init=False)

    def __post_init__(self) -> None:
        ring = {"VES_KEYRING_FILE": str(self.database.cluster.keyring)}
        listener = {"GRPC_DISABLED": "false", "GRPC_PORT": str(free_port())}
        self.api = ServeCommand(self.database.url("ves_api"), {**ring, **listener})
        # Systems live until the session ends: polls of 10 ms took a fifth of a core for each.
        self.workers = Worker(self.database.url("ves_worker"), {"VES_WORKER_POLL_MS": "100"})

    @property
    def url(self) -> str:
        return self.api.url

    @property
    def is_full(self) -> bool:
        """Whether the database has PL/Python."""
        with self.database.connect() as connection:
            return bool(connection.execute("select h.mode = 'full' from ves.health() as h").fetchone()[0])

    def start(self) -> None:
        self.workers.launch(self.log)
        self.api.start(self.log)

    def stop(self, number: int = signal.SIGTERM) -> list[int]:
        """Stop what runs; the exit statuses."""
        return [program.stop(number) for program in (self.api, self.workers) if program.is_running()]

    def write_env(self, folder: Path, **more: str) -> None:
        values = {
            "VES_HTTP_URL": self.url,
            "VES_GRPC_TARGET": f"127.0.0.1:{self.api.env['GRPC_PORT']}",
            "VES_DATABASE_URL": self.database.url("ves_admin"),
            "VES_ADMIN_KEY": BOOTSTRAP_KEY,
            "VES_SUPERUSER_DATABASE_URL": self.database.url(),
            "VES_KEYRING_FILE": str(self.database.cluster.keyring),
            **more,
        }
        (folder / ".ves").mkdir(exist_ok=True)
        (folder / ".ves" / "env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


@pytest.fixture(scope="session")
def system(engine: Cluster, tmp_path_factory: Any) -> Iterator[System]:
    """One system for all tests of the command line; tests keep apart by their tenants."""
    with cloned(engine, "cli") as database:
        running = System(database, tmp_path_factory.mktemp("system") / "log")
        try:
            running.start()
            yield running
        finally:
            running.stop(signal.SIGKILL)
