"""The operators' database connection: audit context of calls, mapping of errors to exit codes."""

from __future__ import annotations

import getpass
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
from psycopg import ProgrammingError

from ves_api.cli.settings import layers
from ves_client.errors import ClientError, Exit, usage
from ves_edge.connection import Connection
from ves_edge.dsn import session_conninfo
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ves_edge.catalog import Function
    from ves_edge.pool import Row

# Errors with exit code 3 (not reachable, or temporarily unavailable); all others give exit code 4 (refused).
_AWAY: Final = frozenset({"database_unavailable", "overloaded", "timeout"})


class OperatorDatabase(Connection):
    """A connection whose calls pass the operating-system user in `context` for the audit log (operations 8)."""

    def __init__(self, url: str) -> None:
        try:
            # A standby serves read-only commands, e.g. `ves fsck` of a replica.
            conninfo = session_conninfo(url, application_name="ves-cli", limits={}, read_write=False)
        except ProgrammingError:
            raise usage("the database URL is not a PostgreSQL connection string") from None
        super().__init__(conninfo)
        self.url = url

    def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """All rows of a call."""
        if "context" in parameters and parameters["context"] is None:
            parameters = {**parameters, "context": msgspec.json.encode(_user()).decode()}
        return super().fetch(function, parameters)


def _user() -> dict[str, str]:
    try:
        actor = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        actor = f"uid {os.getuid()}"
    return {"actor": actor, "actor_type": "cli"}


@contextmanager
def open_database(url: str | None = None) -> Iterator[OperatorDatabase]:
    """Open a URL, else VES_DATABASE_URL. ClientError: exit code 3 if unreachable, 4 if refused."""
    try:
        with OperatorDatabase(layers().need("VES_DATABASE_URL", url)) as database:
            yield database
    except ApiError as error:
        away = error.name in _AWAY
        cause = f": {error.__cause__}".rstrip() if error.name in {*_AWAY, "internal_error"} else ""
        raise ClientError(
            Exit.UNREACHABLE if away else Exit.REFUSED, error.name, error.message + cause, error.details
        ) from error
