"""The operator's connection as a command uses it: the gateway's refusals become exit codes."""

from __future__ import annotations

import getpass
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ves_api.cli.settings import layers
from ves_api.gateway.admin import Admin
from ves_client.errors import ClientError, Exit
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

# The gateway's names for "not there" and "not now"; everything else is a refusal.
AWAY = frozenset({"database_unavailable", "overloaded", "timeout"})


def open_admin(database_url: str | None) -> AbstractContextManager[Admin]:
    """Open `--database-url` or VES_DATABASE_URL. Exit code 3 when it is not reachable, 4 when it refuses."""
    return open_url(layers().need("VES_DATABASE_URL", database_url))


def cli_context() -> dict[str, str]:
    """Who is at the command line, for the audit log."""
    try:
        actor = getpass.getuser()
    except (KeyError, OSError):  # a container's user need not have a name
        actor = f"uid {os.getuid()}"
    return {"actor": actor, "actor_type": "cli"}


@contextmanager
def open_url(url: str) -> Iterator[Admin]:
    """Open a database. Exit code 3 when it is not reachable, 4 when it refuses."""
    try:
        with Admin(url, cli_context()) as admin:
            yield admin
    except ApiError as error:
        away = error.name in AWAY
        cause = f": {error.__cause__}".rstrip() if error.name in {*AWAY, "internal_error"} else ""
        raise ClientError(
            Exit.UNREACHABLE if away else Exit.REFUSED, error.name, error.message + cause, error.details
        ) from error
