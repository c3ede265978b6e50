"""A whole system for one test: a server of its own, the API and a worker as processes, and ways to kill each."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import psycopg

from tests.support.cluster import Cluster
from tests.support.processes import START_SECONDS, Server, Worker
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = "load"


@dataclass
class System:
    """PostgreSQL, API and worker; `folder` takes their logs."""

    cluster: Cluster
    folder: Path
    api: Server = field(init=False)
    worker: Worker = field(init=False)

    def __post_init__(self) -> None:
        # Two processes, so that coalescing and caches are tested across them too.
        # They follow the database server's key ring, as in a system that `make up` made.
        ring = str(self.cluster.keyring)
        self.api = Server(
            self.cluster.url(DATABASE, "ves_api"),
            {"VES_API_WORKERS": "2", "RUST_LOG": "warn", "VES_KEYRING_FILE": ring},
        )
        self.worker = Worker(
            self.cluster.url(DATABASE, "ves_worker"),
            {"VES_WORKER_POLL_MS": "20", "VES_RECEIPTS_POLL_MS": "100"},
        )

    def start(self) -> None:
        with self.connect("ves_admin") as connection:
            connection.execute("select ves.set_commit_policy(null, null, 'automatic', 64, '1 second')")
        self.start_api()
        self.start_worker()

    def start_api(self) -> None:
        self.api.start(self.folder / "api.log")

    def start_worker(self) -> None:
        self.worker.launch(self.folder / "worker.log")

    def revive(self) -> None:
        """Start again what ended by itself: the server gives up when one of its workers dies twice within seconds."""
        if not self.api.is_running():
            self.start_api()
        if not self.worker.is_running():
            self.start_worker()

    def stop(self) -> None:
        self.api.kill()
        self.worker.kill()

    def connect(self, role: str = "postgres") -> psycopg.Connection[Any]:
        # A postmaster that is killed never answers who has just reached its socket.
        return psycopg.connect(self.cluster.url(DATABASE, role), autocommit=True, connect_timeout=20)

    def kill_api(self) -> None:
        """kill -9 of the API's parent process; its workers die with it."""
        self.api.kill()
        wait_until(self._port_is_free, seconds=START_SECONDS)
        self.start_api()

    def _port_is_free(self) -> bool:
        try:
            httpx.get(f"{self.api.url}/health", timeout=1)
        except httpx.ConnectError:
            return True
        except httpx.TransportError:
            return False
        return False

    def kill_api_worker(self) -> None:
        """kill -9 of one of the API's worker processes; the parent replaces it."""
        assert self.api.process is not None
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.api.process.pid)],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        os.kill(int(listed[-1]), signal.SIGKILL)

    def kill_worker(self) -> None:
        self.worker.kill()
        self.start_worker()

    def kill_backend(self) -> None:
        """kill -9 of a backend that serves the API: the postmaster ends all others and recovers."""

        def backend() -> int | None:
            with suppress(psycopg.OperationalError), self.connect() as connection:
                row = connection.execute(
                    "select pid from pg_stat_activity where usename = 'ves_api' and datname = current_database()"
                    " order by state = 'active' desc, random() limit 1"
                ).fetchone()
                return None if row is None else int(row[0])
            return None

        os.kill(wait_until(backend, seconds=START_SECONDS), signal.SIGKILL)

    def kill_postmaster(self) -> None:
        """kill -9 of the postmaster; started again as soon as its orphans have detached from shared memory."""
        os.kill(self.cluster.postmaster_pid, signal.SIGKILL)

        def started() -> bool:
            with suppress(RuntimeError):
                self.cluster.start()
                return True
            return False

        wait_until(started, seconds=START_SECONDS)


def make_database(cluster: Cluster, template: str) -> None:
    with cluster.connect() as connection:
        connection.execute(f"drop database if exists {DATABASE} with (force)")
        connection.execute(f"create database {DATABASE} template {template}")
