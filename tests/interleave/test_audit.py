"""Audit entries of one tenant form one chain, however many write at once; tenants do not wait for each other."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.interleave.sessions import Session
from tests.sql.support import scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from tests.conftest import Database

WRITERS, ENTRIES = 4, 25


@pytest.fixture
def two(shared: Database) -> Iterator[tuple[Session, Session]]:
    with Session(shared, "ves_api") as first, Session(shared, "ves_api") as second:
        yield first, second


def entry(tenant: uuid.UUID) -> Callable[[psycopg.Connection[Any]], Any]:
    return lambda connection: connection.execute(
        "select ves.record_audit('custom:probe', %s, null, null)", [tenant]
    )


def numbers(connection: psycopg.Connection[Any], tenant: uuid.UUID) -> list[int]:
    rows = connection.execute("select number from ves.list_audit(%s, max_rows => 1000)", [tenant]).fetchall()
    return [row[0] for row in rows]


def findings(connection: psycopg.Connection[Any], tenant: uuid.UUID) -> int:
    return int(scalar(connection, "select count(*) from ves.verify_audit(%s)", [tenant]))


@pytest.mark.parametrize("existing", [0, 1])
@pytest.mark.parametrize(("ending", "expected"), [("commit", 2), ("rollback", 1)])
def test_the_second_writer_of_a_tenant_waits_and_links_to_what_was_committed(
    admin: psycopg.Connection[Any], two: tuple[Session, Session], existing: int, ending: str, expected: int
) -> None:
    first, second = two
    tenant = uuid.uuid4()
    for _ in range(existing):
        first.do(entry(tenant))
        first.commit()
    first.do(entry(tenant))
    waiting = second.start(entry(tenant))
    second.must_wait_for(first, waiting)
    getattr(first, ending)()
    waiting.result(timeout=20)
    second.commit()
    assert numbers(admin, tenant) == list(range(1, existing + expected + 1))
    assert findings(admin, tenant) == 0


def test_writers_of_different_tenants_do_not_wait_for_each_other(
    admin: psycopg.Connection[Any], two: tuple[Session, Session]
) -> None:
    first, second = two
    one, other = uuid.uuid4(), uuid.uuid4()
    first.do(entry(one))
    second.do(entry(other))
    second.commit()
    assert numbers(admin, other) == [1]
    assert numbers(admin, one) == []
    first.commit()
    assert numbers(admin, one) == [1]


def test_many_writers_at_once_leave_one_chain_without_a_gap(
    shared: Database, admin: psycopg.Connection[Any]
) -> None:
    tenant = uuid.uuid4()

    def write(_: int) -> None:
        with shared.connect("ves_api") as connection:
            for _ in range(ENTRIES):
                entry(tenant)(connection)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    assert numbers(admin, tenant) == list(range(1, WRITERS * ENTRIES + 1))
    assert findings(admin, tenant) == 0
