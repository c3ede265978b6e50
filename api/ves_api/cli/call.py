"""`ves call`: any function of schema `ves` that the caller's database role may execute."""

from __future__ import annotations

import difflib
from typing import Any

import typer

from ves_api.cli.database import open_database
from ves_api.cli.frame import call, plain, plain_option, register, show
from ves_client.commands.output import out
from ves_client.errors import usage
from ves_edge.catalog import Function
from ves_edge.gen.functions import FUNCTIONS


def call_function(ctx: typer.Context) -> None:
    r"""Call a database function: `ves call FUNCTION [--PARAMETER VALUE]…`; without one, list them.

    Values other than numbers, UUIDs and flags are sent as text, which PostgreSQL parses: times, bytea as \\x…, arrays as
    {…}, JSON. `ves call FUNCTION --help` shows the parameters. Exit code 4 when the role may not execute the function.
    """
    name, *arguments = ctx.args or ["--help"]
    if name in {"-h", "--help"}:
        out.print((call_function.__doc__ or "").replace("\n    ", "\n"))
        for function in FUNCTIONS.values():
            out.print(f"  {function.name:<34} {function.comment.partition('.')[0]}")
        return
    if name not in FUNCTIONS:
        near = difflib.get_close_matches(name, FUNCTIONS, n=1)
        raise usage(f"there is no function ves.{name}" + (f"; did you mean {near[0]}?" if near else ""))
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    _add(app, FUNCTIONS[name])
    app(arguments, prog_name=f"ves call {name}")


def _add(app: typer.Typer, function: Function) -> None:
    asked = [parameter for parameter in function.parameters if parameter.name != "context"]
    options = [plain_option(parameter, "--" + parameter.name.replace("_", "-")) for parameter in asked]

    def run(database_url: str | None, as_json: bool, **values: Any) -> None:
        with open_database(database_url) as db:
            found = call(db, function, values)
        show(plain(function.name)(found, values), as_json=as_json)

    register(app, function.name, run, f"{function.comment}\n\nRoles: {', '.join(function.roles)}.", options)
