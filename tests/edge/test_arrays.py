"""Array parameters in PostgreSQL's binary form arrive as they were."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from psycopg.adapt import PyFormat
from psycopg.postgres import types
from psycopg.pq import Format

from ves_edge import arrays
from ves_edge.pool import prepare

if TYPE_CHECKING:
    from tests.conftest import Database


ID = uuid.UUID("5e90e9ce-0000-4000-8000-00000000000f")


@pytest.mark.parametrize(
    ("kind", "type_name", "values"),
    [
        (arrays.UuidArray, "uuid[]", [ID, uuid.UUID(int=0)]),
        (arrays.UuidArray, "uuid[]", [None, ID, None]),
        (arrays.TextArray, "text[]", ["", "a", 'ü{}",\\null', None]),
        (arrays.TextArray, "text[]", ["NULL", "null"]),
        (arrays.BytesArray, "bytea[]", [b"", b"\x00\xff", None]),
        (arrays.Int2Array, "smallint[]", [0, -1, None, 32767]),
        (arrays.Int4Array, "int[]", [0, 1, 2147483647]),
        (arrays.Int8Array, "bigint[]", [0, None, -(2**63), 2**63 - 1]),
    ],
)
def test_an_array_arrives_as_it_was(kind: Any, type_name: str, values: list[Any], database: Database) -> None:
    with database.connect() as connection:
        prepare(connection)
        row = connection.execute(
            f"select pg_typeof(%(a)s) = '{type_name}'::regtype, %(a)s", {"a": kind(values)}
        ).fetchone()
    assert row == (True, values)


def test_a_column_of_nulls_only_is_the_null_array(database: Database) -> None:
    with database.connect() as connection:
        prepare(connection)
        for nothing in ([None, None], []):
            parameter = arrays.UuidArray(nothing)
            assert connection.execute("select %s is null", [parameter]).fetchone() == (True,)
        kept = arrays.Int8Array([None, None], keeps_nulls=True)
        assert connection.execute("select %s", [kept]).fetchone() == ([None, None],)


def test_key_numbers_above_31_bits_are_stored_by_their_bit_pattern(database: Database) -> None:
    with database.connect() as connection:
        prepare(connection)
        parameter = arrays.KeyNumberArray([0, 2**31, 2**32 - 1])
        assert connection.execute("select %s", [parameter]).fetchone() == ([0, -(2**31), -1],)


def test_json_elements_keep_their_text(database: Database) -> None:
    texts = [b'{"a":1.0, "a":2}', rb'"\u0000"', b"1e400"]
    with database.connect() as connection:
        prepare(connection)
        row = connection.execute(
            "select array(select e::text from unnest(%s) as e)", [arrays.JsonArray(texts)]
        ).fetchone()
    assert row == ([t.decode() for t in texts],)


def test_a_new_connection_makes_no_class_of_its_own(database: Database) -> None:
    found = []
    for _ in range(2):
        with database.connect() as connection:
            prepare(connection)
            adapters = connection.adapters
            kinds = arrays.ArrayParameter.__subclasses__()
            found.append([adapters.get_dumper(kind, PyFormat.AUTO) for kind in kinds])
            found[-1] += [adapters.get_loader(types[name].oid, Format.BINARY) for name in ("json", "jsonb")]
    assert found[0] == found[1], "psycopg keeps each class for as long as the process lives"
