"""Registry of the original's commands (name, function), mounted by `ves` and by the alias."""

from __future__ import annotations

from collections.abc import Callable

import typer

from ves_api.cli import engine_commands
from ves_api.cli.admin_program import at_rest, keys, streams
from ves_api.cli.options import ALIAS
from ves_client.commands.output import out


def summary(function: Callable[..., None]) -> str:
    """Return the first line of a command's description."""
    return (function.__doc__ or "").splitlines()[0]


def commands(ctx: typer.Context) -> None:
    """List the operator's commands."""
    out.print("COMMANDS:")
    for name, function in COMMANDS.items():
        out.print(f"  {name:<33} {summary(function)}")
    if ctx.find_root().info_name == ALIAS:
        out.print(
            f"  {'version':<33} Print the version.\n  {'help':<33} Print the commands with their options."
        )


COMMANDS: dict[str, Callable[..., None]] = {
    "migrate": engine_commands.migrate,
    "verify-proof": keys.verify_proof,
    "export-events": streams.export_events,
    "rotate-keys": keys.rotate_keys,
    "list-agent-keys": keys.list_agent_keys,
    "reencrypt-events": at_rest.reencrypt_events,
    "reencrypt-ves-validity-proofs": at_rest.reencrypt_validity_proofs,
    "reencrypt-ves-compliance-proofs": at_rest.reencrypt_compliance_proofs,
    "backfill-ves-state-roots": streams.backfill_state_roots,
    "ves-commit-and-anchor": streams.commit_and_anchor,
    "shred-payload": at_rest.shred_payload,
    "commands": commands,
}
