"""`ves engine install`, `ves engine doctor`, `ves doctor` and `migrate`: the only users of the installer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import psycopg
import typer

from ves_api.cli import options
from ves_api.cli.settings import layers, superuser_url
from ves_client.commands.output import JsonOption, note, out, print_json
from ves_client.errors import ClientError, Exit, usage
from ves_install.errors import MigrationError

app = typer.Typer(help="Install, update and check the engine inside PostgreSQL.", no_args_is_help=True)
DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database-url", help="Connection with a superuser's (or owner's) rights [DATABASE_URL]."),
]


def _database_url(flag: str | None) -> str:
    """Return the flag, else DATABASE_URL, else the superuser's URL of `make up`. Exit code 2 if unset."""
    url = flag or os.environ.get("DATABASE_URL", "").strip() or superuser_url(layers(), same_database=True)
    if not url:
        raise usage("DATABASE_URL is required (or pass --database-url)")
    return url


_MISSING_RIGHT = "the role of this URL may not change the engine: that needs a superuser, whose URL is VES_SUPERUSER_DATABASE_URL"


@contextmanager
def _refusals(refused: Exit) -> Iterator[None]:
    """Map the server's errors to exit codes: 3 for a lost connection, `refused` for everything else."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise ClientError(Exit.UNREACHABLE, "database_unavailable", str(error).strip()) from error
    except MigrationError as error:
        raise ClientError(refused, "migration_failed", str(error)) from error
    except psycopg.Error as error:
        right = f"{_MISSING_RIGHT}; " if isinstance(error, psycopg.errors.InsufficientPrivilege) else ""
        notes = "".join(f"\n  {text}" for text in getattr(error, "__notes__", []))
        raise ClientError(refused, "migration_failed", right + f"{error}".strip() + notes) from error


@app.command("install")
def install_command(
    database_url: DatabaseUrl = None,
    core: Annotated[bool, typer.Option(help="Install without PL/Python even if it is available.")] = False,
    before_post: Annotated[
        bool, typer.Option(help="Skip migrations that must wait until every edge runs this release.")
    ] = False,
    audit_log: Annotated[
        bool | None,
        typer.Option(envvar="AUDIT_LOG_ENABLED", help="Turn the audit log on or off; unchanged by default."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Install or update the engine. Safe to repeat. Exit codes: 0 done, 3 database not reachable or refused."""
    from ves_install.install import install, set_audit_log  # noqa: PLC0415 - no other command needs its packages

    url, started = _database_url(database_url), time.monotonic()

    def say(text: str) -> None:
        if not as_json:
            note(f"  {time.monotonic() - started:5.1f}s  {text}")

    with _refusals(Exit.UNREACHABLE):
        result = install(url, core=core, before_post=before_post, say=say)
        if audit_log is not None:
            set_audit_log(url, enabled=audit_log)
    if as_json:
        print_json(asdict(result))
    else:
        state = "updated" if result.logic_applied else "was up to date"
        for difference in result.repaired:
            out.print(f"repaired: {difference.state} {difference.name}")
        out.print(f"engine {state}: {result.mode} mode, tables at {result.revision}")


@app.command("doctor")
def doctor(database_url: DatabaseUrl = None, as_json: JsonOption = False) -> None:
    """Compare the live engine with this release. Exit codes: 0 equal, 1 differences, 3 database not reachable."""
    from ves_install.doctor import diagnose  # noqa: PLC0415 - see above

    with _refusals(Exit.UNREACHABLE):
        differences = diagnose(_database_url(database_url))
    if as_json:
        print_json([asdict(difference) for difference in differences])
    else:
        for difference in differences:
            out.print(f"{difference.state:<10}  {difference.name}")
        out.print(f"{len(differences)} difference(s)")
    raise typer.Exit(Exit.CHECK_FAILED if differences else Exit.FINE)


def migrate(ctx: typer.Context, *, database: options.DatabaseUrl = None) -> None:
    """Install or update the engine: tables, functions, grants. Safe to repeat."""
    from ves_install.install import install  # noqa: PLC0415 - see above

    url = options.database_url(ctx, database, owner=True)
    with _refusals(Exit.REFUSED):
        install(url)
    out.print("ok: migrations applied")
