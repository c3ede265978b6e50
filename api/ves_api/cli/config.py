"""`ves config`: the effective settings with their origins, secrets masked."""

from __future__ import annotations

from ves_api.cli.server_settings import effective
from ves_api.cli.settings import VARIABLES, layers, mask
from ves_client.commands.output import JsonOption, out, print_json


def config(*, as_json: JsonOption = False) -> None:
    """Show the effective settings of the commands (flags take precedence) and of a server started here.

    The server's come from the environment, else from the file of `make up` (.ves/run/api.env), else from .ves/env.
    """
    settings = layers()
    rows = []
    for variable in VARIABLES:
        value, origin = settings.find(variable.name)
        shown = mask(variable, value) if value is not None else None
        rows.append({"name": variable.name, "value": shown, "origin": origin, "purpose": variable.purpose})
    server = effective(settings)
    if as_json:
        print_json(
            {
                "settings": rows,
                "server": server.groups,
                "server_refusal": server.refusal,
                "state_file": str(settings.path) if settings.path else None,
            }
        )
        return
    width = max(len(variable.name) for variable in VARIABLES)
    out.print("commands")
    for row in rows:
        out.print(f"  {row['name']:<{width}}  {row['value'] or '-'}  ({row['origin']}: {row['purpose']})")
    width = max(len(name) for group in server.groups.values() for name in group)
    for group, variables in server.groups.items():
        out.print(f"\nserver: {group}")
        for name, entry in variables.items():
            out.print(f"  {name:<{width}}  {_text(entry['value'])}  ({entry['origin']})")
    if server.refusal:
        out.print(f"\nNo server would start with this: {server.refusal}")


def _text(value: object) -> str:
    """Format a value as in the environment."""
    if value is None:
        return "-"
    return str(value).lower() if isinstance(value, bool) else str(value)
