"""`ves up`, `ves down` and `ves demo`: the commands behind `make up`, `make down` and `make demo`, for a checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import typer

from ves_client.errors import usage

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
