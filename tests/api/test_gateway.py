"""The gateway's own parts: array parameters, statements, merging rules, and the translation of failures."""

from __future__ import annotations

import uuid
from collections import deque
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from ves_api.ingest.coalescer import Append, take
from ves_api.ingest.columns import EncodedEvents
from ves_api.ingest.verdicts import Verdicts
from ves_edge import arrays
from ves_edge.errors import ApiError
from ves_edge.pool import prepare
from ves_edge.translate import translate

if TYPE_CHECKING:
    from tests.conftest import Database


def nullable(encode: Any) -> Any:
    return lambda values: arrays.nullable(values, encode)


ID = uuid.UUID("5e90e9ce-0000-4000-8000-00000000000f")


@pytest.mark.parametrize(
    ("kind", "column", "type_name", "values"),
    [
        (arrays.UuidArray, arrays.uuids, "uuid[]", [ID, uuid.UUID(int=0)]),
        (arrays.UuidArray, nullable(arrays.uuids), "uuid[]", [None, ID, None]),
        (arrays.TextArray, nullable(arrays.texts), "text[]", ["", "a", 'ü{}",\\null', None]),
        (arrays.TextArray, arrays.texts, "text[]", ["NULL", "null"]),
        (arrays.BytesArray, nullable(arrays.blobs), "bytea[]", [b"", b"\x00\xff", None]),
        (arrays.Int2Array, arrays.int2s, "smallint[]", [0, -1, 32767]),
        (arrays.Int4Array, arrays.int4s, "int[]", [0, 1, 2147483647]),
        (arrays.Int8Array, nullable(arrays.int8s), "bigint[]", [0, None, -(2**63), 2**63 - 1]),
    ],
)
def test_an_array_arrives_as_it_was(
    kind: Any, column: Any, type_name: str, values: list[Any], database: Database
) -> None:
    with database.connect() as connection:
        prepare(connection)
        # In two chunks, as coalesced requests send them.
        parameter = kind([column(values[:1]), column(values[1:])])
        row = connection.execute(
            f"select pg_typeof(%(a)s) = '{type_name}'::regtype, %(a)s", {"a": parameter}
        ).fetchone()
    assert row == (True, values)


def test_a_column_of_nulls_only_is_the_null_array(database: Database) -> None:
    with database.connect() as connection:
        prepare(connection)
        parameter = arrays.UuidArray([nullable(arrays.uuids)([None]), nullable(arrays.uuids)([None, None])])
        assert connection.execute("select %s is null", [parameter]).fetchone() == (True,)
        mixed = arrays.UuidArray([nullable(arrays.uuids)([None]), arrays.uuids([ID])])
        assert connection.execute("select %s", [mixed]).fetchone() == ([None, ID],)


def test_key_numbers_above_31_bits_are_stored_by_their_bit_pattern(database: Database) -> None:
    with database.connect() as connection:
        prepare(connection)
        parameter = arrays.Int4Array([arrays.key_numbers([0, 2**31, 2**32 - 1])])
        assert connection.execute("select %s", [parameter]).fetchone() == ([0, -(2**31), -1],)


def test_json_elements_keep_their_text(database: Database) -> None:
    texts = [b'{"a":1.0, "a":2}', rb'"\u0000"', b"1e400"]
    with database.connect() as connection:
        prepare(connection)
        row = connection.execute(
            "select array(select e::text from unnest(%s) as e)", [arrays.JsonArray([arrays.blobs(texts)])]
        ).fetchone()
    assert row == ([t.decode() for t in texts],)


def append(*ids: int, size: int = 1) -> Append:
    nothing = arrays.Column(size, None)
    return Append(
        tenant_id=ID,
        store_id=ID,
        events=EncodedEvents(size, (), b""),
        verdicts=Verdicts(nothing, nothing, None),
        ids=frozenset(ids),
        auth_epoch=1,
    )


def test_a_call_takes_as_many_requests_as_fit() -> None:
    requests = [append(i, size=400) for i in range(4)]
    queue = deque(requests)
    assert take(queue, 1000) == requests[:2]
    assert list(queue) == requests[2:]


def test_a_request_larger_than_a_call_goes_alone() -> None:
    requests = [append(1, size=5000), append(2)]
    queue = deque(requests)
    assert take(queue, 1000) == requests[:1]
    assert list(queue) == requests[1:]


def test_requests_that_share_an_id_are_not_merged_and_keep_their_order() -> None:
    first, twin, chained, free = append(1), append(1, 2), append(2), append(3)
    queue = deque([first, twin, chained, free])
    assert take(queue, 1000) == [first, free]
    assert list(queue) == [twin, chained]
    assert take(queue, 1000) == [twin]
    assert take(queue, 1000) == [chained]


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
    ],
)
def test_failures_have_registered_names(error: Exception, name: str) -> None:
    assert translate(error).name == name


def test_an_error_of_the_engine_keeps_its_code_and_details(database: Database) -> None:
    with database.connect("ves_api") as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("select ves.create_commitment(%s, %s, 5::bigint, 4::bigint)", [ID, ID])
    error = translate(caught.value)
    assert (error.sqlstate, error.name, error.status) == ("VE601", "range_is_empty", 400)


def test_an_unregistered_engine_code_is_an_internal_error() -> None:
    assert ApiError.from_sqlstate("VE999", "x", None).name == "internal_error"
