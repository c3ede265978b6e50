"""A database that went through pg_dump and pg_restore is the same engine."""

from __future__ import annotations

import subprocess
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Database, cloned
from tests.sql.install.support import content, fill
from tests.sql.support import Edge, verify
from ves_install.doctor import diagnose
from ves_install.errors import MigrationError
from ves_install.install import install
from ves_install.record import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sql.support import Agent
    from tests.support.cluster import Cluster


@pytest.fixture(scope="module")
def lived(engine: Cluster) -> Iterator[Database]:
    """A database with rows of every kind that is watched."""
    with cloned(engine, "l") as own:
        yield own


@pytest.fixture(scope="module")
def agent(lived: Database) -> Agent:
    """The agent of its stream."""
    with lived.connect() as superuser:
        return fill(superuser)


def through_a_dump(
    engine: Cluster, lived: Database, folder: Path, *options: str, before: str = ""
) -> Iterator[Database]:
    """What pg_restore makes with these options of a dump of the database."""
    dump, name = folder / "ves.dump", f"r_{uuid.uuid4().hex}"
    with engine.connect() as connection:
        connection.execute(f"create database {name} template template0")
    with Database(engine, name).connect() as connection:
        connection.execute(before.encode())
    subprocess.run(
        [engine.bin / "pg_dump", "-Fc", "-f", dump, "-d", lived.url()], check=True, capture_output=True
    )
    restore = [engine.bin / "pg_restore", *options, "-d", engine.url(name), dump]
    subprocess.run(restore, check=not options, capture_output=True)
    yield Database(engine, name)
    with engine.connect() as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="module")
def restored(
    engine: Cluster, lived: Database, agent: Agent, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The same after a dump and a restore."""
    yield from through_a_dump(engine, lived, tmp_path_factory.mktemp("dump"))


@pytest.fixture
def part(engine: Cluster, lived: Database, agent: Agent, tmp_path: Path) -> Iterator[Database]:
    """One schema of it, as far as it can be restored without the others."""
    yield from through_a_dump(engine, lived, tmp_path, "-n", "ves_store", before="create schema ves_store")


# The grants of a database are no part of a dump; the next installation makes them again.
GRANTS = Difference("grants database", "changed")
CONSTRAINTS = """
    select conrelid::regclass::text, conname, pg_get_constraintdef(oid, true)
    from pg_constraint where connamespace = 'ves_store'::regnamespace order by 1, 2
"""


def test_after_a_restore_only_the_databases_own_grants_differ_and_an_installation_makes_them(
    lived: Database, restored: Database
) -> None:
    assert diagnose(restored.url()) == [GRANTS]
    assert install(restored.url()).repaired == (GRANTS,)
    assert diagnose(restored.url()) == []
    with restored.connect() as after, lived.connect() as before:
        assert after.execute(CONSTRAINTS).fetchall() == before.execute(CONSTRAINTS).fetchall()
        assert content(after) == content(before)


def test_an_installation_in_a_database_of_which_a_part_was_restored_names_what_is_missing(
    part: Database,
) -> None:
    with pytest.raises(
        MigrationError, match=r"ves_store .* and not pgmq, rest, ves, ves_int: a part of a dump"
    ):
        install(part.url())


def test_a_restored_database_is_verified_and_numbers_go_on(restored: Database, agent: Agent) -> None:
    install(restored.url())
    with restored.connect() as superuser:
        assert verify(superuser, agent) == []
        assert superuser.execute("select * from ves.verify_audit()").fetchall() == []
        answer = Edge.open(superuser).ingest(agent, agent.event())
        assert (answer.numbers, answer.reasons) == ([3], [None])
        assert superuser.execute("select * from ves.verify_audit()").fetchall() == []


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
