"""What a role plants in a database does not run with the rights of others, and the next installation removes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.security.test_grants import LOGINS
from ves_install.doctor import diagnose
from ves_install.errors import MigrationError
from ves_install.install import install

if TYPE_CHECKING:
    from tests.conftest import Database

OLDER = "update ves_store.schema_state set logic_hash = 'of an earlier release'"
NOBODY = "3b241101-e2bb-4255-8caf-4136c566a962"

# Statements that a role could use to give a name of ours another meaning.
NAMES = [
    "create temp table probe (x int)",
    "create domain pg_temp.bytea as pg_catalog.bytea check (false)",
    "create type pg_temp.uuid as (x int)",
    "create function pg_temp.evil() returns bool language sql as 'select true'",
    "create operator public.= (leftarg = uuid, rightarg = uuid, function = uuid_eq)",
    "create cast (text as bytea) without function",
    "create aggregate public.sum (bytea) (sfunc = byteacat, stype = bytea)",
    "create collation public.c (locale = 'C')",
    "create text search configuration public.english (copy = pg_catalog.english)",
    "create conversion public.planted for 'UTF8' to 'LATIN1' from utf8_to_iso8859_1",
    "create schema planted",
    "create event trigger planted on ddl_command_start execute function suppress_redundant_updates_trigger()",
    "select lo_creat(-1)",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select lo_put(1, 0, 'x')",
    "select lo_import('/etc/hostname')",
    "select lowrite(0, 'x')",
    "select pg_export_snapshot()",
    "select pg_logical_emit_message(false, 'x', 'y')",
    "alter table ves_store.ves_events disable trigger user",
    "grant ves_owner to current_user",
]


@pytest.mark.parametrize("role", LOGINS)
@pytest.mark.parametrize("statement", NAMES)
def test_no_role_makes_a_name_or_space_of_its_own(shared: Database, role: str, statement: str) -> None:
    with shared.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize("role", LOGINS)
def test_a_role_that_may_make_temporary_objects_still_gains_nothing(database: Database, role: str) -> None:
    """The search path puts temporary objects last, should an operator give the right back."""
    with database.connect() as superuser:
        superuser.execute(f"grant temporary on database {database.name} to {role}")
    with database.connect(role) as connection:
        connection.execute("create temp table probe (who text)")
        connection.execute("grant insert on probe to public")
        connection.execute(
            "create function pg_temp.evil() returns bool language plpgsql as $f$ begin"
            " insert into probe values (current_user); return true; end $f$"
        )
        for name in ("bytea", "uuid", "text", "int8", "jsonb", "timestamptz", "bool", "int4"):
            connection.execute(
                f"create domain pg_temp.{name} as pg_catalog.{name} check (pg_temp.evil() is not null)".encode()
            )
        for call in (
            f"ves.verify_stream('{NOBODY}', '{NOBODY}')",
            f"ves.commit_next('{NOBODY}', '{NOBODY}')",
            f"ves.get_agent_keys('{NOBODY}', '{NOBODY}')",
            "ves.ingest_signed_request('{}'::pg_catalog.jsonb)",
            "ves.health()",
        ):
            try:
                connection.execute(f"select * from {call}".encode())
            except psycopg.Error:
                continue
        assert connection.execute("select from probe where who <> session_user").fetchall() == []


def plant(connection: psycopg.Connection[Any]) -> None:
    """Leave, as ves_owner, whatever could run in an upgrade; each writes to `public.ran` when it does."""
    connection.execute("create table public.ran (what text)")
    connection.execute("grant insert on public.ran to public")
    connection.execute("set role ves_owner")
    for statement in (
        """create function ves_int.evil() returns trigger language plpgsql as $f$ begin
          insert into public.ran values (tg_name);
          execute 'reset role';
          if (select rolsuper from pg_roles where rolname = current_user) then
            insert into public.ran values ('superuser');
          end if;
          return new; end $f$""",
        """create function ves_int.evil_text(text) returns text language plpgsql as $f$ begin
          insert into public.ran values ('text'); return $1; end $f$""",
        """create function ves_int.evil_check() returns bool language plpgsql as $f$ begin
          insert into public.ran values ('check'); return true; end $f$""",
        *(
            f"create trigger a_planted before insert or update on ves_store.{table}"
            " for each row execute function ves_int.evil()"
            for table in ("schema_state", "errors", "migrations")
        ),
        "alter table ves_store.errors enable always trigger a_planted",
        "create rule planted as on insert to ves_store.errors do also insert into public.ran values ('rule')",
        "create policy planted on ves_store.errors using (ves_int.evil_check())",
        "alter table ves_store.errors add constraint planted check (ves_int.evil_check()) not valid",
        "create domain ves.text as pg_catalog.text check (ves_int.evil_check())",
        "create type ves_int.planted as enum ('a')",
        "create function ves_int.evil_cast(ves_int.planted) returns bytea language sql as 'select null::bytea'",
        "create cast (ves_int.planted as bytea) with function ves_int.evil_cast(ves_int.planted) as implicit",
        "create function ves_int.evil_equal(text, text) returns bool language sql as 'select ves_int.evil_check()'",
        "create operator ves_int.= (leftarg = text, rightarg = text, function = ves_int.evil_equal)",
        """create or replace function ves.set_audit_log(enabled boolean) returns void language sql as
          'insert into public.ran values ($$set_audit_log$$)'""",
        "alter default privileges for role ves_owner grant execute on functions to ves_reader",
        "grant all on all tables in schema ves_store to ves_reader",
        "grant usage on schema ves_store to ves_reader",
        "create table ves_store.planted (x int)",
        "reset role",
        "grant ves_owner to ves_reader",
        "alter role ves_reader set search_path to public",
    ):
        connection.execute(statement)


PLANTED = {
    "trigger a_planted on ves_store.errors",
    "trigger a_planted on ves_store.schema_state",
    "trigger a_planted on ves_store.migrations",
    "rule planted on ves_store.errors",
    "policy planted on ves_store.errors",
    "table constraint planted on ves_store.errors",
    "type ves.text",
    "cast (ves_int.planted AS pg_catalog.bytea)",
    "operator ves_int.=(pg_catalog.text,pg_catalog.text)",
    "function ves_int.evil()",
    "function ves.set_audit_log(boolean)",
    "grants table ves_store.api_keys",
    "grants schema ves_store",
    "table ves_store.planted",
    "member of ves_owner ves_reader",
    "setting ves_reader",
}


@pytest.mark.parametrize("older", [True, False], ids=["upgrade", "same release"])
def test_an_installation_runs_nothing_that_was_planted_and_takes_it_away(
    database: Database, older: bool
) -> None:
    with database.connect() as superuser:
        if older:
            superuser.execute(OLDER)
        plant(superuser)
    result = install(database.url())
    assert {difference.name for difference in result.repaired} >= PLANTED
    with database.connect() as superuser:
        assert superuser.execute("select what from public.ran").fetchall() == []
        superuser.execute("drop table public.ran")
    assert diagnose(database.url()) == []
    assert install(database.url()).repaired == ()


def test_a_changed_default_value_stops_the_installation_before_anything_is_done(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute(OLDER)
        superuser.execute(
            "alter table ves_store.schema_state alter column applied_at set default clock_timestamp()"
        )
        superuser.execute("grant select on ves_store.errors to ves_reader")
    with pytest.raises(MigrationError, match=r"default value for ves_store\.schema_state\.applied_at"):
        install(database.url())
    with database.connect() as superuser:
        assert superuser.execute(
            "select has_table_privilege('ves_reader', 'ves_store.errors', 'select')"
        ).fetchone() == (True,)


def test_triggers_are_removed_from_a_database_without_a_record(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute("drop schema ves_record cascade")
        superuser.execute("create table public.ran (what text)")
        superuser.execute("set role ves_owner")
        superuser.execute(
            "create function ves_int.evil() returns trigger language plpgsql as"
            " $f$ begin raise exception 'it ran'; end $f$"
        )
        superuser.execute(
            "create trigger a_planted before insert or update on ves_store.errors"
            " for each row execute function ves_int.evil()"
        )
    assert install(database.url()).logic_applied
    assert diagnose(database.url()) == []
