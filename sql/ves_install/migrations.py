"""Runs the migrations with Alembic and records them in the ledger `ves_store.migrations`."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import sqlalchemy
from alembic import command, op
from alembic.config import Config
from alembic.script import ScriptDirectory

from ves_install.errors import MigrationError
from ves_install.files import sql_root
from ves_install.record import keep_record

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOCK_TIMEOUT = "10s"
_STATEMENT_TIMEOUT = "5min"  # a migration that needs longer sets its own and says why


@dataclass(frozen=True, slots=True)
class Migration:
    """One migration of this release: its name, the SHA-256 of its files, the oldest edges that can run after it."""

    name: str
    checksum: bytes
    breaking_level: int

    @property
    def is_post(self) -> bool:
        """Whether it must wait until every edge runs this release (`NNNN_post_…`)."""
        return "_post_" in self.name


def migrations() -> list[Migration]:
    """Migrations of this release in the order in which they run."""
    found = []
    for script in ScriptDirectory.from_config(_config()).walk_revisions():
        path = Path(script.path)
        files = [path, path.with_suffix(".sql")]
        digest = hashlib.sha256(b"\0".join(file.read_bytes() for file in files if file.exists()))
        found.append(Migration(script.revision, digest.digest(), int(script.module.breaking_level)))
    return found[::-1]


def run_sql_beside(module: str) -> None:
    """Run the SQL file beside a migration's module: many statements in the driver's simple protocol."""
    text = Path(module).with_suffix(".sql").read_text(encoding="utf-8")
    driver_connection = op.get_bind().connection.driver_connection
    assert isinstance(driver_connection, psycopg.Connection)  # noqa: S101 - narrows the type
    driver_connection.execute(text.encode())


def migrate(connection: psycopg.Connection, *, before_post: bool = False) -> str:
    """Run missing migrations as ves_owner and return the name of the newest migration.

    `before_post` stops before the first missing `NNNN_post_…`. The caller holds the lock of the installation and has
    called require_fitting. Raises psycopg.Error when a migration fails: it is rolled back, earlier
    ones stay committed.
    """
    known = {migration.name: migration for migration in migrations()}
    recorded = _ledger(connection)
    missing = [migration for migration in known.values() if migration.name not in recorded]
    stop = next((at for at, migration in enumerate(missing) if before_post and migration.is_post), None)
    wanted = missing[:stop]
    if wanted:
        _upgrade(connection, wanted[-1].name, known)
    return [name for name in known if name in recorded or known[name] in wanted][-1]


def _ledger(connection: psycopg.Connection) -> dict[str, bytes]:
    """Checksum by name of every migration that ran; empty in a new database."""
    row = connection.execute(
        "select array_agg(a.attname) from pg_attribute as a where a.attrelid = to_regclass('ves_store.migrations')"
    ).fetchone()
    columns = row[0] if row else None
    if columns is None:
        return {}
    if "checksum" not in columns:
        raise MigrationError(
            "the database was made by an unreleased version, from which there is no upgrade: create it anew"
        )
    rows = connection.execute("select name, checksum from ves_store.migrations").fetchall()
    return {str(name): bytes(checksum) for name, checksum in rows}


def require_whole(connection: psycopg.Connection) -> None:
    """Raise MigrationError for a ledger without the other schemas: what a restore of one schema of a dump leaves."""
    row = connection.execute(
        "select array_agg(s.name) from unnest(array['pgmq', 'rest', 'ves', 'ves_int']) as s (name)"
        " where to_regnamespace(s.name) is null"
    ).fetchone()
    if row and row[0] and _ledger(connection):
        raise MigrationError(
            f"the database has schema ves_store of an installation, and not {', '.join(row[0])}: a part of a dump was"
            " restored; restore all of it into an empty database"
        )


def require_fitting(connection: psycopg.Connection) -> None:
    """Raise MigrationError if the ledger is not that of this release or of an earlier one."""
    known = {migration.name: migration for migration in migrations()}
    recorded = _ledger(connection)
    unknown = sorted(recorded.keys() - known.keys())
    if unknown:
        raise MigrationError(
            f"the database has migrations that this release does not know: {', '.join(unknown)};"
            " install the release that made them"
        )
    changed = [name for name, checksum in sorted(recorded.items()) if known[name].checksum != checksum]
    if changed:
        raise MigrationError(
            f"changed since they ran in this database: {', '.join(changed)};"
            " a released migration is never edited, and a database made before release 0.1.0 has no upgrade: create it anew"
        )


def _config() -> Config:
    config = Config()
    # Alembic interpolates its options, so a percent sign of the path would begin a name.
    config.set_main_option("script_location", str(sql_root() / "migrations").replace("%", "%%"))
    return config


def _upgrade(connection: psycopg.Connection, target: str, known: Mapping[str, Migration]) -> None:
    started = time.monotonic()

    def record(*, step: Any, **_: object) -> None:
        """Insert the ledger row and record the tables in the transaction of the migration."""
        nonlocal started
        migration = known[step.up_revision_id]
        connection.execute(
            "insert into ves_store.migrations (name, checksum, breaking_level, duration)"
            " values (%s, %s, %s, make_interval(secs => %s))",
            [migration.name, migration.checksum, migration.breaking_level, time.monotonic() - started],
        )
        connection.execute("reset role")
        keep_record(connection, only_structure=True)
        connection.execute("set role ves_owner")
        started = time.monotonic()

    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: connection, poolclass=sqlalchemy.pool.StaticPool
    )
    config = _config()
    with engine.connect() as bound:
        bound.exec_driver_sql("set role ves_owner")
        bound.exec_driver_sql(f"set lock_timeout to '{_LOCK_TIMEOUT}'")
        bound.exec_driver_sql(f"set statement_timeout to '{_STATEMENT_TIMEOUT}'")
        bound.commit()  # else a rollback of the first migration would revert the session settings
        config.attributes.update(connection=bound, record=record)
        command.upgrade(config, target)
        bound.commit()
    connection.execute("reset role")
    connection.execute("set statement_timeout to 0")
    connection.commit()
