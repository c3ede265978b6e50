"""Functions: pinned search path, closed to PUBLIC, and nothing for plpgsql_check to say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.conftest import Database

FUNCTIONS = """
    pg_proc as p join pg_namespace as n on n.oid = p.pronamespace join pg_language as l on l.oid = p.prolang
    where n.nspname in ('ves', 'ves_int')"""


# Functions that read a setting at all, and why no caller gains anything by making it.
READS_SETTINGS = {
    "ves.mark_trace": "adds the trace to the name that the session gave itself",
    "ves.health": "tells the settings of the server",
    "ves.server_is_durable": "refuses a session that made its own commits less durable",
    "ves_int.next_retry_tenant": "the session may only choose which due letter it takes first",
    "ves_int.scan_start": "the session may only find less of its own work",
    "ves_int.keep_scan_start": "the session may only find less of its own work",
    "ves_int.claimed_stores": "PostgREST sets the claims of the token that it verified",
    "ves_int.claimed_tenant": "PostgREST sets the claims of the token that it verified",
}

COMPARES_WITH_THE_CLOCK = {"ves_int.require_lease": "one row, found by its name"}


def names(connection: psycopg.Connection[Any], condition: str) -> list[str]:
    rows = connection.execute(
        f"select p.oid::regprocedure::text from {FUNCTIONS} and {condition} order by 1"
    ).fetchall()
    return [row[0] for row in rows]


def test_every_function_looks_for_temporary_objects_last(catalog: psycopg.Connection[Any]) -> None:
    # An aggregate has no settings of its own; its step function has.
    # With an empty path PostgreSQL looks for type names in pg_temp first, where any session could plant its own.
    unpinned = names(
        catalog,
        "p.prokind <> 'a' and not coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false)",
    )
    assert unpinned == []


def test_no_body_depends_on_how_the_session_reads_a_backslash(catalog: psycopg.Connection[Any]) -> None:
    # With standard_conforming_strings off, '\\x56' is not what it looks like, and leaves, paddings and nodes go wrong.
    assert names(catalog, "l.lanname in ('sql', 'plpgsql') and strpos(p.prosrc, chr(92)) > 0") == []


def test_no_body_reads_a_setting_that_its_caller_could_make(catalog: psycopg.Connection[Any]) -> None:
    reading = names(catalog, "p.prosrc ~ 'current_setting' and n.nspname in ('ves', 'ves_int')")
    assert {signature.partition("(")[0] for signature in reading} == READS_SETTINGS.keys()


def test_no_body_compares_a_column_with_the_running_clock(catalog: psycopg.Connection[Any]) -> None:
    # No index can be searched for what changes within a statement: every row of the rest would be compared.
    comparing = names(
        catalog,
        r"p.prosrc ~ '\m[a-z]\w*\.[a-z_]+ (<|<=|>|>=|between) ((?!\mthen\M)[^;\n])*\m(clock_timestamp|random|gen_random_uuid)\('",
    )
    assert {signature.partition("(")[0] for signature in comparing} == COMPARES_WITH_THE_CLOCK.keys()


def test_what_is_stored_as_json_is_printed_the_same_in_every_session(
    catalog: psycopg.Connection[Any],
) -> None:
    printing = names(
        catalog,
        r"""(p.prosrc ~ 'to_jsonb\(v_|jsonb_build_object\([^;]*_(at|until)'', (?!null|to_char)' or (
          p.prosrc ~ 'ves_int\.(audit|log_key_change)\('
          and p.proargtypes::oid[] && '{interval,timestamptz}'::regtype[]::oid[]))""",
    )
    assert len(printing) > 8
    pinned = names(catalog, "p.proconfig @> array['TimeZone=UTC', 'IntervalStyle=postgres']")
    assert set(printing) <= set(pinned)


def test_every_function_that_reads_a_view_may_whatever_its_caller_restricts(
    catalog: psycopg.Connection[Any],
) -> None:
    # ves_int.reencrypt builds the names of its views at run time; other dynamic statements name ves_store.
    reading = names(
        catalog,
        r"""(p.oid::regproc::text = 'ves_int.reencrypt' or p.prosrc ~ (
          select format('(from|join|into|update)\s+ves(_int)?\.(%s)\M', string_agg(c.relname, '|'))
          from pg_class as c
          where c.relkind = 'v' and c.relnamespace::regnamespace::text ~ '^ves'))""",
    )
    assert len(reading) > 10
    supported = "select from pg_settings where name = 'restrict_nonsystem_relation_kind'"
    if catalog.execute(supported).fetchone() is None:
        pytest.skip("this minor release of PostgreSQL has no restrict_nonsystem_relation_kind")
    pinned = names(catalog, "p.proconfig @> array['restrict_nonsystem_relation_kind=']")
    assert set(reading) <= set(pinned)
    # The function that stores every event reads tables only, and pays for no further setting.
    assert [name for name in pinned if name.startswith("ves.ingest_events(")] == []


def test_no_function_is_executable_by_public(catalog: psycopg.Connection[Any]) -> None:
    open_to_all = names(
        catalog,
        """exists (
          select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
          where a.grantee = 0 and a.privilege_type = 'EXECUTE')""",
    )
    assert open_to_all == []


def test_a_function_made_tomorrow_is_not_executable_by_public_either(database: Database) -> None:
    with database.connect() as connection:
        connection.execute("set role ves_owner")
        connection.execute("create function ves.forgotten() returns int language sql as 'select 1'")
        connection.execute("reset role")
        row = connection.execute(
            "select has_function_privilege('ves_reader', 'ves.forgotten()', 'execute')"
        ).fetchone()
        assert row == (False,)


def test_public_functions_run_as_the_owner_and_private_ones_as_their_caller(
    catalog: psycopg.Connection[Any],
) -> None:
    assert names(catalog, "n.nspname = 'ves' and not p.prosecdef") == []
    # a deferred trigger runs as who commits; an agent's projector is called by a role without rights
    assert names(catalog, "n.nspname = 'ves_int' and p.prosecdef") == [
        "ves_int.call_projector(text,json)",
        "ves_int.tg_audit_log__move_head()",
        "ves_int.tg_row__note_change()",
        "ves_int.tg_row_changes__move_head()",
    ]


def test_everything_but_python_belongs_to_the_owner_role(catalog: psycopg.Connection[Any]) -> None:
    # Only a superuser may create PL/Python functions.
    assert names(catalog, "pg_get_userbyid(p.proowner) <> 'ves_owner' and l.lanname <> 'plpython3u'") == [
        "ves_int.call_projector(text,json)"
    ]
    assert names(catalog, "l.lanname = 'plpython3u' and n.nspname <> 'ves_int'") == []


def test_the_owner_may_run_every_function(catalog: psycopg.Connection[Any]) -> None:
    assert names(catalog, "not has_function_privilege('ves_owner', p.oid, 'execute')") == []


def test_plpgsql_check_finds_nothing_in_any_function(database: Database) -> None:
    with database.connect() as connection:
        try:
            connection.execute("create extension plpgsql_check")
        except psycopg.errors.Error as error:
            pytest.skip(f"plpgsql_check is not installed in this server: {error}")
        findings = connection.execute(
            f"""select f.functionid::regprocedure, f.lineno, f.level, f.message
            from (select p.oid, p.prorettype from {FUNCTIONS} and l.lanname = 'plpgsql'
                  and p.prorettype <> 'trigger'::regtype) as c,
            plpgsql_check_function_tb(
              c.oid, all_warnings => true, fatal_errors => false) as f"""
        ).fetchall()
        findings += connection.execute(
            """select f.functionid::regprocedure, f.lineno, f.level, f.message
            from (select distinct on (t.tgfoid) t.tgfoid, t.tgrelid, t.tgoldtable, t.tgnewtable
                  from pg_trigger as t
                  join pg_proc as p on p.oid = t.tgfoid join pg_namespace as n on n.oid = p.pronamespace
                  where n.nspname = 'ves_int' order by t.tgfoid, t.tgoldtable nulls last) as c,
            plpgsql_check_function_tb(
              c.tgfoid, c.tgrelid, all_warnings => true, fatal_errors => false,
              oldtable => c.tgoldtable, newtable => c.tgnewtable) as f"""
        ).fetchall()
    assert findings == [], "\n".join(map(str, findings))


def test_every_trigger_function_is_used(catalog: psycopg.Connection[Any]) -> None:
    unused = names(
        catalog,
        "p.prorettype = 'trigger'::regtype and not exists (select from pg_trigger as t where t.tgfoid = p.oid)",
    )
    assert unused == []
