"""The `ves` command and the `stateset-sequencer` server command.

Exit codes of every command: 0 fine; 1 a check failed (a finding, an invalid receipt or proof); 2 wrong usage;
3 server or database not reachable; 4 refused by the server.
"""

from __future__ import annotations

import sys

import typer

from ves_api import __version__
from ves_api.cli import apikeys, audit, engine_commands, groups, keyring, keys, schemas
from ves_api.cli.admin_program.commands import COMMANDS
from ves_api.cli.call import call_function
from ves_api.cli.config import config
from ves_api.cli.directory import DatabaseDirectory, with_database_url
from ves_api.cli.frame import operator_command
from ves_api.cli.operation_commands import add_operation_commands, is_known
from ves_api.cli.story import story
from ves_api.cli.streams import commit, fsck
from ves_api.cli.system import PASS_ON, demo, down, serve, up
from ves_client.commands import agent, program, verify
from ves_client.commands.prove import prove
from ves_client.commands.push import push
from ves_client.commands.seal import open_sealed, seal

app = program.new_program(
    "ves",
    "Verifiable event sequencing.\n\n" + program.SETTINGS_AND_EXITS + "\n`ves config` shows the settings.\n",
    __version__,
    DatabaseDirectory,
)
app.add_typer(keys.app, name="keys")
app.add_typer(groups.app, name="groups")
app.add_typer(apikeys.app, name="apikeys")
app.add_typer(keyring.app, name="keyring")
app.add_typer(schemas.app, name="schemas")
app.add_typer(audit.app, name="audit")
app.add_typer(agent.app, name="agent")
app.add_typer(verify.app, name="verify")
app.command("verify-evidence")(agent.verify_evidence)
app.add_typer(engine_commands.app, name="engine")
for function in (up, down, push, prove, story, config, serve):
    app.command()(function)
operator_command(app)(fsck)
operator_command(app)(commit)
app.command("seal")(with_database_url(seal))
app.command("open")(open_sealed)
for name, function in COMMANDS.items():
    app.command(name)(function)
app.command(context_settings=PASS_ON)(demo)
app.command("call", context_settings=PASS_ON)(call_function)
app.command("doctor")(engine_commands.doctor)


def main() -> None:
    """Run `ves` and end the process with a documented exit code."""
    command = typer.main.get_command(app)  # takes as long as most commands: made once
    if not is_known(command, sys.argv[1:]):
        add_operation_commands(app)
        command = typer.main.get_command(app)
    program.run(command)


def serve_main() -> None:
    """Run `stateset-sequencer`: the server, configured by the environment alone."""
    program.run(serve)
