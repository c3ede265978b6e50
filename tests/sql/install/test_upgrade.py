"""A release replaces the logic of an earlier one, whatever changed, and leaves what others built alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.sql.install.support import OTHER_DEFAULTS, content, fill
from tests.sql.support import Edge
from ves_install.doctor import diagnose
from ves_install.install import install

if TYPE_CHECKING:
    from tests.conftest import Database

OLDER = "update ves_store.schema_state set logic_hash = 'of an earlier release'"


def test_a_function_and_a_view_of_another_shape_are_made_again(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute("drop function ves.list_streams(uuid, uuid)")
        superuser.execute(
            "create function ves.list_streams(tenant_id uuid default null, store_id uuid default null) returns table (older text)"
            " language sql set search_path to '' as $$ select 'x' $$"
        )
        superuser.execute("drop view ves.signers")
        superuser.execute("create view ves.signers as select 1 as older, 2 as still_older")
        superuser.execute("alter view ves.signers owner to ves_owner")
        superuser.execute("alter function ves.list_streams(uuid, uuid) owner to ves_owner")
        superuser.execute(OLDER)
    assert install(database.url()).logic_applied
    assert diagnose(database.url()) == []


def test_what_no_file_makes_any_more_is_dropped(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute(
            "create function ves.gone(n integer) returns integer language sql as $$ select n $$"
        )
        superuser.execute("create view ves.gone_too as select ves.gone(1) as n")
        superuser.execute(
            "create trigger t90_gone before update on ves_store.signers"
            " for each row execute function ves_int.tg_history__refuse_change()"
        )
        superuser.execute(OLDER)
    install(database.url())
    assert diagnose(database.url()) == []


def test_what_an_operator_built_on_a_function_is_not_dropped_with_it(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute("create function ves.gone() returns integer language sql as $$ select 1 $$")
        superuser.execute("create view public.mine as select ves.gone() as n")
        superuser.execute(OLDER)
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        install(database.url())
    with database.connect() as superuser:
        assert superuser.execute("select n from public.mine").fetchone() == (1,)
        assert superuser.execute("select logic_hash from ves_store.schema_state").fetchone() == (
            "of an earlier release",
        )


def test_an_installation_that_makes_everything_anew_changes_no_row(database: Database) -> None:
    with database.connect() as superuser:
        fill(superuser)
        before = content(superuser)
        triggers = superuser.execute("select max(oid) from pg_trigger").fetchone()
        superuser.execute("grant execute on function ves.list_streams(uuid, uuid) to public")
    assert install(database.url()).repaired
    with database.connect() as superuser:
        assert superuser.execute("select max(oid) from pg_trigger").fetchone() != triggers
        assert content(superuser) == before
        assert superuser.execute("select * from ves.verify_audit()").fetchall() == []


@pytest.mark.parametrize("anew", [False, True])
def test_an_installation_under_other_defaults_of_the_database_changes_no_row_and_no_grant(
    database: Database, anew: bool
) -> None:
    with database.connect() as superuser:
        agent = fill(superuser)
        before = content(superuser)
        if anew:
            superuser.execute(OLDER)
        for setting in OTHER_DEFAULTS:
            superuser.execute(f"alter database {database.name} set {setting}")
    install(database.url())
    with database.cluster.connect() as superuser:
        superuser.execute(f"alter database {database.name} reset all")
    assert diagnose(database.url()) == []
    with database.connect() as superuser:
        assert content(superuser) == before
        assert Edge.open(superuser).ingest(agent, agent.event()).numbers == [3]
        assert superuser.execute("select * from ves.verify_audit()").fetchall() == []


def test_the_rows_of_a_table_that_was_not_watched_before_are_noted_once(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute("drop trigger t90_note_change on ves_store.event_schemas")
        tenant = fill(superuser).tenant_id
        noted = (
            "select row_count from ves_store.row_counts where tenant_id = %s and table_name = 'event_schemas'"
        )
        assert superuser.execute(noted, [tenant]).fetchall() == []
    for _ in range(2):
        with database.connect() as superuser:
            superuser.execute("drop trigger if exists t90_note_change on ves_store.event_schemas")
        install(database.url())
        with database.connect() as superuser:
            assert superuser.execute(noted, [tenant]).fetchall() == [(1,)]
            assert superuser.execute("select * from ves.verify_audit()").fetchall() == []


def test_rows_that_were_added_while_a_trigger_was_missing_are_found(database: Database) -> None:
    with database.connect() as superuser:
        tenant = fill(superuser).tenant_id
        superuser.execute("drop trigger t90_note_change on ves_store.event_schemas")
        superuser.execute("select ves.register_schema(%s, 'order.planted', '{}')", [tenant])
    assert install(database.url()).repaired
    with database.connect() as superuser:
        found = superuser.execute("select finding from ves.verify_audit(%s)", [tenant]).fetchall()
    assert any("event_schemas" in str(row[0]) for row in found)
