"""`ves engine doctor` tells the operator what was changed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cluster import ROOT
from ves_install.doctor import diagnose
from ves_install.errors import MigrationError
from ves_install.install import install
from ves_install.record import Difference

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.support.cluster import Cluster


def test_an_untouched_engine_has_no_difference(database: Database) -> None:
    assert diagnose(database.url()) == []


def test_an_edited_function_a_dropped_trigger_and_a_new_grant_are_named(database: Database) -> None:
    with database.connect() as superuser:
        superuser.execute(
            "create or replace function ves.version() returns text language sql as $$ select 'mine' $$"
        )
        superuser.execute("drop trigger t10_refuse_change on ves_store.ves_events")
        superuser.execute("grant select on ves_store.ves_events to ves_api")
    found = diagnose(database.url())
    assert Difference("function ves.version()", "changed") in found
    assert Difference("trigger t10_refuse_change on ves_store.ves_events", "missing") in found
    assert Difference("grants table ves_store.ves_events", "changed") in found


def test_a_session_that_prints_values_otherwise_sees_no_difference(database: Database) -> None:
    with database.connect() as superuser:
        for setting in (
            "intervalstyle to 'iso_8601'",
            "datestyle to 'German'",
            "timezone to 'Pacific/Kiritimati'",
            "bytea_output to 'escape'",
            "extra_float_digits to -15",
            "quote_all_identifiers to on",
        ):
            superuser.execute(f"set {setting}".encode())
        assert superuser.execute("select * from ves.list_engine_differences()").fetchall() == []


def test_rights_outside_the_engines_schemas_are_named_and_the_next_installation_takes_them_away(
    database: Database,
) -> None:
    emit = "pg_logical_emit_message(boolean, text, text)"
    with database.connect() as superuser:
        superuser.execute(f"grant execute on function {emit} to public".encode())
        superuser.execute("grant execute on function pg_read_file(text) to ves_reader with grant option")
        superuser.execute("grant select (rolpassword) on pg_authid to ves_service")
        superuser.execute("grant create on schema public to public")
        superuser.execute("grant select on pgmq.q_ves_commit to ves_worker")
    planted = [
        Difference(
            "grants function pg_catalog.pg_logical_emit_message(boolean,pg_catalog.text,pg_catalog.text)",
            "changed",
        ),
        Difference("grants function pg_catalog.pg_read_file(pg_catalog.text)", "unexpected"),
        Difference("grants schema public", "unexpected"),
        Difference("grants table column pg_catalog.pg_authid.rolpassword", "unexpected"),
        Difference("grants table pgmq.q_ves_commit", "changed"),
    ]
    assert sorted(diagnose(database.url()), key=lambda found: found.name) == planted
    assert set(install(database.url()).repaired) == set(planted)
    assert diagnose(database.url()) == []


def test_what_a_role_was_given_for_the_whole_cluster_is_named_and_taken_away(database: Database) -> None:
    """In a transaction that is rolled back: other databases of the server have the same roles."""
    differences = "select kind, identity, state from ves_record.list_differences() order by 1, 2"
    with database.connect() as superuser, superuser.transaction(force_rollback=True):
        superuser.execute("alter role ves_reader createdb")
        superuser.execute("grant pg_read_all_data, ves_admin to ves_service")
        superuser.execute("grant set on parameter session_replication_role to ves_worker")
        assert superuser.execute(differences).fetchall() == [
            ("grants", "parameter ACL session_replication_role", "unexpected"),
            ("membership", "ves_service in pg_read_all_data", "unexpected"),
            ("membership", "ves_service in ves_admin", "unexpected"),
            ("role", "ves_reader", "changed"),
        ]
        for name in ("roles", "schemas"):
            superuser.execute((ROOT / "sql" / "schemas" / f"{name}.sql").read_text(encoding="utf-8").encode())
        assert superuser.execute(differences).fetchall() == []


def test_a_database_without_an_engine_is_named_as_such(engine: Cluster, empty: str) -> None:
    with pytest.raises(MigrationError, match="no engine"):
        diagnose(engine.url(empty))
