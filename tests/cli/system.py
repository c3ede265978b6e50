"""A running system for the command line: a database of its own, the API and the workers as real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.conftest import TEMPLATE, Database
from tests.support import keyring
from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cluster import Cluster

ADMIN_KEY = "ss_" + "ab" * 32
SIGNING_KEY = "07" * 32
SEQUENCER_ID = "bbbbbbbb-0000-4000-8000-000000000001"
DEADLINE_SECS = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}/plpython:{ROOT}/api:{ROOT}/api/client:{ROOT}/workers:{ROOT}/sql",
        "PYTHONDONTWRITEBYTECODE": "1",
        **keyring.ENVIRONMENT,
        "VES_SEQUENCER_SIGNING_KEY": SIGNING_KEY,
        "VES_SEQUENCER_ID": SEQUENCER_ID,
        **more,
    }


@dataclass
class System:
    """`start` and `kill` may be repeated; the port stays the same."""

    database: Database
    log: Path
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_full(self) -> bool:
        """Whether the database has PL/Python."""
        with self.database.connect() as connection:
            return bool(connection.execute("select h.mode = 'full' from ves.health() as h").fetchone()[0])

    def start(self) -> None:
        common = {"DATABASE_URL": self.database.url("ves_api"), "HOST": "127.0.0.1", "PORT": str(self.port)}
        ring = str(self.database.cluster.keyring)
        api = environment(
            **common, BOOTSTRAP_ADMIN_API_KEY=ADMIN_KEY, VES_API_WORKERS="1", VES_KEYRING_FILE=ring
        )
        workers = environment(DATABASE_URL=self.database.url("ves_worker"))
        for arguments, env in (
            (["-c", "from ves_api.cli.main import serve_main; serve_main()"], api),
            (["-m", "ves_workers"], workers),
        ):
            with self.log.open("ab") as log:
                command = [sys.executable, *arguments]
                self.processes.append(subprocess.Popen(command, env=env, cwd="/", stdout=log, stderr=log))
        self.wait_ready()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + DEADLINE_SECS
        while True:
            try:
                if httpx.get(f"{self.url}/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM) -> list[int]:
        for process in self.processes:
            process.send_signal(number)
        codes = [process.wait(DEADLINE_SECS) for process in self.processes]
        self.processes.clear()
        return codes

    def write_env(self, folder: Path, **more: str) -> None:
        values = {
            "VES_HTTP_URL": self.url,
            "VES_DATABASE_URL": self.database.url("ves_admin"),
            "VES_ADMIN_KEY": ADMIN_KEY,
            "VES_SUPERUSER_DATABASE_URL": self.database.url(),
            "VES_KEYRING_FILE": str(self.database.cluster.keyring),
            **more,
        }
        (folder / ".ves").mkdir(exist_ok=True)
        (folder / ".ves" / "env").write_text("".join(f"{name}={value}\n" for name, value in values.items()))


@pytest.fixture(scope="session")
def system(engine: Cluster, tmp_path_factory: Any) -> Iterator[System]:
    """One system for all tests of the command line; tests keep apart by their tenants."""
    name = f"t_{uuid.uuid4().hex}"
    with engine.connect() as connection:
        connection.execute(f"create database {name} template {TEMPLATE}")
    running = System(Database(engine, name), tmp_path_factory.mktemp("system") / "log")
    try:
        running.start()
        yield running
    finally:
        running.stop(signal.SIGKILL)
        with engine.connect() as connection:
            connection.execute(f"drop database {name} with (force)")
