"""Fixtures of the engine tests: one database for many tests (each uses tenants of its own), an edge, an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import Database, cloned
from tests.sql.support import Agent, Edge

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.support.cluster import Cluster


@pytest.fixture(scope="session")
def shared(engine: Cluster) -> Iterator[Database]:
    """A database that tests share; nothing in it is ever undone."""
    with cloned(engine, "shared") as own:
        yield own


@pytest.fixture(scope="session")
def edge(shared: Database) -> Iterator[Edge]:
    """The API's role in the shared database."""
    with shared.connect("ves_api") as connection:
        yield Edge.open(connection)


@pytest.fixture(scope="session")
def admin(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    """The operator in the shared database."""
    with shared.connect("ves_admin") as connection:
        yield connection


@pytest.fixture(scope="session")
def service(shared: Database, edge: Edge) -> Iterator[psycopg.Connection[Any]]:
    """The trusted service in the shared database, which has a signer."""
    with shared.connect("ves_service") as connection:
        yield connection


@pytest.fixture(scope="session")
def worker(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    """The worker in the shared database."""
    with shared.connect("ves_worker") as connection:
        yield connection


@pytest.fixture
def owner(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    """The superuser in the shared database, in a transaction that is rolled back."""
    with shared.connect() as connection:
        connection.autocommit = False
        yield connection
        connection.rollback()


@pytest.fixture
def agent(edge: Edge) -> Agent:
    """A fresh agent with a registered key and a stream of its own."""
    fresh = Agent()
    fresh.register(edge.connection)
    return fresh
