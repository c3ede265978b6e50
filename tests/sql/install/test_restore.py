"""A database that went through pg_dump and pg_restore is the same engine."""

from __future__ import annotations

import subprocess
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.conftest import TEMPLATE, Database
from tests.support.cluster import Cluster
from ves_install.doctor import diagnose
from ves_install.errors import MigrationError
from ves_install.install import install
from ves_install.record import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def restored(engine: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The template after a dump and a restore."""
    dump = tmp_path_factory.mktemp("dump") / "ves.dump"
    name = f"r_{uuid.uuid4().hex}"
    with engine.connect() as connection:
        connection.execute(f"create database {name} template template0")
    for command in (
        [engine.bin / "pg_dump", "-Fc", "-f", dump, "-d", engine.url(TEMPLATE)],
        [engine.bin / "pg_restore", "-d", engine.url(name), dump],
    ):
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
    yield Database(engine, name)
    with engine.connect() as connection:
        connection.execute(f"drop database {name} with (force)")


# The grants of a database are no part of a dump; the next installation makes them again.
GRANTS = Difference("grants database", "changed")
CONSTRAINTS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid, true)
    from pg_constraint where connamespace = 'ves_store'::regnamespace order by 1, 2
"""


def test_after_a_restore_only_the_databases_own_grants_differ_and_an_installation_makes_them(
    engine: Cluster, restored: Database
) -> None:
    assert diagnose(restored.url()) == [GRANTS]
    assert install(restored.url()).repaired == (GRANTS,)
    assert diagnose(restored.url()) == []
    with restored.connect() as after, engine.connect(TEMPLATE) as before:
        assert after.execute(CONSTRAINTS).fetchall() == before.execute(CONSTRAINTS).fetchall()


def test_a_constraint_that_says_something_else_is_named_and_stops_an_installation(database: Database) -> None:
    grouped = "check (entity_type <> '' and (entity_id <> '' or event_type <> ''))"
    other = "check ((entity_type <> '' and entity_id <> '') or event_type <> '')"
    with database.connect() as superuser:
        superuser.execute(f"alter table ves_store.events add constraint nesting {grouped}".encode())
        superuser.execute("delete from ves_record.objects")
        superuser.execute("insert into ves_record.objects select * from ves_record.list_objects()")
        superuser.execute("alter table ves_store.events drop constraint nesting")
        superuser.execute(f"alter table ves_store.events add constraint nesting {other}".encode())
        found = superuser.execute(
            "select kind, identity, state from ves_record.list_differences()"
        ).fetchall()
    assert found == [("table constraint", "nesting on ves_store.events", "changed")]
    with pytest.raises(MigrationError, match="constraint nesting on"):
        install(database.url())
    with database.connect() as superuser:
        kept = superuser.execute("select 1 from pg_constraint where conname = 'nesting'").fetchall()
    assert len(kept) == 1
