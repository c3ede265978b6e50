"""The installer: repeatable, and both ways of building the tables agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.sql.install.support import schema_of
from tests.support.cluster import ROOT
from ves_install.generate import generated
from ves_install.install import install

if TYPE_CHECKING:
    from tests.support.cluster import Cluster


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


def test_the_generated_files_are_current() -> None:
    for path, text in generated().items():
        assert path.read_text(encoding="utf-8") == text, path


def test_every_logic_file_holds_the_object_it_is_named_after() -> None:
    for path in (ROOT / "sql" / "functions").rglob("*.sql"):
        assert re.search(rf"\.{path.stem} ?\(", path.read_text(encoding="utf-8")), path
