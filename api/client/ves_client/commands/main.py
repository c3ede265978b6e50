"""`ves-agent`: the agents' commands alone, for a machine without the sequencer."""

from __future__ import annotations

from typing import Annotated

import typer

from ves_client import __version__
from ves_client.commands import keys, program, verify
from ves_client.commands.directory import ApiDirectory
from ves_client.commands.output import out
from ves_client.commands.prove import prove
from ves_client.commands.push import push
from ves_client.commands.seal import open_sealed, seal

app = program.new_program(
    "ves-agent", "Verifiable event sequencing, an agent's side.\n\n" + program.SETTINGS_AND_EXITS
)
keys_app = typer.Typer(no_args_is_help=True, help="Agent keys.")
for name, function in keys.COMMANDS.items():
    keys_app.command(name)(function)
app.add_typer(keys_app, name="keys")
app.add_typer(verify.app, name="verify")
for function in (push, seal, prove):
    app.command()(function)
app.command("open")(open_sealed)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"ves-agent {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    ctx.obj = ApiDirectory()


def main() -> None:
    """Run `ves-agent` and end the process with a documented exit code."""
    program.run(app)
