"""Fixtures: one server a run, one installed template database, one clone a test."""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.api import coverage
from tests.support import authorities, skips
from tests.support.cluster import Cluster, discard, folder_in_memory, new_cluster
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = "ves_template"
MOST_PROCESSES = 8
LOGINS = "ves_api, ves_worker, ves_service, ves_reader, ves_admin, ves_authenticator"


def pytest_addoption(parser: pytest.Parser) -> None:
    skips.add_option(parser)
    parser.addoption(
        "--size", type=float, default=1.0, help="how many times as much the sized long forms do (README.md)"
    )


def pytest_configure(config: pytest.Config) -> None:
    authorities.hide()
    skips.configure(config)
    config.pluginmanager.register(coverage.plugin())


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """A process for each core that this one may use, up to MOST_PROCESSES: each has a PostgreSQL server of its own."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(cores or 1, MOST_PROCESSES)


@dataclass(frozen=True)
class Database:
    """A database of its own for one test."""

    cluster: Cluster
    name: str

    def url(self, role: str = "postgres") -> str:
        return self.cluster.url(self.name, role)

    def connect(self, role: str = "postgres") -> psycopg.Connection:
        """Autocommit connection as a role."""
        return self.cluster.connect(self.name, role)


@pytest.fixture(scope="session")
def size(request: pytest.FixtureRequest) -> float:
    """Factor of the numbers of events, rounds and calls (`--size`)."""
    return float(request.config.getoption("--size"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The server of this run."""
    server = new_cluster(folder=folder_in_memory())
    yield server
    discard(server)


@pytest.fixture(scope="session")
def engine(cluster: Cluster) -> Cluster:
    """The server with the engine installed in the template database."""
    with cluster.connect() as connection:
        connection.execute(f"create database {TEMPLATE}")
    install(cluster.url(TEMPLATE))
    with cluster.connect(TEMPLATE) as connection:
        connection.execute("select ves.set_projection_mode('asynchronous')")
    with cluster.connect(TEMPLATE) as connection:
        connection.execute("create extension if not exists pg_stat_statements")
    return cluster


@contextmanager
def cloned(engine: Cluster, prefix: str) -> Iterator[Database]:
    """A copy of the template, dropped afterwards.

    It gets the grants on the database itself again, which PostgreSQL does not copy.
    """
    name = f"{prefix}_{uuid.uuid4().hex}"
    # A copy of files is quick where a checkpoint is: in memory 0.05 s instead of 0.2, on disk 4 s instead of 0.3.
    strategy = "file_copy" if engine.is_in_memory else "wal_log"
    with engine.connect() as connection:
        connection.execute(f"create database {name} template {TEMPLATE} strategy {strategy}")
        connection.execute(f"revoke all on database {name} from public")
        connection.execute(f"grant temporary on database {name} to ves_owner")
        connection.execute(f"grant connect on database {name} to {LOGINS}")
    try:
        yield Database(engine, name)
    finally:
        with engine.connect() as connection:
            connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def database(engine: Cluster) -> Iterator[Database]:
    """A database of its own for one test."""
    with cloned(engine, "t") as own:
        yield own
