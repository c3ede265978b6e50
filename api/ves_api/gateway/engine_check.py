"""Whether the engine in the database is the one that this server was written for."""

from __future__ import annotations

import re

import psycopg

from ves_api import __version__
from ves_api.errors import ApiError
from ves_api.gateway import statements
from ves_api.gateway.translate import connection_was_lost, translate

_PARAMETER = re.compile(rb"%\(\w+\)s")
_REMEDY = "run `ves engine install` as the server's superuser (DB_MIGRATE_ON_STARTUP=false starts regardless)"


def find_mismatch(connection: psycopg.Connection[tuple[object, ...]]) -> ApiError | None:
    """What does not fit, as engine_mismatch, or None: the release must be ours, and every statement must be known.

    Raises ApiError when the database cannot be asked.
    """
    for name, text in sorted(statements.load().items()):
        # Planned, not run; a function that is missing or has other parameters is found all the same.
        question = b"explain " + _PARAMETER.sub(b"null", text)
        try:
            connection.execute(question)
        except psycopg.Error as error:
            if connection_was_lost(error):
                raise translate(error) from error
            return _mismatch(None, f"the statement {name} cannot be run: {error.diag.message_primary}")
    row = connection.execute(statements.load()["health"]).fetchone()
    version = str(row[0]) if row else None
    return None if version == __version__ else _mismatch(version, f"it is release {version}")


def _mismatch(version: str | None, reason: str) -> ApiError:
    return ApiError(
        "engine_mismatch",
        f"The engine in the database does not fit release {__version__} of the server: {reason}; {_REMEDY}",
        details={"found": version, "needed": __version__},
    )
