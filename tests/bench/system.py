"""The system under test: a private durable server, an installed engine, and the API as production starts it."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import psycopg

from tests.bench import product
from tests.support import keyring
from tests.support.cluster import ROOT, Cluster, discard, new_cluster
from ves.ed25519 import Signer
from ves_edge.pool import prepare
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from tests.bench.events import Agent
    from tests.bench.product import Product

SEQUENCER_ID = uuid.UUID("5e90e9ce-0000-4000-8000-0000000000be")
SEQUENCER_SEED = bytes(range(32))
SEQUENCER_PUBLIC_KEY = Signer(SEQUENCER_SEED).public_key
BOOTSTRAP_KEY = "ss_bootstrap_key_of_the_bench_0123456789"
# Those of sql/image/engine.conf; the rest are PostgreSQL's defaults.
SERVER_SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "track_io_timing": "on",
    "pg_stat_statements.track": "top",
    "deadlock_timeout": "1s",
}
SHOWN_SETTINGS = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
    "checkpoint_timeout",
    "wal_compression",
    "autovacuum",
    "max_connections",
    "work_mem",
)
_START_SECONDS = 60.0
_TEMPLATE = "bench_template"
Scale = Literal["least", "quick", "full", "long"]


@dataclass
class Api:
    """A running API server (main process and workers)."""

    process: subprocess.Popen[bytes]
    port: int

    @property
    def pid(self) -> int:
        return self.process.pid


@dataclass
class Store:
    """One freshly installed database."""

    cluster: Cluster
    name: str

    def url(self, role: str) -> str:
        return self.cluster.url(self.name, role)

    def connect(self, role: str = "postgres") -> psycopg.Connection[Any]:
        """An autocommit connection that sends array parameters as the API's do."""
        connection = psycopg.connect(self.url(role), autocommit=True, prepare_threshold=0)
        prepare(connection)
        return connection

    def register(self, agents: Sequence[Agent]) -> str:
        """Register the agents' keys; answers an API key that may write to the first agent's tenant."""
        with self.connect("ves_admin") as connection:
            for agent in agents:
                connection.execute(
                    "select ves.register_agent_key(%s, %s, 1, %s)",
                    [agent.tenant_id, agent.agent_id, agent.public_key],
                )
        return self.api_key(agents[0].tenant_id)

    def api_key(self, tenant_id: uuid.UUID) -> str:
        key = f"ss_{str(tenant_id)[:8]}{secrets.token_hex(16)}"
        with self.connect("ves_admin") as connection:
            connection.execute(
                "select ves.create_api_key(%s, %s, can_read => true, can_write => true)",
                [hashlib.sha256(key.encode()).hexdigest(), tenant_id],
            )
        return key

    def register_signer(self) -> int:
        with self.connect("ves_api") as connection:
            statement = "select ves.register_signer(%s, 0, 'ed25519', %s)"
            return int(scalar(connection, statement, SEQUENCER_ID, SEQUENCER_PUBLIC_KEY))

    @contextlib.contextmanager
    def api(self, log: Path, **environment: str) -> Iterator[Api]:
        """The API, started by the same command as `make up` does, with its defaults; ended on the way out."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        settings = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{ROOT / 'api'}:{ROOT / 'plpython'}",
            "DATABASE_URL": self.url("ves_api"),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "GRPC_DISABLED": "true",
            "BOOTSTRAP_ADMIN_API_KEY": BOOTSTRAP_KEY,
            **keyring.ENVIRONMENT,
            "VES_SEQUENCER_ID": str(SEQUENCER_ID),
            "VES_SEQUENCER_SIGNING_KEY": SEQUENCER_SEED.hex(),
            "LOG_FORMAT": "json",
            **environment,
        }
        with log.open("ab") as stream:
            command = [sys.executable, "-m", "ves_api.cli", "serve"]
            process = subprocess.Popen(command, env=settings, stdout=stream, stderr=stream, cwd="/")
        try:
            _wait_until_ready(process, port, log)
            yield Api(process, port)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@dataclass
class Bench:
    """What every scenario gets."""

    cluster: Cluster
    cores: int
    folder: Path
    scale: Scale = "full"

    def size(self, full: int, quick: int, least: int, long: int | None = None) -> int:
        """How much to do. `least` runs every statement of a scenario once or twice; its figures mean nothing."""
        return {"least": least, "quick": quick, "full": full, "long": long or full}[self.scale]

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        """A fresh database, dropped afterwards: a copy of one in which the engine was installed once."""
        name = f"bench_{uuid.uuid4().hex}"
        with self.cluster.connect() as connection:
            if not scalar(connection, "select count(*) from pg_database where datname = %s", _TEMPLATE):
                connection.execute(f"create database {_TEMPLATE}")
                install(self.cluster.url(_TEMPLATE))
                with self.cluster.connect(_TEMPLATE) as template:
                    template.execute("create extension if not exists pg_stat_statements")
            connection.execute(f"create database {name} template {_TEMPLATE}")
            connection.execute("checkpoint")
        yield Store(self.cluster, name)
        with self.cluster.connect() as connection:
            connection.execute(f"drop database {name} with (force)")

    def product(self) -> AbstractContextManager[Product]:
        """The whole product, freshly started."""
        return product.running(self.folder)

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def scalar(connection: psycopg.Connection[Any], statement: str, *parameters: object) -> Any:
    """The first column of the first row."""
    row = connection.execute(statement, parameters).fetchone()
    return None if row is None else row[0]


def server_settings(cluster: Cluster) -> dict[str, str]:
    """The settings that matter for speed and durability, as the server tells them."""
    with cluster.connect() as connection:
        return {name: scalar(connection, "select current_setting(%s)", name) for name in SHOWN_SETTINGS}


@contextlib.contextmanager
def private_server() -> Iterator[Cluster]:
    """A server of our own; refuses to measure one that is not durable."""
    cluster = new_cluster(None, **SERVER_SETTINGS)
    try:
        settings = server_settings(cluster)
        if (settings["fsync"], settings["synchronous_commit"], settings["full_page_writes"]) != (
            "on",
            "on",
            "on",
        ):
            raise RuntimeError(f"the server is not durable: {settings}")
        yield cluster
    finally:
        discard(cluster)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the API ended: {log.read_text(encoding='utf-8')[-2000:]}")
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            client.request("GET", "/ready")
            if client.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            client.close()
        time.sleep(0.05)
    raise RuntimeError(f"the API was not ready in time: {log.read_text(encoding='utf-8')[-2000:]}")
