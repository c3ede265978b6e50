"""Builds or updates the engine in one database: schemas, pgmq, migrations, functions, grants."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import psycopg
from pgmq import install as pgmq_install

from ves_install.files import digest, section, sql_root
from ves_install.logic import drop, drop_logic, logic_objects, pin_views
from ves_install.migrations import migrate, require_fitting, require_whole
from ves_install.record import Difference, keep_record, repair
from ves_install.session import connect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENGINE_VERSION = "0.1.0"
_NEW_SHAPE = (psycopg.errors.InvalidFunctionDefinition, psycopg.errors.InvalidTableDefinition)
INSTALL_LOCK = 0x5645535F454E47  # "VES_ENG": concurrent starts wait for each other here


@dataclass(frozen=True, slots=True)
class Installed:
    """Result of an installation."""

    mode: Literal["full", "core"]
    logic_applied: bool
    revision: str
    repaired: tuple[Difference, ...]


def install(
    database_url: str,
    *,
    core: bool = False,
    from_files: bool = False,
    before_post: bool = False,
    say: Callable[[str], None] = lambda _text: None,
) -> Installed:
    """Install or update the engine; safe to repeat and to run from many processes at once.

    `core` refuses PL/Python even where it is available; `from_files` builds the tables from the desired-state files
    instead of the migrations (tests compare both); `before_post` leaves out the migrations that must wait until every
    edge runs this release. Differences from the record of the last installation are repaired before anything else runs in
    the database, and returned. Raises MigrationError when the database's encoding, ledger or objects do not fit, psycopg.Error
    on refusal by the server.
    """
    with connect(database_url) as connection:
        connection.execute("select pg_advisory_lock(%s)", [INSTALL_LOCK])
        connection.execute("set lock_timeout to '10s'")
        connection.autocommit = False
        require_whole(connection)
        repaired, is_known = repair(connection)
        require_fitting(connection)  # rolls the repairs back, which are not committed yet
        say("schemas and roles")
        _run_files(connection, section("schemas"))
        _install_pgmq(connection)
        mode = _choose_mode(connection, core=core)
        connection.commit()
        say("tables")
        revision = _build_tables(connection, from_files=from_files, before_post=before_post)
        say(f"functions ({mode} mode)")
        applied = _apply_logic(connection, mode, anew=bool(repaired) or not is_known)
        pin_views(connection)
        keep_record(connection)
        connection.commit()
        return Installed(mode, applied, revision, tuple(repaired))


def set_audit_log(database_url: str, *, enabled: bool) -> None:
    """Turn the audit log of an installed engine on or off (AUDIT_LOG_ENABLED); a change is itself audited."""
    with connect(database_url) as connection:
        connection.execute("select ves.set_audit_log(%s)", [enabled])


def _run(connection: psycopg.Connection, path: Path) -> None:
    try:
        connection.execute(path.read_text(encoding="utf-8"))
    except psycopg.Error as error:
        error.add_note(f"in {path}")
        raise


def _run_files(connection: psycopg.Connection, paths: list[Path]) -> None:
    for path in paths:
        _run(connection, path)


def _install_pgmq(connection: psycopg.Connection) -> None:
    """Install pgmq from the SQL of its package, unless installed (as SQL or as an extension)."""
    row = connection.execute("select to_regtype('pgmq.message_record') is null").fetchone()
    if row is not None and row[0]:
        connection.execute(pgmq_install.get_embedded_install_sql())


def _choose_mode(connection: psycopg.Connection, *, core: bool) -> Literal["full", "core"]:
    available = connection.execute(
        "select 1 from pg_available_extensions where name = 'plpython3u'"
    ).fetchone()
    if core or available is None:
        return "core"
    connection.execute("create extension if not exists plpython3u")
    return "full"


def _build_tables(connection: psycopg.Connection, *, from_files: bool, before_post: bool) -> str:
    if from_files:
        connection.execute("set role ves_owner")
        _run_files(connection, section("state"))
        connection.execute("reset role")
        connection.commit()
        return "files"
    return migrate(connection, before_post=before_post)


def _apply_logic(connection: psycopg.Connection, mode: str, *, anew: bool) -> bool:
    """Re-apply every function, trigger, view and grant in one transaction when their files changed.

    `anew` drops all of them first even if the files are unchanged: existing objects are not trusted.
    """
    wrappers = section("wrappers") if mode == "full" else []
    errors_file = sql_root() / "errors" / "errors.csv"
    paths = [*section("queues"), *wrappers, *section("logic"), *section("grants")]
    wanted = digest([*paths, errors_file])
    row = connection.execute("select logic_hash, mode from ves_store.schema_state").fetchone()
    if row == (wanted, mode) and not anew:
        return False
    _load_errors(connection, errors_file)
    try:
        with connection.transaction():
            if anew:
                drop_logic(connection)
            _replace_logic(connection, wrappers)
    except _NEW_SHAPE:
        # CREATE OR REPLACE cannot change the result columns of a function or view.
        with connection.transaction():
            drop_logic(connection)
            _replace_logic(connection, wrappers)
    connection.execute(
        "insert into ves_store.schema_state (engine_version, logic_hash, mode) values (%s, %s, %s)"
        " on conflict (singleton) do update set engine_version = excluded.engine_version,"
        " logic_hash = excluded.logic_hash, mode = excluded.mode, applied_at = now()",
        [ENGINE_VERSION, wanted, mode],
    )
    return True


def _replace_logic(connection: psycopg.Connection, wrappers: list[Path]) -> None:
    """Create or replace everything, then drop objects that no file defines any more."""
    before = logic_objects(connection)
    _run_files(connection, section("queues"))
    _run_files(connection, wrappers)
    connection.execute("set role ves_owner")
    # Functions may reference later files; plpgsql_check checks every body in the tests.
    connection.execute("set local check_function_bodies to off")
    _run_files(connection, section("logic"))
    connection.execute("reset role")
    after = logic_objects(connection)
    drop(connection, [entry for entry in after if entry in before])
    _run_files(connection, section("grants"))


def _load_errors(connection: psycopg.Connection, path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    connection.execute("delete from ves_store.errors")
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into ves_store.errors (code, name, wire_code, numeric_code, http, grpc, retry, message,"
            " detail_fields) values (%(code)s, %(name)s, %(wire_code)s, %(numeric_code)s, %(http)s, %(grpc)s,"
            " %(retry)s, %(message)s, string_to_array(%(detail_fields)s, ' '))",
            rows,
        )
