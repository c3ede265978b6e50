"""Any single change to the audit log is found: a row removed, edited, swapped or added, a head moved."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

ENTRIES = 6
PLACES = st.integers(1, ENTRIES)
BOUNDED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# column -> another value of it
EDITS = {
    "tenant_id": "gen_random_uuid()",
    "number": "number + 100",
    "id": "gen_random_uuid()",
    "timestamp": "timestamp + interval '1 microsecond'",
    "action": "'custom:other'",
    "actor": "actor || ' '",
    "actor_type": "'jwt'",
    "database_role": "'ves_reader'",
    "resource_type": "null",
    "resource_id": "resource_type || resource_id",
    "request_id": "''",
    "ip_address": "'192.0.2.1'",
    "user_agent": "'x'",
    "details": """details || '{"n": "0"}'""",
    "success": "not success",
    "error_message": "''",
    "previous_hash": "sha256(previous_hash)",
    "hash": "sha256(hash)",
}


@pytest.fixture(scope="module")
def superuser(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    """One who can switch the triggers off; everything is rolled back."""
    with shared.connect() as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def findings(connection: psycopg.Connection[Any], tenant: uuid.UUID) -> list[Any]:
    return connection.execute("select number, finding from ves.verify_audit(%s)", [tenant]).fetchall()


def is_found(connection: psycopg.Connection[Any], *statements: str, **parameters: Any) -> bool:
    """Whether a chain that was clean is not, once the statements have run; each must change a row."""
    tenant = uuid.uuid4()
    with connection.transaction(force_rollback=True):
        connection.execute("set local session_replication_role = origin")
        for number in range(ENTRIES):
            connection.execute(
                "select ves.record_audit('custom:probe', %s, 'thing', 'x', jsonb_build_object('n', %s::int))",
                [tenant, number],
            )
        connection.execute("set constraints all immediate")  # the chain's head moves
        connection.execute("set local session_replication_role = replica")
        assert findings(connection, tenant) == []
        for statement in statements:
            changed = connection.execute(statement, {"tenant": tenant, **parameters}).rowcount
            assert changed > 0, statement
        return findings(connection, tenant) != []


def renumber(old: int, new: int) -> str:
    return f"update ves_store.audit_log set number = {new} where tenant_id = %(tenant)s and number = {old}"


@BOUNDED
@given(PLACES)
def test_a_removed_entry_is_found(superuser: psycopg.Connection[Any], place: int) -> None:
    statement = "delete from ves_store.audit_log where tenant_id = %(tenant)s and number = %(place)s"
    assert is_found(superuser, statement, place=place)


@BOUNDED
@given(PLACES)
def test_a_removed_end_is_found(superuser: psycopg.Connection[Any], place: int) -> None:
    statement = "delete from ves_store.audit_log where tenant_id = %(tenant)s and number >= %(place)s"
    assert is_found(superuser, statement, place=place)


@BOUNDED
@given(PLACES)
def test_a_removed_entry_is_found_even_when_the_others_close_the_gap(
    superuser: psycopg.Connection[Any], place: int
) -> None:
    assert is_found(
        superuser,
        "delete from ves_store.audit_log where tenant_id = %(tenant)s and number = %(place)s",
        *(renumber(number, number - 1) for number in range(place + 1, ENTRIES + 1)),
        "update ves_store.audit_heads set number = number - 1 where tenant_id = %(tenant)s",
        place=place,
    )


@pytest.mark.parametrize("column", EDITS)
@BOUNDED
@given(place=PLACES)
def test_an_edited_entry_is_found(superuser: psycopg.Connection[Any], column: str, place: int) -> None:
    statement = (
        f"update ves_store.audit_log set {column} = {EDITS[column]}"
        " where tenant_id = %(tenant)s and number = %(place)s"
    )
    assert is_found(superuser, statement, place=place)


@BOUNDED
@given(st.lists(PLACES, min_size=2, max_size=2, unique=True), st.booleans())
def test_two_entries_that_changed_places_are_found(
    superuser: psycopg.Connection[Any], pair: list[int], relinked: bool
) -> None:
    first, second = pair
    exchange_links = """update ves_store.audit_log as a set previous_hash = b.previous_hash
      from ves_store.audit_log as b
      where a.tenant_id = %(tenant)s and b.tenant_id = %(tenant)s
        and (a.number, b.number) in ((%(first)s, %(second)s), (%(second)s, %(first)s))"""
    assert is_found(
        superuser,
        renumber(first, 1000),
        renumber(second, first),
        renumber(1000, second),
        *([exchange_links] if relinked else []),
        first=first,
        second=second,
    )


def test_an_entry_that_nobody_wrote_is_found(superuser: psycopg.Connection[Any]) -> None:
    forged = """insert into ves_store.audit_log select (f.entry).* from (
      select jsonb_populate_record(a, jsonb_build_object(
        'number', a.number + 1, 'id', gen_random_uuid(), 'previous_hash', a.hash)) as entry
      from ves_store.audit_log as a where a.tenant_id = %(tenant)s and a.number = 6) as f"""
    rehash = """update ves_store.audit_log as a set hash = ves_int.audit_hash(a)
      where a.tenant_id = %(tenant)s and a.number = 7"""
    assert is_found(superuser, forged, rehash)


@pytest.mark.parametrize(
    "statement",
    [
        "update ves_store.audit_heads set number = number - 1 where tenant_id = %(tenant)s",
        "update ves_store.audit_heads set number = number + 1 where tenant_id = %(tenant)s",
        "update ves_store.audit_heads set hash = sha256(hash) where tenant_id = %(tenant)s",
        "delete from ves_store.audit_heads where tenant_id = %(tenant)s",
        "delete from ves_store.audit_log where tenant_id = %(tenant)s",
    ],
)
def test_a_head_that_does_not_fit_is_found(superuser: psycopg.Connection[Any], statement: str) -> None:
    assert is_found(superuser, statement)


def test_a_whole_chain_that_vanished_with_its_head_leaves_nothing_to_find(
    superuser: psycopg.Connection[Any],
) -> None:
    # The documented limit: keep number and hash of a newest entry elsewhere.
    assert not is_found(
        superuser,
        "delete from ves_store.audit_log where tenant_id = %(tenant)s",
        "delete from ves_store.audit_heads where tenant_id = %(tenant)s",
    )
