"""A database whose text rules differ from ours is refused before anything is asked of it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.sql.support import scalar
from ves_edge.connection import Connection
from ves_edge.dsn import session_conninfo
from ves_edge.engine_check import require_engine
from ves_edge.errors import ApiError
from ves_edge.gen import sync

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database


OTHERWISE = [
    "timezone to 'Asia/Kathmandu'",
    "datestyle to 'SQL'",
    "intervalstyle to 'sql_standard'",
    "array_nulls to off",
    "standard_conforming_strings to off",
    "default_transaction_isolation to 'serializable'",
    "default_transaction_deferrable to on",
]


@pytest.fixture
def foreign(database: Database) -> Iterator[str]:
    """DSN of an empty database in another encoding on the same server."""
    name = f"foreign_{secrets.token_hex(4)}"
    with database.connect() as superuser:
        superuser.execute(f"create database {name} encoding 'LATIN1' locale 'C' template template0")
        here = scalar(superuser, "select current_database()")
        yield database.url().replace(here, name)
        superuser.execute(f"drop database {name} with (force)")


@pytest.mark.parametrize("enforced", [True, False])
def test_a_database_in_another_encoding_is_refused_by_name(foreign: str, enforced: bool) -> None:
    with Connection(foreign) as connection, pytest.raises(ApiError) as refusal:
        require_engine(connection, "ves_api", enforced=enforced)
    assert refusal.value.name == "database_unsuitable"
    assert refusal.value.message == "server_encoding of the database is LATIN1, and must be UTF8"


def test_a_session_with_other_literal_rules_is_refused(database: Database) -> None:
    with database.connect() as superuser:
        name = scalar(superuser, "select current_database()")
        superuser.execute(f"alter database {name} set standard_conforming_strings to off")
    with Connection(database.url("ves_api")) as connection, pytest.raises(ApiError) as refusal:
        require_engine(connection, "ves_api", enforced=True)
    assert refusal.value.message == "standard_conforming_strings of the database is off, and must be on"


def test_defaults_of_a_database_do_not_reach_the_session_of_an_edge(database: Database) -> None:
    with database.connect() as superuser:
        name = scalar(superuser, "select current_database()")
        for setting in OTHERWISE:
            superuser.execute(f"alter database {name} set {setting}")
    conninfo = session_conninfo(database.url("ves_api"), application_name="t", limits={})
    with Connection(conninfo) as connection:
        require_engine(connection, "ves_api", enforced=True)
        assert sync.list_migrations(connection)[0].applied_at.tzinfo is not None
    with psycopg.connect(conninfo) as session:
        shown = [scalar(session, f"show {setting.split()[0]}") for setting in OTHERWISE]
    assert shown == ["UTC", "ISO, MDY", "postgres", "on", "on", "read committed", "off"]


@pytest.mark.parametrize("role", ["ves_api", "ves_worker"])
def test_the_installed_database_is_accepted(database: Database, role: str) -> None:
    with Connection(database.url(role)) as connection:
        require_engine(connection, role, enforced=True)
