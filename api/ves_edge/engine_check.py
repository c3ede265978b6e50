"""Compatibility check between this release and the engine in the database."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

import psycopg

from ves_edge import __version__, release
from ves_edge.connection import Connection
from ves_edge.environment import OFF
from ves_edge.errors import ApiError
from ves_edge.gen import sync
from ves_edge.gen.functions import FUNCTIONS
from ves_edge.log import get_logger
from ves_edge.translate import connection_was_lost, translate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ves_edge.catalog import Function
    from ves_edge.environment import Environment
    from ves_edge.gen.records import ListMigrationsRow

_ASKED: Final = frozenset({"health", "list_migrations"})
_PARAMETER: Final = re.compile(rb"%\(\w+\)s")
_TEXT_RULES: Final = {"server_encoding": "UTF8", "standard_conforming_strings": "on"}
_REMEDY = "run `ves engine install` as the server's superuser (DB_MIGRATE_ON_STARTUP=false starts regardless)"
_log = get_logger("engine")


def read_engine_switch(env: Environment) -> bool:
    """Whether an incompatible engine stops the start: DB_MIGRATE_ON_STARTUP (operations 1.2)."""
    return env.text("DB_MIGRATE_ON_STARTUP", "true").lower() not in OFF


def connect(conninfo: str, delays: Iterable[float]) -> Connection:
    """Connect; an unreachable server is tried again after each of the `delays` (seconds). Raises ApiError."""
    for attempt, delay in enumerate(delays, 1):
        try:
            return Connection(conninfo)
        except ApiError as error:
            if error.name != "database_unavailable":
                raise
            _log.info("database_not_reachable", attempt=attempt, retry_in_seconds=round(delay, 3))
            time.sleep(delay)
    return Connection(conninfo)


def require_engine(connection: Connection, role: str, *, enforced: bool) -> None:
    """Raise engine_mismatch if the engine is incompatible with this release; only a warning unless `enforced`.

    Raises database_unsuitable for a database that would store or read other text than it is sent. The edges have no
    right to migrate: the error names the command to run.
    """
    for setting, needed in _TEXT_RULES.items():
        found = connection.parameter(setting)
        if found != needed:
            raise ApiError(
                "database_unsuitable",
                f"{setting} of the database is {found}, and must be {needed}",
                details={"setting": setting, "found": found, "needed": needed},
            )
    mismatch = _find_mismatch(connection, role)
    if mismatch is None:
        return
    if enforced:
        raise mismatch
    _log.warning("engine_mismatch", reason=mismatch.message, allowed_by="DB_MIGRATE_ON_STARTUP")


def _find_mismatch(connection: Connection, role: str) -> ApiError | None:
    """Return engine_mismatch if the engine is incompatible with this release, else None.

    Compatible: the engine's release is not older, the database's breaking level not above ours, no migration except
    `post` ones is missing, and every function of `role` exists. Raises ApiError when the database is not reachable.
    """
    asked: list[Function] = []
    others: list[Function] = []
    for function in FUNCTIONS.values():
        if role in function.roles:
            (asked if function.name in _ASKED else others).append(function)
    reason = _uncallable(connection, asked)
    if reason is not None:
        return _mismatch(None, reason)
    found = sync.health(connection)[0].engine_version
    reason = _ledger_problem(sync.list_migrations(connection))
    if reason is None and _number(found) < _number(__version__):
        reason = f"it is release {found}"
    reason = reason or _uncallable(connection, others)
    return None if reason is None else _mismatch(found, reason)


def _uncallable(connection: Connection, functions: list[Function]) -> str | None:
    """Plan the calls without running them, which detects missing functions and changed parameters."""
    for function in functions:
        try:
            connection.explain(_PARAMETER.sub(b"null", function.statement))
        except psycopg.Error as error:
            if connection_was_lost(error):
                raise translate(error) from error
            return f"{function.name} cannot be called: {error.diag.message_primary}"
    return None


def _ledger_problem(rows: list[ListMigrationsRow]) -> str | None:
    """Reason for incompatibility with a migration ledger (name and breaking level of each migration), or None."""
    levels = {row.name: row.breaking_level for row in rows}
    if max(levels.values(), default=0) > release.BREAKING_LEVEL:
        return (
            f"its breaking level is {max(levels.values())} and this release knows {release.BREAKING_LEVEL}:"
            " start a newer release of the server"
        )
    missing = [name for name in release.MIGRATIONS if name not in levels and "_post_" not in name]
    return f"these migrations are missing: {', '.join(missing)}" if missing else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _mismatch(found: str | None, reason: str) -> ApiError:
    return ApiError(
        "engine_mismatch",
        f"The engine in the database does not fit release {__version__} of the server: {reason}; {_REMEDY}",
        details={"found": found, "needed": __version__},
    )
