"""A whole system for one test: a server of its own, the API and a worker as processes, and ways to kill each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import psycopg

from tests.api.support import SEQUENCER_SEED, Server, wait_until
from tests.support.cluster import ROOT, Cluster

if TYPE_CHECKING:
    from pathlib import Path

DATABASE = "load"
START_SECONDS = 60


@dataclass
class System:
    """PostgreSQL, API and worker; `folder` takes their logs."""

    cluster: Cluster
    folder: Path
    api: Server = field(init=False)
    worker: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        # Two processes, so that coalescing and caches are tested across them too.
        # They follow the database server's key ring, as in a system that `make up` made.
        ring = str(self.cluster.keyring)
        self.api = Server(
            self.cluster.url(DATABASE, "ves_api"),
            {"VES_API_WORKERS": "2", "RUST_LOG": "warn", "VES_KEYRING_FILE": ring},
        )

    def start(self) -> None:
        with self.connect("ves_admin") as connection:
            connection.execute("select ves.set_commit_policy(null, null, 'automatic', 64, '1 second')")
        self.api.start(self.folder / "api.log")
        self.start_worker()

    def start_worker(self) -> None:
        with (self.folder / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", "ves_workers"],
                stdout=log,
                stderr=log,
                cwd="/",
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": f"{ROOT}/plpython:{ROOT}/api:{ROOT}/workers",
                    "DATABASE_URL": self.cluster.url(DATABASE, "ves_worker"),
                    "VES_SEQUENCER_SIGNING_KEY": SEQUENCER_SEED.hex(),
                    "VES_WORKER_POLL_MS": "20",
                    "VES_RECEIPTS_POLL_MS": "100",
                    "LOG_FORMAT": "json",
                },
            )

    def revive(self) -> None:
        """Start again what ended by itself: the server gives up when one of its workers dies twice within seconds."""
        assert self.api.process is not None
        assert self.worker is not None
        if self.api.process.poll() is not None:
            self.api.start(self.folder / "api.log")
        if self.worker.poll() is not None:
            self.start_worker()

    def stop(self) -> None:
        for process in (self.api.process, self.worker):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait(30)

    def connect(self, role: str = "postgres") -> psycopg.Connection[Any]:
        return self.cluster.connect(DATABASE, role)

    def kill_api(self) -> None:
        """kill -9 of the API's parent process; its workers die with it."""
        assert self.api.process is not None
        self.api.process.kill()
        self.api.process.wait(30)
        wait_until(self._port_is_free, START_SECONDS)
        self.api.start(self.folder / "api.log")

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
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait(30)
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

        os.kill(wait_until(backend, START_SECONDS), signal.SIGKILL)

    def kill_postmaster(self) -> None:
        """kill -9 of the postmaster; started again as soon as its orphans have let go of the memory."""
        os.kill(self.cluster.postmaster_pid, signal.SIGKILL)

        def started() -> bool:
            with suppress(RuntimeError):
                self.cluster.start()
                return True
            return False

        wait_until(started, START_SECONDS)


def make_database(cluster: Cluster, template: str) -> None:
    with cluster.connect() as connection:
        connection.execute(f"drop database if exists {DATABASE} with (force)")
        connection.execute(f"create database {DATABASE} template {template}")
