"""What the three roles of PostgREST can do: read the views of schema rest, and nothing else anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

from tests.rest.conftest import token

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.conftest import Database
    from tests.rest.tenants import TenantData

    Acting = Callable[..., AbstractContextManager[psycopg.Connection[Any]]]

DENIED = psycopg.errors.InsufficientPrivilege
ROLES = ["ves_tenant", "ves_anon", "ves_authenticator"]
WRITES = (
    "insert into rest.{view} (tenant_id) values (null)",
    "update rest.{view} set tenant_id = tenant_id",
    "delete from rest.{view}",
)


def test_every_view_is_a_barrier_over_the_owners_rights_and_asks_for_the_claims(shared: Database) -> None:
    with shared.connect() as connection:
        found = connection.execute(
            """select c.relname, c.relkind::text, pg_get_userbyid(c.relowner), c.reloptions, pg_get_viewdef(c.oid),
              (select array_agg(a.attname::text) from pg_attribute as a where a.attrelid = c.oid and a.attnum > 0)
            from pg_class as c where c.relnamespace = 'rest'::regnamespace order by 1"""
        ).fetchall()
    assert found
    for name, kind, owner, options, definition, columns in found:
        assert (kind, owner, options) == ("v", "ves_owner", ["security_barrier=true"]), name
        assert "tenant_id" in columns, name
        assert definition.count("claimed_tenant(") == 1, name
        assert definition.count("claimed_stores(") == ("store_id" in columns), name


def test_schema_rest_holds_views_only_so_that_nothing_can_be_called(shared: Database) -> None:
    with shared.connect() as connection:
        row = connection.execute(
            "select count(*) from pg_proc where pronamespace = 'rest'::regnamespace"
        ).fetchone()
    assert row == (0,)


def test_a_tenant_writes_through_no_view(acting: Acting, views: list[str], ours: TenantData) -> None:
    refusals = (
        DENIED,
        psycopg.errors.ObjectNotInPrerequisiteState,
    )  # the latter where a view cannot be written at all
    for view in views:
        for statement in WRITES:
            with acting(token(ours.tenant_id)) as connection, pytest.raises(refusals):
                connection.execute(statement.format(view=view))
        with acting(token(ours.tenant_id)) as connection:
            row = connection.execute(
                "select has_table_privilege(%s, 'insert, update, delete, truncate, references, trigger')",
                [f"rest.{view}"],
            ).fetchone()
            assert row == (False,), view


@pytest.mark.parametrize("role", ["ves_anon", "none"])
def test_whoever_has_no_token_is_refused_at_every_view(
    acting: Acting, views: list[str], ours: TenantData, role: str
) -> None:
    """`none` is the login itself, before it becomes anybody; claims without a role change nothing."""
    for view in views:
        with acting(token(ours.tenant_id), role) as connection, pytest.raises(DENIED):
            connection.execute(sql.SQL("select from rest.{}").format(sql.Identifier(view)))


@pytest.mark.parametrize("role", ROLES)
def test_the_other_schemas_are_closed(shared: Database, role: str) -> None:
    with shared.connect() as connection:
        for schema in ("ves", "ves_int", "ves_store", "pgmq"):
            row = connection.execute(
                "select has_schema_privilege(%s, %s, 'usage')", [role, schema]
            ).fetchone()
            assert row == (False,), schema


@pytest.mark.parametrize("role", ROLES)
def test_no_function_of_ours_can_be_called_and_no_table_read(shared: Database, role: str) -> None:
    with shared.connect() as connection:
        opened = connection.execute(
            """select p.oid::regprocedure::text from pg_proc as p
            where p.pronamespace in ('ves'::regnamespace, 'ves_int'::regnamespace)
              and has_function_privilege(%(role)s, p.oid, 'execute')
            union all
            select c.oid::regclass::text from pg_class as c
            where c.relnamespace in ('ves'::regnamespace, 'ves_int'::regnamespace, 'ves_store'::regnamespace)
              and c.relkind in ('r', 'p', 'v', 'm')
              and has_table_privilege(%(role)s, c.oid, 'select, insert, update, delete, truncate')""",
            {"role": role},
        ).fetchall()
    readers_of_claims = ["ves_int.claimed_stores()", "ves_int.claimed_tenant(text)"]
    assert sorted(row[0] for row in opened) == (readers_of_claims if role == "ves_tenant" else [])


@pytest.mark.parametrize(
    "target", ["ves_owner", "ves_admin", "ves_api", "ves_service", "ves_reader", "postgres"]
)
def test_a_token_that_names_another_role_gets_nowhere(acting: Acting, target: str) -> None:
    with pytest.raises(DENIED), acting(None, target):
        pass


def test_a_tenants_request_is_read_only_and_short_by_the_roles_own_settings(shared: Database) -> None:
    with shared.connect() as connection:
        rows = connection.execute(
            """select r.rolname, s.setconfig from pg_db_role_setting as s join pg_roles as r on r.oid = s.setrole
            where r.rolname in ('ves_tenant', 'ves_authenticator')"""
        ).fetchall()
    settings = dict(rows)
    short = {"jit=off", "statement_timeout=5s", "lock_timeout=2s", "idle_in_transaction_session_timeout=10s"}
    assert set(settings["ves_tenant"]) == short | {"default_transaction_read_only=on"}
    assert set(settings["ves_authenticator"]) == short | {"temp_file_limit=1GB"}
