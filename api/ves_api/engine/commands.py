"""`ves engine`: install or update the engine in a database, and compare a live one with this release."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from typing import Annotated

import psycopg
import typer

from ves_api.engine.doctor import diagnose
from ves_api.engine.install import install, set_audit_log

app = typer.Typer(help="Install, update and check the engine inside PostgreSQL.", no_args_is_help=True)
DatabaseUrl = Annotated[
    str, typer.Option(envvar="DATABASE_URL", help="Connection with a superuser's (or owner's) rights.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]


@app.command("install")
def install_command(
    database_url: DatabaseUrl,
    core: Annotated[bool, typer.Option(help="Leave PL/Python out even where it is available.")] = False,
    audit_log: Annotated[
        bool | None,
        typer.Option(envvar="AUDIT_LOG_ENABLED", help="Turn the audit log on or off; unset: as it is."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Install or update the engine. Safe to repeat. Exit codes: 0 done, 3 database not reachable or refused."""
    started = time.monotonic()

    def say(text: str) -> None:
        if not as_json:
            typer.echo(f"  {time.monotonic() - started:5.1f}s  {text}", err=True)

    try:
        result = install(database_url, core=core, say=say)
        if audit_log is not None:
            set_audit_log(database_url, enabled=audit_log)
    except psycopg.Error as error:
        typer.echo(
            f"error: {error}" + "".join(f"\n  {note}" for note in getattr(error, "__notes__", [])), err=True
        )
        raise typer.Exit(3) from None
    if as_json:
        typer.echo(json.dumps(asdict(result)))
    else:
        state = "updated" if result.logic_applied else "was up to date"
        typer.echo(f"engine {state}: {result.mode} mode, tables at {result.revision}")


@app.command("doctor")
def doctor_command(database_url: DatabaseUrl, as_json: AsJson = False) -> None:
    """Compare the live engine with this release. Exit codes: 0 equal, 1 differences, 3 database not reachable."""
    try:
        differences = diagnose(database_url)
    except psycopg.Error as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(3) from None
    if as_json:
        typer.echo(json.dumps([asdict(difference) for difference in differences]))
    else:
        for difference in differences:
            typer.echo(f"{difference.state:<10}  {difference.name}")
        typer.echo(f"{len(differences)} difference(s)")
    raise typer.Exit(1 if differences else 0)
