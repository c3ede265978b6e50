"""Fixtures: one server a run, one installed template database, one clone a test."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.api import coverage
from tests.support import skips
from tests.support.cluster import Cluster, discard, new_cluster
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = "ves_template"
LOGINS = "ves_api, ves_worker, ves_service, ves_reader, ves_admin, ves_authenticator"


def pytest_addoption(parser: pytest.Parser) -> None:
    skips.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    skips.configure(config)
    config.pluginmanager.register(coverage.plugin())


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
def cluster() -> Iterator[Cluster]:
    """The server of this run."""
    server = new_cluster()
    yield server
    discard(server)


@pytest.fixture(scope="session")
def engine(cluster: Cluster) -> Cluster:
    """The server with the engine installed in the template database."""
    with cluster.connect() as connection:
        connection.execute(f"create database {TEMPLATE}")
    install(cluster.url(TEMPLATE))
    with cluster.connect(TEMPLATE) as connection:
        connection.execute("create extension if not exists pg_stat_statements")
    return cluster


def clone(connection: psycopg.Connection, name: str) -> None:
    """Copy the template, with the grants on the database itself, which PostgreSQL does not copy."""
    connection.execute(f"create database {name} template {TEMPLATE}")
    connection.execute(f"revoke all on database {name} from public")
    connection.execute(f"grant temporary on database {name} to ves_owner")
    connection.execute(f"grant connect on database {name} to {LOGINS}")


@pytest.fixture
def database(engine: Cluster) -> Iterator[Database]:
    """A clone of the template, dropped afterwards."""
    name = f"t_{uuid.uuid4().hex}"
    with engine.connect() as connection:
        clone(connection, name)
    yield Database(engine, name)
    with engine.connect() as connection:
        connection.execute(f"drop database {name} with (force)")
