"""`ves-agent`: the agents' commands alone, for a machine without the sequencer."""

from __future__ import annotations

import typer

from ves_client import __version__
from ves_client.commands import agent, keys, program, verify
from ves_client.commands.directory import ApiDirectory
from ves_client.commands.prove import prove
from ves_client.commands.push import push
from ves_client.commands.seal import open_sealed, seal

app = program.new_program(
    "ves-agent",
    "Verifiable event sequencing, an agent's side.\n\n" + program.SETTINGS_AND_EXITS,
    __version__,
    ApiDirectory,
)
keys_app = typer.Typer(no_args_is_help=True, help="Agent keys.")
for name, function in keys.COMMANDS.items():
    keys_app.command(name)(function)
app.add_typer(keys_app, name="keys")
app.add_typer(agent.app, name="agent")
app.add_typer(verify.app, name="verify")
app.command("verify-evidence")(agent.verify_evidence)
for function in (push, seal, prove):
    app.command()(function)
app.command("open")(open_sealed)


def main() -> None:
    """Run `ves-agent` and end the process with a documented exit code."""
    program.run(app)
