"""Failures of driver, pool and server have names of the registry."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from ves_edge.errors import ApiError
from ves_edge.translate import translate

if TYPE_CHECKING:
    from tests.conftest import Database

ID = uuid.UUID("5e90e9ce-0000-4000-8000-00000000000f")


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (psycopg.errors.lookup("40001")(), "overloaded"),
        (psycopg.errors.lookup("57014")(), "timeout"),
        (psycopg.errors.lookup("57P01")(), "database_unavailable"),
        (psycopg.errors.lookup("53300")(), "database_unavailable"),
        (psycopg.errors.lookup("42883")(), "internal_error"),
        (psycopg.OperationalError(), "database_unavailable"),
        (psycopg.ProgrammingError(), "internal_error"),
        (PoolTimeout(), "overloaded"),
        (ValueError(), "internal_error"),
        (psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes"), "invalid_field"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), "invalid_field"),
    ],
)
def test_failures_have_registered_names(error: Exception, name: str) -> None:
    assert translate(error).name == name


def test_an_error_of_the_engine_keeps_its_code_and_details(database: Database) -> None:
    with database.connect("ves_api") as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("select ves.create_commitment(%s, %s, 5::bigint, 4::bigint)", [ID, ID])
    error = translate(caught.value)
    assert (error.sqlstate, error.name, error.status) == ("VE601", "range_is_empty", 400)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("must have at most 9 bytes", "name: must have at most 9 bytes"),
        ("name is too long", "name is too long"),
    ],
)
def test_a_message_names_the_field_that_its_details_name(message: str, shown: str) -> None:
    """Also of the engine's errors: many clients show the message alone."""
    assert ApiError("invalid_field", message, details={"field": "name"}).message == shown
    assert ApiError.from_sqlstate("VE007", message, {"field": "name"}).message == shown


def test_an_unregistered_engine_code_is_an_internal_error() -> None:
    assert ApiError.from_sqlstate("VE999", "x", None).name == "internal_error"
