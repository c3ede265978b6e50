"""An installed database, read by the superuser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.fixtures import shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

__all__ = ["catalog", "shared"]


@pytest.fixture
def catalog(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection to the installed engine, in a transaction that is rolled back."""
    with shared.connect() as connection:
        connection.autocommit = False
        yield connection
        connection.rollback()
