"""`ves config`: the settings in effect and where each comes from, secrets masked."""

from __future__ import annotations

from ves_api.cli.output import JsonOption, out, print_json
from ves_api.cli.settings import VARIABLES, layers, mask


def config(*, as_json: JsonOption = False) -> None:
    """Show the settings in effect: flags are not among them, they win over all of these."""
    settings = layers()
    rows = []
    for variable in VARIABLES:
        value, origin = settings.find(variable.name)
        shown = mask(variable, value) if value is not None else None
        rows.append({"name": variable.name, "value": shown, "origin": origin, "purpose": variable.purpose})
    if as_json:
        print_json({"settings": rows, "state_file": str(settings.path) if settings.path else None})
        return
    width = max(len(variable.name) for variable in VARIABLES)
    for row in rows:
        out.print(f"{row['name']:<{width}}  {row['value'] or '-'}  ({row['origin']}: {row['purpose']})")
