"""The frame of the operators' commands: options, connection, call, output as text or JSON, exit codes.

`call_command` declares a command that is one call of a database function; its options come from the function's
parameters unless they are declared. `operator_command` frames a Python function that makes several calls.
"""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from uuid import UUID

import typer

from ves.codec import U32_MAX
from ves_api.cli.database import open_database
from ves_api.cli.settings import DatabaseUrl, layers
from ves_client.commands.options import Store, Tenant
from ves_client.commands.output import JsonOption, note, print_json, print_line
from ves_client.errors import Exit
from ves_edge.calls import to_int4
from ves_edge.gen.functions import FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ves_edge.catalog import Function, Parameter

    Given = Mapping[str, Any]
    Render = Callable[[Any, Given], "Answer"]

_SETTINGS = {"tenant_id": ("tenant", Tenant, "VES_TENANT_ID"), "store_id": ("store", Store, "VES_STORE_ID")}
_TYPES: dict[str, type] = {"UUID": UUID, "int": int, "bool": bool}


class Answer(NamedTuple):
    """Result of a command: a JSON document, the same as lines of text, the exit code, and notes for stderr."""

    document: Any
    lines: Iterable[str]
    status: Exit = Exit.FINE
    notes: Iterable[str] = ()


def show(answer: Answer, *, as_json: bool) -> None:
    """Print a result; exit with its status unless that is 0."""
    if as_json:
        print_json(answer.document)
    else:
        for text in answer.notes:
            note(text)
        for line in answer.lines:
            print_line(line)
    if answer.status is not Exit.FINE:
        raise typer.Exit(answer.status)


def rows(name: str, line: Callable[[Any], str], hidden: frozenset[str] = frozenset()) -> Render:
    """Render rows (dicts): one line each and the count; as JSON `{name: rows, "count": n}` without hidden columns."""

    def render(found: list[dict[str, Any]], _given: Given) -> Answer:
        shown = [{key: value for key, value in row.items() if key not in hidden} for row in found]
        return Answer({name: shown, "count": len(found)}, [*map(line, found), f"{len(found)} {name}"])

    return render


def plain(function: str) -> Render:
    """Render whatever a function answers: a table of rows, a line for each member of a row, a value, or nothing."""
    columns = [column.name for column in FUNCTIONS[function].columns]

    def render(found: Any, _given: Given) -> Answer:
        if isinstance(found, list):
            return Answer(found, [*_table(columns, found), f"{len(found)} rows"])
        if isinstance(found, dict):
            return Answer(found, [f"{name}: {_text(value)}" for name, value in found.items()])
        return Answer(found, [] if FUNCTIONS[function].returns == "nothing" else _text(found).split("\n"))

    return render


def _table(columns: list[str], found: list[dict[str, Any]]) -> list[str]:
    cells = [columns, *([_text(value) for value in row.values()] for row in found)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]


def _text(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    return "-" if value is None else str(value)


def document(text: Callable[[Any, Given], str], **members: Callable[[Any, Given], Any]) -> Render:
    """Render one result as a line of text and as a JSON object with members from the result and the parameters."""
    return lambda answer, given: Answer(
        {name: make(answer, given) for name, make in members.items()}, [text(answer, given)]
    )


def given(name: str) -> Callable[[Any, Given], Any]:
    """Return a member of `document` whose value is a parameter."""
    return lambda _answer, parameters: parameters[name]


def answer(value: Any, _given: Given) -> Any:
    """Return a member of `document` whose value is the result."""
    return value


def option(kind: Any, default: Any, *flags: str, **settings: Any) -> tuple[Any, Any]:
    """Declare the option of a parameter; `...` as the default makes it required."""
    return Annotated[kind, typer.Option(*flags, **settings)], default


def argument(kind: Any, help_text: str, **settings: Any) -> tuple[Any, Any]:
    """Declare that a parameter is given by its place."""
    return Annotated[kind, typer.Argument(help=help_text, **settings)], ...


def call_command(
    app: typer.Typer,
    name: str,
    function: str,
    summary: str,
    render: Render,
    *,
    options: Mapping[str, tuple[Any, Any]] | None = None,
    without: tuple[str, ...] = (),
) -> None:
    """Declare a command that is one call of `ves.<function>`.

    `options` replaces the options of parameters, made by `option` or `argument`. Parameters in `without` keep the
    function's default. A tenant or a store that is required may come from the settings.
    """
    called, declared = FUNCTIONS[function], options or {}
    asked = [p for p in called.parameters if p.name not in {*without, "context"}]
    # Tenant and store are listed last, as the options that every command has.
    asked.sort(key=lambda parameter: parameter.name in _SETTINGS)
    signature = [_option(p, declared.get(p.name)) for p in asked]

    def run(database_url: str | None, as_json: bool, **values: Any) -> None:
        parameters = {p.name: _value(p, values) for p in asked}
        with open_database(database_url) as db:
            found = call(db, called, parameters)
        show(render(found, parameters), as_json=as_json)

    register(app, name, run, summary, signature)


def operator_command(
    app: typer.Typer, name: str | None = None
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Decorate a function of an open database and options as a command with `--database-url` and `--json`.

    A parameter `as_json` receives whether the output is JSON.
    """

    def decorate(function: Callable[..., Answer]) -> Callable[..., Answer]:
        signature = inspect.signature(function, eval_str=True)
        own = [p for p in signature.parameters.values() if p.name not in {"db", "as_json"}]
        told = {"as_json"} & signature.parameters.keys()

        def run(database_url: str | None, as_json: bool, **values: Any) -> None:
            with open_database(database_url) as db:
                found = function(db, **values, **dict.fromkeys(told, as_json))
            show(found, as_json=as_json)

        register(app, name or function.__name__, run, function.__doc__ or "", own)
        return function

    return decorate


def register(
    app: typer.Typer, name: str, run: Callable[..., None], summary: str, options: list[inspect.Parameter]
) -> None:
    """Register a function as a command with these options and `--database-url` and `--json`."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    common = [
        inspect.Parameter("database_url", keyword, default=None, annotation=DatabaseUrl),
        inspect.Parameter("as_json", keyword, default=False, annotation=JsonOption),
    ]
    run.__doc__ = summary
    run.__signature__ = inspect.Signature([p.replace(kind=keyword) for p in (*options, *common)])  # type: ignore[attr-defined]
    app.command(name)(run)


def call(db: Any, function: Function, parameters: Given) -> Any:
    """Call a function; returns a list of dicts, a dict, a value or None. Omitted parameters keep their defaults."""
    sent = {
        p.name: to_int4(value) if p.is_key_number and isinstance(value, int) else value
        for p in function.parameters
        for value in (default_of(p) if parameters.get(p.name) is None else parameters[p.name],)
    }
    found = db.fetch(function, sent)
    if function.returns == "value":
        return found[0][0]
    if function.returns == "nothing":
        return None
    names = [column.name for column in function.columns]
    # A null of a composite type arrives as a row of nulls and means "not found".
    dicts = [dict(zip(names, row, strict=True)) for row in found if any(value is not None for value in row)]
    return dicts if function.returns == "rows" else dicts[0]


def default_of(parameter: Parameter) -> Any:
    """Return the SQL default of a parameter as a Python value, or as text that the database casts."""
    literal = parameter.default or "None"
    if literal.startswith("UUID("):
        literal = literal.removeprefix("UUID(").removesuffix(")")
    value = ast.literal_eval(literal)
    return list(value) if isinstance(value, tuple) else value


def plain_option(parameter: Parameter, flag: str) -> inspect.Parameter:
    """Build the option of a parameter from its type and default; types without a Python form are text for a cast."""
    text, optional = parameter.python.removesuffix(" | None"), parameter.default is not None
    kind: Any = _TYPES.get(text, str)
    least, most = (0, U32_MAX) if parameter.is_key_number else (None, None)
    flags = f"{flag}/--no-{flag.removeprefix('--')}" if kind is bool else flag
    declared = typer.Option(
        flags, help=parameter.sql_type, show_default=default_of(parameter) is not None, min=least, max=most
    )
    default = default_of(parameter) if optional else ...
    default = None if default == [] else default
    return _keyword(parameter.name, Annotated[kind | None if optional else kind, declared], default)


def _option(parameter: Parameter, declared: tuple[Any, Any] | None) -> inspect.Parameter:
    if declared is not None:
        return _keyword(parameter.name, *declared)
    if parameter.name in _SETTINGS:
        name, annotation, _ = _SETTINGS[parameter.name]
        return _keyword(name, annotation, None)
    return plain_option(parameter, _flag(parameter.name))


def _flag(name: str) -> str:
    return "--agent" if name == "agent_id" else "--" + name.replace("_", "-")


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    empty = inspect.Parameter.empty if default is ... else default
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=empty, annotation=annotation)


def _value(parameter: Parameter, values: Given) -> Any:
    """Return the value of a parameter; a tenant or store from its option, else, if it is required, from the settings."""
    if parameter.name not in _SETTINGS or parameter.name in values:
        return values[parameter.name]
    name, _, variable = _SETTINGS[parameter.name]
    text = values[name]
    return None if text is None and parameter.default is not None else layers().need_uuid(variable, text)
