"""Whether the engine in the database is the one that this server was written for."""

from __future__ import annotations

import re

import psycopg

from ves_api import __version__
from ves_api.errors import ApiError
from ves_api.gateway import statements
from ves_api.gateway.translate import connection_was_lost, translate
from ves_edge import release

_PARAMETER = re.compile(rb"%\(\w+\)s")
_REMEDY = "run `ves engine install` as the server's superuser (DB_MIGRATE_ON_STARTUP=false starts regardless)"


def find_mismatch(connection: psycopg.Connection[tuple[object, ...]]) -> ApiError | None:
    """Return what does not fit as engine_mismatch, or None.

    The engine's release may not be older, the database's breaking level not above ours, no migration but a `post` one
    may be missing, and every statement must be known. Raises ApiError when the database cannot be asked.
    """
    try:
        row = connection.execute(statements.load()["health"]).fetchone()
        ledger = connection.execute(statements.load()["list_migrations"]).fetchall()
    except psycopg.Error as error:
        return _unusable("list_migrations", error)
    version = str(row[0]) if row else "0"
    reason = _ledger_problem(ledger)
    if reason is None and _number(version) < _number(__version__):
        reason = f"it is release {version}"
    if reason is not None:
        return _mismatch(version, reason)
    for name, text in sorted(statements.load().items()):
        # Planned, not run; a function that is missing or has other parameters is found all the same.
        question = b"explain " + _PARAMETER.sub(b"null", text)
        try:
            connection.execute(question)
        except psycopg.Error as error:
            return _unusable(name, error)
    return None


def _unusable(name: str, error: psycopg.Error) -> ApiError:
    if connection_was_lost(error):
        raise translate(error) from error
    return _mismatch(None, f"the statement {name} cannot be run: {error.diag.message_primary}")


def _ledger_problem(rows: list[tuple[object, ...]]) -> str | None:
    """Why this release may not run on a database with this ledger (name and breaking level of each migration)."""
    levels = {str(name): int(str(level)) for name, level in rows}
    if max(levels.values(), default=0) > release.BREAKING_LEVEL:
        return (
            f"its breaking level is {max(levels.values())} and this release knows {release.BREAKING_LEVEL}:"
            " start a newer release of the server"
        )
    missing = [name for name in release.MIGRATIONS if name not in levels and "_post_" not in name]
    return f"these migrations are missing: {', '.join(missing)}" if missing else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _mismatch(version: str | None, reason: str) -> ApiError:
    return ApiError(
        "engine_mismatch",
        f"The engine in the database does not fit release {__version__} of the server: {reason}; {_REMEDY}",
        details={"found": version, "needed": __version__},
    )
