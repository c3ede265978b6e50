"""Databases without an engine."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cluster import Cluster


@contextmanager
def scratch(engine: Cluster) -> Iterator[str]:
    name = f"e_{uuid.uuid4().hex}"
    with engine.connect() as connection:
        connection.execute(f"create database {name}")
    yield name
    with engine.connect() as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def empty(engine: Cluster) -> Iterator[str]:
    """An empty database."""
    with scratch(engine) as name:
        yield name


@pytest.fixture
def another(engine: Cluster) -> Iterator[str]:
    """A second empty database."""
    with scratch(engine) as name:
        yield name
