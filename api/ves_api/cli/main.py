"""The `ves` command and the `stateset-sequencer` server command.

Exit codes of every command: 0 fine; 1 a check failed (a finding, an invalid receipt or proof); 2 wrong usage;
3 server or database not reachable; 4 refused by the server.
"""

from __future__ import annotations

import sys
from typing import Annotated

import stamina
import typer

from ves_api import __version__
from ves_api.cli import apikeys, audit, engine_commands, groups, keyring, keys, schemas, verify
from ves_api.cli.config import config
from ves_api.cli.demo.command import demo
from ves_api.cli.exits import CliError
from ves_api.cli.fsck import commit, fsck
from ves_api.cli.operations.commands import COMMANDS
from ves_api.cli.output import err, out, print_json
from ves_api.cli.prove import prove
from ves_api.cli.push import push
from ves_api.cli.seal import open_sealed, seal
from ves_api.cli.serve import serve
from ves_api.cli.story import story
from ves_api.cli.system import down, up

HELP = """Verifiable event sequencing.

Settings: a flag, else the environment, else .ves/env in this folder or one above it (`ves config` shows them).

Exit codes: 0 fine, 1 a check failed, 2 wrong usage, 3 server or database not reachable, 4 refused by the server.
"""

app = typer.Typer(
    name="ves",
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(keys.app, name="keys")
app.add_typer(groups.app, name="groups")
app.add_typer(apikeys.app, name="apikeys")
app.add_typer(keyring.app, name="keyring")
app.add_typer(schemas.app, name="schemas")
app.add_typer(audit.app, name="audit")
app.add_typer(verify.app, name="verify")
app.add_typer(engine_commands.app, name="engine")
for function in (up, down, push, seal, prove, fsck, commit, story, demo, config, serve):
    app.command()(function)
app.command("open")(open_sealed)
for name, function in COMMANDS.items():
    app.command(name)(function)
app.command("doctor")(engine_commands.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"ves {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    pass


def _tell(error: CliError) -> None:
    """Print an error: for people on stderr, with `--json` as a document on stdout."""
    if "--json" in sys.argv:
        body = {"code": error.code, "message": error.message, "details": error.details}
        print_json({"error": body, "exit_code": int(error.status)})
        return
    err.print("error", style="red", end=" ")
    err.print(f"{error.code}: {error.message}")
    for name, value in error.details.items():
        err.print(f"  {name}: {value}")


def main() -> None:
    """Run `ves` and end the process with a documented exit code."""
    # Retries are no news for the caller, and by default they would be told on stdout.
    stamina.instrumentation.set_on_retry_hooks([])
    try:
        app()
    except CliError as error:
        _tell(error)
        sys.exit(error.status)


def serve_main() -> None:
    """Run `stateset-sequencer`: the server, configured by the environment alone."""
    try:
        serve()
    except CliError as error:
        _tell(error)
        sys.exit(error.status)
