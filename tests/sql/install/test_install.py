"""The installer: repeatable, and both ways of building the tables agree."""

from __future__ import annotations

import re
import subprocess
import uuid
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.cluster import ROOT
from ves_install.generate import error_codes, error_codes_path
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.cluster import Cluster


@pytest.fixture
def empty(engine: Cluster) -> Iterator[str]:
    """An empty database."""
    name = f"e_{uuid.uuid4().hex}"
    with engine.connect() as connection:
        connection.execute(f"create database {name}")
    yield name
    with engine.connect() as connection:
        connection.execute(f"drop database {name} with (force)")


def schema_of(cluster: Cluster, database: str) -> list[str]:
    dump = subprocess.run(
        [str(cluster.bin / "pg_dump"), "--schema-only", "-d", cluster.url(database)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    # pg_dump orders dependent objects by oid where names tie: compare as a sorted set of statements
    statements = [part.strip() for part in dump.split(";\n")]
    return sorted(
        part for part in statements if part and not any(word in part for word in ("migrations", "restrict "))
    )


def test_a_second_install_changes_nothing(engine: Cluster) -> None:
    before = schema_of(engine, "ves_template")
    result = install(engine.url("ves_template"))
    assert not result.logic_applied
    assert schema_of(engine, "ves_template") == before


def test_the_migrated_database_equals_one_built_from_the_desired_state(engine: Cluster, empty: str) -> None:
    install(engine.url(empty), from_files=True)
    ours = [s for s in schema_of(engine, empty) if "pg_stat_statements" not in s]
    migrated = [s for s in schema_of(engine, "ves_template") if "pg_stat_statements" not in s]
    assert ours == migrated


def test_an_install_in_core_mode_works_and_says_what_it_lacks(engine: Cluster, empty: str) -> None:
    assert install(engine.url(empty), core=True).mode == "core"
    with engine.connect(empty, "ves_service") as service, pytest.raises(psycopg.Error) as refusal:
        service.execute("select ves.ingest_signed_events('{}')")
    assert refusal.value.sqlstate == "VE204"


def test_the_generated_error_codes_are_current() -> None:
    assert error_codes_path().read_text(encoding="utf-8") == error_codes()


def test_every_logic_file_holds_the_object_it_is_named_after() -> None:
    for path in (ROOT / "sql" / "functions").rglob("*.sql"):
        assert re.search(rf"\.{path.stem} ?\(", path.read_text(encoding="utf-8")), path
