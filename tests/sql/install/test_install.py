"""The installer: repeatable, and both ways of building the tables agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.sql.install.support import OTHER_DEFAULTS, schema_of
from tests.support.cluster import ROOT
from ves_install.errors import MigrationError
from ves_install.generate import generated
from ves_install.install import install
from ves_install.record import keep_record

if TYPE_CHECKING:
    from tests.support.cluster import Cluster

PINNED = """
    select p.oid::regprocedure::text from pg_proc as p, unnest(p.proconfig) as c
    where c = 'restrict_nonsystem_relation_kind='"""


def test_a_second_install_changes_nothing(engine: Cluster) -> None:
    before = schema_of(engine, "ves_template")
    result = install(engine.url("ves_template"))
    assert not result.logic_applied
    assert schema_of(engine, "ves_template") == before


def test_the_migrated_database_equals_one_built_from_the_desired_state(engine: Cluster, empty: str) -> None:
    install(engine.url(empty), from_files=True)
    assert schema_of(engine, empty) == schema_of(engine, "ves_template")


def test_an_install_in_core_mode_works_and_says_what_it_lacks(engine: Cluster, empty: str) -> None:
    assert install(engine.url(empty), core=True).mode == "core"
    with engine.connect(empty, "ves_service") as service, pytest.raises(psycopg.Error) as refusal:
        service.execute("select ves.ingest_signed_events('{}')")
    assert refusal.value.sqlstate == "VE204"


def test_a_database_of_another_encoding_is_refused(engine: Cluster, empty: str) -> None:
    with engine.connect() as connection:
        connection.execute(
            f"create database {empty}_ascii template template0 encoding 'SQL_ASCII' locale 'C'"
        )
    try:
        with pytest.raises(MigrationError, match="SQL_ASCII"):
            install(engine.url(f"{empty}_ascii"))
    finally:
        with engine.connect() as connection:
            connection.execute(f"drop database {empty}_ascii with (force)")


def test_an_install_under_other_defaults_of_the_database_is_the_same(engine: Cluster, empty: str) -> None:
    with engine.connect() as connection:
        for setting in OTHER_DEFAULTS:
            connection.execute(f"alter database {empty} set {setting}")
    install(engine.url(empty))
    with engine.connect() as connection:
        connection.execute(f"alter database {empty} reset all")
    assert schema_of(engine, empty) == schema_of(engine, "ves_template")


def test_an_install_after_an_update_of_the_server_lets_functions_read_views(
    engine: Cluster, empty: str
) -> None:
    install(engine.url(empty))
    with engine.connect(empty) as connection:
        if not connection.execute(PINNED).fetchall():
            pytest.skip("this minor release of PostgreSQL has no restrict_nonsystem_relation_kind")
        # As installed on a minor release that lacks the setting.
        for (name,) in connection.execute(PINNED).fetchall():
            connection.execute(f"alter function {name} reset restrict_nonsystem_relation_kind")
        connection.execute("set search_path to pg_catalog, pg_temp")
        keep_record(connection)
        assert connection.execute(PINNED).fetchall() == []
        connection.execute(
            f"alter database {empty} set restrict_nonsystem_relation_kind to 'view, foreign-table'"
        )
    result = install(engine.url(empty))
    assert (result.logic_applied, result.repaired) == (False, ())
    with engine.connect(empty) as connection:
        connection.execute(f"alter database {empty} reset all")
    assert schema_of(engine, empty) == schema_of(engine, "ves_template")


def test_the_generated_files_are_current() -> None:
    for path, text in generated().items():
        assert path.read_text(encoding="utf-8") == text, path


def test_every_logic_file_holds_the_object_it_is_named_after() -> None:
    for path in (ROOT / "sql" / "functions").rglob("*.sql"):
        assert re.search(rf"\.{path.stem} ?\(", path.read_text(encoding="utf-8")), path
