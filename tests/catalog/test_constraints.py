"""Every unique constraint that a call can violate has a meaning in sql/errors/constraints.csv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from ves_edge.gen.constraints import CONSTRAINTS
from ves_edge.translate import is_conflict, translate

if TYPE_CHECKING:
    from tests.conftest import Database

# Written by the installation only.
NO_CALL_WRITES = ["migrations", "alembic_version", "schema_state", "errors"]


def test_every_unique_index_says_what_its_violation_means(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        "select i.indexrelid::regclass::text from pg_index as i join pg_class as c on c.oid = i.indrelid"
        " where i.indisunique and c.relnamespace = 'ves_store'::regnamespace and c.relname <> all(%s)",
        [NO_CALL_WRITES],
    ).fetchall()
    names = {name.removeprefix("ves_store.") for (name,) in rows}
    unknown = names ^ CONSTRAINTS.keys()
    assert unknown == set(), "sql/errors/constraints.csv must name each of them; then `make generate`"


def violation(database: Database, constraint: str) -> psycopg.Error:
    with database.connect() as connection, pytest.raises(psycopg.errors.UniqueViolation) as caught:
        connection.execute(f"do 'begin raise unique_violation using constraint = ''{constraint}''; end'")
    return caught.value


@pytest.mark.parametrize(
    ("constraint", "name", "conflict"),
    [
        ("ves_events_pkey", "overloaded", True),
        ("api_keys_pkey", "api_key_exists", False),
        ("audit_log_pkey", "internal_error", False),
        ("of_another_schema", "internal_error", False),
    ],
)
def test_a_violation_is_told_by_the_constraint(
    shared: Database, constraint: str, name: str, *, conflict: bool
) -> None:
    error = violation(shared, constraint)
    assert translate(error).name == name
    assert is_conflict(error) is conflict
