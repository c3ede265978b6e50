"""A PostgreSQL server for the fault tests alone: it may be killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fault.system import System, make_database
from tests.support.cluster import Cluster, discard, new_cluster
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPLATE = "ves_fault"


@pytest.fixture(scope="session")
def mortal() -> Iterator[Cluster]:
    """The server with an installed template."""
    cluster = new_cluster()
    with cluster.connect() as connection:
        connection.execute(f"create database {TEMPLATE}")
    install(cluster.url(TEMPLATE))
    yield cluster
    discard(cluster)


@pytest.fixture
def system(mortal: Cluster, tmp_path: Path) -> Iterator[System]:
    """Everything running on an empty database."""
    make_database(mortal, TEMPLATE)
    running = System(mortal, tmp_path)
    running.start()
    yield running
    running.stop()
