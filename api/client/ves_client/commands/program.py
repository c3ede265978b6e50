"""Common conventions of the programs: help, version, error reports, exit codes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from ves_client.commands.output import err, out, print_json
from ves_client.errors import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ves_client.commands.directory import Directory

SETTINGS_AND_EXITS = """Settings: a flag, else the environment, else .ves/env in this folder or one above it.

Exit codes: 0 fine, 1 a check failed, 2 wrong usage, 3 server or database not reachable, 4 refused by the server.
"""


def new_program(name: str, help_text: str, version: str, directory: Callable[[], Directory]) -> typer.Typer:
    """Return an application with the conventions of all programs, whose commands look up in `directory`."""
    app = typer.Typer(
        name=name,
        help=help_text,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    def show_version(wanted: bool) -> None:
        if wanted:
            out.print(f"{name} {version}")
            raise typer.Exit

    option = typer.Option(
        False, "--version", "-V", callback=show_version, is_eager=True, help="Show the version and exit."
    )

    @app.callback()
    def root(ctx: typer.Context, *, _version: bool = option) -> None:
        ctx.obj = directory()

    return app


def run(program: Callable[[], object]) -> None:
    """Run a program; a ClientError ends the process with its exit code."""
    try:
        program()
    except ClientError as error:
        _report(error)
        sys.exit(error.status)


def _report(error: ClientError) -> None:
    """Print an error: as text on stderr, with `--json` as a document on stdout."""
    if "--json" in sys.argv:
        body = {"code": error.code, "message": error.message, "details": error.details}
        print_json({"error": body, "exit_code": int(error.status)})
        return
    err.print("error", style="red", end=" ")
    err.print(f"{error.code}: {error.message}")
    for name, value in error.details.items():
        err.print(f"  {name}: {value}")
