"""`ves up` and `ves down`: what stands behind `make up` and `make down`, for a checkout."""

from __future__ import annotations

import os
from pathlib import Path

from ves_client.errors import usage

_SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "local" / "system"


def _run(command: str) -> None:
    """Become the script, so that its signals, output and exit code are the command's."""
    if not _SCRIPT.is_file():
        raise usage("this command needs a checkout of the project")
    os.execv(_SCRIPT, [str(_SCRIPT), command])  # noqa: S606 - the script of this checkout


def up() -> None:
    """Set up what is missing, start everything, end with a verified receipt (the same as `make up`)."""
    _run("up")


def down() -> None:
    """Stop everything that `up` started; data stays (the same as `make down`)."""
    _run("down")
