"""What each role can do, found out by connecting as it and trying."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

LOGINS = ["ves_api", "ves_worker", "ves_service", "ves_reader", "ves_admin", "ves_authenticator"]
ROLES = [*LOGINS, "ves_anon", "ves_tenant"]
STAFF = {"ves_api", "ves_worker", "ves_service", "ves_reader", "ves_admin"}
VIEWS = {
    "anchor_states": {"ves_reader", "ves_admin"},
    "errors": STAFF,
    "signers": STAFF,
    "events": {"ves_reader", "ves_admin"},
    "sequencer_receipts": {"ves_reader", "ves_admin"},
    "commit_policies": {"ves_reader", "ves_admin"},
    "commitments": {"ves_reader", "ves_admin"},
    "rejections": {"ves_reader", "ves_admin"},
    "queue_metrics": {"ves_reader", "ves_admin"},
    "agent_encryption_keys": {"ves_reader", "ves_admin"},
    "shredded_payloads": {"ves_reader", "ves_admin"},
}
DENIED = psycopg.errors.InsufficientPrivilege
GRANTS = (ROOT / "sql" / "grants" / "grants.sql").read_text(encoding="utf-8")
WRITTEN = {
    name: set(roles.split(",")) for name, roles in re.findall(r"\('ves\.(\w+)', '\{([\w,]+)\}'", GRANTS)
}


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest, shared: Database) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """Each role with a connection of its own; nothing that it does is kept."""
    login = request.param in LOGINS
    with closing(shared.connect(request.param if login else "postgres")) as connection:
        if not login:
            connection.execute(f"set role {request.param}")
        connection.autocommit = False
        yield request.param, connection
        connection.rollback()


def functions(database: Database, schema: str) -> list[tuple[str, str]]:
    """Each function with a call whose arguments the planner cannot fold away."""
    with database.connect() as connection:
        rows = connection.execute(
            """select p.oid, p.proname, p.prokind, p.prorettype = 'trigger'::regtype,
              coalesce((select array_agg(t::regtype::text order by o)
                from unnest(p.proargtypes) with ordinality as a (t, o)), '{}')
            from pg_proc as p where p.pronamespace = %s::regnamespace order by 2""",
            [schema],
        ).fetchall()
    calls = []
    for _, name, kind, is_trigger, types in rows:
        if is_trigger:
            continue
        columns = ", ".join(f"null::{kind_of} as a{at}" for at, kind_of in enumerate(types)) or "1 as unused"
        arguments = ", ".join(f"x.a{at}" for at in range(len(types)))
        over = " over (order by 1)" if kind == "a" else ""
        calls.append(
            (name, f"select {schema}.{name}({arguments}){over} from (select {columns} offset 0) as x")
        )
    return calls


def is_denied(connection: psycopg.Connection[Any], statement: str, denial: str) -> bool:
    """Whether the server refuses for want of privilege; any other end means that the door is open."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except DENIED as error:
        return re.match(denial, error.diag.message_primary or "") is not None
    except psycopg.Error:
        return False
    return False


def test_each_role_executes_exactly_what_the_grants_file_gives_it(
    role: tuple[str, psycopg.Connection[Any]], shared: Database
) -> None:
    name, connection = role
    opened = {
        function
        for function, call in functions(shared, "ves")
        if not is_denied(connection, call, r"permission denied for (function|schema ves$)")
    }
    assert opened == {function for function, roles in WRITTEN.items() if name in roles}


def test_the_grants_file_names_every_public_function(shared: Database) -> None:
    assert {name for name, _ in functions(shared, "ves")} == set(WRITTEN)


def test_no_role_executes_a_private_function(
    role: tuple[str, psycopg.Connection[Any]], shared: Database
) -> None:
    _, connection = role
    private = functions(shared, "ves_int")
    assert len(private) > 20
    # A call that names a type of another schema is refused at that schema already.
    denial = "permission denied for schema (ves_int|ves_store|ves)$"
    assert [call for _, call in private if not is_denied(connection, call, denial)] == []


def tables(database: Database, schema: str, kinds: str = "rp") -> list[tuple[str, str]]:
    with database.connect() as connection:
        return connection.execute(
            """select c.relname, (select a.attname from pg_attribute as a
              where a.attrelid = c.oid and a.attnum > 0 and a.attidentity = '' order by a.attnum limit 1)
            from pg_class as c where c.relnamespace = %s::regnamespace and c.relkind = any(%s::"char"[]) order by 1""",
            [schema, list(kinds)],
        ).fetchall()


@pytest.mark.parametrize("schema", ["ves_store", "pgmq"])
def test_no_role_reads_or_writes_a_table(
    role: tuple[str, psycopg.Connection[Any]], shared: Database, schema: str
) -> None:
    _, connection = role
    found = [
        (name, column)
        for name, column in tables(shared, schema)
        if schema == "ves_store" or name.endswith("ves_commit")
    ]
    assert found
    open_doors = [
        statement
        for table, column in found
        for statement in (
            f"select from {schema}.{table}",
            f"insert into {schema}.{table} default values",
            f'update {schema}.{table} set "{column}" = "{column}"',
            f"delete from {schema}.{table}",
            f"truncate {schema}.{table}",
            f"lock table {schema}.{table}",
            f"copy {schema}.{table} to stdout",
        )
        if not is_denied(connection, statement, f"permission denied for (schema {schema}|table)")
    ]
    assert open_doors == []


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_read_by_those_it_is_for_and_written_by_nobody(
    role: tuple[str, psycopg.Connection[Any]], view: str
) -> None:
    name, connection = role
    denial = r"permission denied for (view|schema ves$)"
    assert is_denied(connection, f"select from ves.{view}", denial) is (name not in VIEWS[view])
    with (
        connection.transaction(force_rollback=True),
        pytest.raises((DENIED, psycopg.errors.ObjectNotInPrerequisiteState)),
    ):
        connection.execute(f"delete from ves.{view}")


def test_every_view_has_its_readers_written_down(shared: Database) -> None:
    assert {name for name, _ in tables(shared, "ves", "v")} == set(VIEWS)


def test_no_role_creates_anything_in_any_schema(role: tuple[str, psycopg.Connection[Any]]) -> None:
    _, connection = role
    for schema in ("public", "ves", "ves_store", "ves_int", "rest", "pgmq"):
        statement = f"create function {schema}.planted() returns int language sql as 'select 1'"
        assert is_denied(connection, statement, f"permission denied for schema {schema}"), schema


# The others are reached by `set role` of the superuser, who may become anybody.
@pytest.mark.parametrize("role", sorted(LOGINS), indirect=True)
def test_no_role_may_become_another(role: tuple[str, psycopg.Connection[Any]]) -> None:
    name, connection = role
    for other in ["ves_owner", "postgres", *(STAFF - {name})]:
        with connection.transaction(force_rollback=True), pytest.raises(DENIED):
            connection.execute(f"set role {other}")


def test_no_role_has_powers_beyond_its_grants(shared: Database) -> None:
    with shared.connect() as connection:
        rows = connection.execute(
            """select r.rolname from pg_roles as r where r.rolname ^@ 'ves_'
            and (r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
              or (r.rolcanlogin and r.rolname in ('ves_owner', 'ves_anon')))"""
        ).fetchall()
    assert rows == []


def test_a_trusted_service_cannot_call_the_function_that_trusts_its_caller(shared: Database) -> None:
    (call,) = [call for name, call in functions(shared, "ves") if name == "ingest_events"]
    with shared.connect("ves_service") as connection, pytest.raises(DENIED, match="ingest_events"):
        connection.execute(call)


def test_a_role_without_grants_is_locked_out_of_every_schema(shared: Database) -> None:
    with shared.connect() as connection:
        for schema in ("ves", "ves_store", "ves_int", "rest", "pgmq"):
            row = connection.execute(
                "select has_schema_privilege('ves_authenticator', %s, 'usage')", [schema]
            ).fetchone()
            assert row == (False,), schema
