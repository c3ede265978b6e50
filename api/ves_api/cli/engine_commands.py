"""`ves engine` and `ves doctor`: passed on to the installer, whose packages no other command needs."""

from __future__ import annotations

import os

import typer

from ves_api.cli.settings import layers, superuser_url


def _pass_on(arguments: list[str]) -> None:
    from ves_api.engine.commands import app  # noqa: PLC0415 - see above

    # What `make up` left behind is good enough when nothing is said: the installer itself reads only DATABASE_URL.
    if "DATABASE_URL" not in os.environ and (url := superuser_url(layers(), same_database=True)):
        os.environ["DATABASE_URL"] = url
    app(arguments, prog_name="ves engine")


def engine(ctx: typer.Context) -> None:
    """Install, update and check the engine inside PostgreSQL (`ves engine --help`)."""
    _pass_on(ctx.args or ["--help"])


def doctor(ctx: typer.Context) -> None:
    """Compare the engine in a database with this release: exit code 1 when they differ."""
    _pass_on(["doctor", *ctx.args])
