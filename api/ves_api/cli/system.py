"""`ves serve`, and the commands behind `make up`, `make down` and `make demo`, for a checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import typer

from ves_client.errors import ClientError, Exit, usage
from ves_edge.errors import ApiError

_CHECKOUT = Path(__file__).resolve().parents[3]
_SCRIPT = _CHECKOUT / "deploy" / "local" / "system"
_EXAMPLES = _CHECKOUT / "examples"

PASS_ON: dict[str, Any] = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "help_option_names": [],
}


def _become(command: list[str], **environment: str) -> None:
    """Replace this process (exec), so that signals, output and exit code are the command's."""
    if not _SCRIPT.is_file():
        raise usage("this command needs a checkout of the project")
    os.execve(command[0], command, os.environ | environment)  # noqa: S606 - a program of this checkout


def up() -> None:
    """Set up missing parts, start all processes, verify a receipt (the same as `make up`)."""
    _become([str(_SCRIPT), "up"])


def down() -> None:
    """Stop all processes that `up` started and keep the data (the same as `make down`)."""
    _become([str(_SCRIPT), "down"])


def demo(ctx: typer.Context) -> None:
    """Play 6,919 real purchases as signed events, every receipt checked independently (`ves demo --help`)."""
    path = os.pathsep.join(filter(None, (str(_EXAMPLES), os.environ.get("PYTHONPATH"))))
    _become([sys.executable, "-m", "shop", *ctx.args], PYTHONPATH=path)


def serve() -> None:
    """Serve the API until SIGTERM. Settings come from the environment alone: DATABASE_URL, HOST, PORT and so on."""
    # The server's packages are not needed by any other command.
    from ves_api import server, settings  # noqa: PLC0415

    try:
        server.run(settings.load())
    except settings.SettingsError as error:
        raise usage(str(error)) from error
    except ApiError as error:
        away = error.name == "database_unavailable"
        raise ClientError(
            Exit.UNREACHABLE if away else Exit.REFUSED, error.name, error.message, error.details
        ) from error
