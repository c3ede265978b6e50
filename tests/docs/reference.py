"""The pages of docs/reference, made from what they describe: OpenAPI document, settings, registry, catalog, commands.

`make generate` writes them; test_reference.py fails when one is stale.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer.main
from psycopg.rows import dict_row

from tests.api.surface.conftest import DOCUMENT
from tests.docs import sizes
from ves_api.cli.main import app as ves
from ves_api.cli.operation_commands import add_operation_commands
from ves_api.rpc.server import SERVICES
from ves_api.settings import Environment, read
from ves_client.commands.main import app as ves_agent
from ves_edge.metrics import MEANINGS
from ves_workers.settings.process import Settings as WorkerSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import psycopg

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = ROOT / "docs" / "reference"
SETTINGS: Final = PAGES / "settings.toml"
_NOTE: Final = "<!-- Made by `make generate`; do not edit. -->"


def pages(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """File name to text of every generated page; `connection` is to a database with the engine of full mode."""
    return {
        "routes.md": routes(),
        "rpcs.md": rpcs(),
        "settings.md": settings(),
        "errors.md": errors(),
        "functions.md": functions(connection),
        "views.md": views(connection),
        "commands.md": commands(),
        "limits.md": limits(connection),
        "metrics.md": metrics(),
    }


def routes() -> str:
    """One table a tag of the OpenAPI document."""
    tags: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            names = [p["name"] for p in operation["parameters"] if p["in"] == "query"]
            needs = operation["description"].removeprefix("Needs: ").rstrip(".")
            row = (
                f"`{method.upper()} {path}`",
                needs,
                operation["summary"],
                ", ".join(f"`{n}`" for n in names),
            )
            tags[operation["tags"][0]].append(row)
    head = ("route", "needs", "does", "query")
    return _page(
        "Routes",
        "Bodies, answers and refusals of each route are in the OpenAPI document of the running server:\n"
        "`/api/docs` as a page, `/api/openapi.json` as data. Every status of 400 or above has one body (http-\n"
        "api 1.6) with a code of [errors](errors.md).",
        *(f"## {tag}\n\n{_table(head, sorted(tags[tag]))}" for tag in sorted(tags)),
    )


def rpcs() -> str:
    """One table a gRPC service."""
    head = ("method", "needs", "does")
    sections = []
    for service, methods in SERVICES.items():
        rows = [(f"`{m.name}`", m.operation.permission.words, m.operation.summary) for m in methods]
        sections.append(f"## {service}\n\n{_table(head, sorted(rows))}")
    return _page(
        "RPCs",
        "Messages are in `proto/`; [grpc.md](../grpc.md) is the manual. `grpc.health.v1.Health` and server reflection\n"
        "need no credential.",
        *sections,
    )


def metrics() -> str:
    """The declared metrics in the order of their names."""
    rows = [
        (f"`{name}`", kind, ", ".join(f"`{label}`" for label in labels), meaning)
        for name, (kind, labels, meaning) in sorted(MEANINGS.items())
    ]
    return _page(
        "Metrics",
        "`GET /metrics` tells them to administrators in the text format of Prometheus (operations 9), of all processes that\n"
        "share the folder `PROMETHEUS_MULTIPROC_DIR`; without it, of the process that answers. Counters start at 0 with the\n"
        "server. `path` is the pattern of the route (`/api/v1/commitments/:batch_id`), `unmatched` for a path without one.",
        _table(("metric", "kind", "labels", "tells"), rows),
    )


def errors() -> str:
    """The registry in the order of its codes."""
    with (ROOT / "sql" / "errors" / "errors.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    head = ("SQLSTATE", "name", "wire code", "number", "HTTP", "gRPC", "retry", "message", "details")
    keys = ("code", "name", "wire_code", "numeric_code", "http", "grpc", "retry", "message", "detail_fields")
    return _page(
        "Errors",
        "Every refusal has one row in `sql/errors/errors.csv`. SQL raises the SQLSTATE with the details as\n"
        "JSON; over HTTP the body is that of http-api 1.6 with the wire code, the number and the details, and\n"
        "the header `x-error-code`. *Retry*: the same request may succeed later. An event that is refused is\n"
        "not an error but a line in `rejections` of a 200.",
        _table(head, ([row[key] for key in keys] for row in rows)),
    )


def settings() -> str:
    """Names and defaults from the code, meanings from settings.toml; each must know what the other knows."""
    meanings: dict[str, dict[str, dict[str, str]]] = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))
    sections = []
    for program, used in asked().items():
        told = meanings[program]
        if set(told) != set(used):
            raise ValueError(
                f"{SETTINGS.name}, {program}: {sorted(set(told) ^ set(used))} are not on both sides"
            )
        rows = ((f"`{n}`", told[n].get("default") or _default(used[n]), told[n]["meaning"]) for n in told)
        sections.append(f"## {program.capitalize()}\n\n{_table(('variable', 'default', 'meaning'), rows)}")
    return _page(
        "Settings",
        "Read once, at start, from the environment; a value that cannot be used stops the start and is named.\n"
        "Times are in seconds unless the name says otherwise, sizes in bytes. `ves config` shows what is in\n"
        "effect, secrets masked.",
        *sections,
    )


def asked() -> dict[str, dict[str, object]]:
    """Program to the variables that it reads, each with what is in effect when nothing is set."""
    server = Environment({})
    read(server)
    worker = Environment({"DATABASE_URL": "postgres://localhost/ves"})
    WorkerSettings.from_environment(worker)
    return {"server": server.read, "workers": worker.read}


def _default(value: object) -> str:
    if value is None or value == "":
        return "none"
    return str(value).lower() if isinstance(value, bool) else f"`{value}`"


_FUNCTIONS = """
select
  p.proname as name,
  pg_get_function_arguments(p.oid) as arguments,
  pg_get_function_result(p.oid) as result,
  coalesce(obj_description(p.oid, 'pg_proc'), '') as comment,
  array(
    select g.grantee::regrole::text
    from aclexplode(p.proacl) as g
    where g.privilege_type = 'EXECUTE' and g.grantee not in (p.proowner, 0)
    order by 1
  ) as roles
from pg_catalog.pg_proc as p
where p.pronamespace = 'ves'::regnamespace
order by p.proname, arguments
"""

_VIEWS = """
select
  n.nspname || '.' || c.relname as name,
  coalesce(obj_description(c.oid, 'pg_class'), '') as comment,
  array(
    select g.grantee::regrole::text
    from aclexplode(c.relacl) as g
    where g.privilege_type = 'SELECT' and g.grantee not in (c.relowner, 0)
    order by 1
  ) as roles,
  array(
    select a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
    from pg_catalog.pg_attribute as a
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    order by a.attnum
  ) as columns
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname in ('ves', 'rest') and c.relkind = 'v'
order by 1
"""


def functions(connection: psycopg.Connection[Any]) -> str:
    """Every function of schema `ves` by the folder that its file is in."""
    areas = {path.stem: path.parent.name for path in sorted((ROOT / "sql" / "functions").glob("*/*.sql"))}
    grouped: dict[str, list[str]] = defaultdict(list)
    for row in _rows(connection, _FUNCTIONS):
        roles = ", ".join(f"`{role}`" for role in row["roles"]) or "the owner only"
        arguments = re.sub(r" DEFAULT (NULL|'[^']*')::[\w ]+(\[\])?", r" default \1", row["arguments"])
        signature = f"ves.{row['name']}({_wrapped(arguments.replace(' DEFAULT ', ' default '))})\n  returns {_wrapped(row['result'])}"
        text = (
            f"### `{row['name']}`\n\n```sql\n{signature}\n```\n\n{row['comment']}\n\nExecutable by: {roles}."
        )
        grouped[areas.get(row["name"], "wrappers")].append(text)
    return _page(
        "SQL functions",
        "Schema `ves` is the only door to the engine; the headings are the folders below `sql/functions`.\n"
        "Signatures, comments and rights are those of the catalog: `\\df+ ves.*` in psql shows the same. VE\n"
        "numbers are explained in [errors](errors.md).",
        *(f"## {area}\n\n" + "\n\n".join(grouped[area]) for area in sorted(grouped)),
    )


def views(connection: psycopg.Connection[Any]) -> str:
    """The views of schemas `ves` and `rest` with columns and readers."""
    parts = []
    for row in _rows(connection, _VIEWS):
        roles = ", ".join(f"`{role}`" for role in row["roles"]) or "the owner only"
        columns = ", ".join(f"`{column}`" for column in row["columns"])
        parts.append(
            f"## `{row['name']}`\n\n{row['comment']}\n\nColumns: {columns}.\n\nReadable by: {roles}."
        )
    return _page(
        "Views",
        "`ves` is for roles of the engine, `rest` for PostgREST: each row of `rest` is of the tenant that the\n"
        "token names.",
        *parts,
    )


def commands() -> str:
    """Every command of each program with its arguments and options."""
    add_operation_commands(ves)
    sections = []
    for program, app in (("ves", ves), ("ves-agent", ves_agent)):
        rows = []
        for name, command in _commands(program, typer.main.get_command(app)):
            shown = [
                _parameter(p) for p in command.params if not p.hidden and p.name not in ("help", "as_json")
            ]
            rows.append((f"`{name}`", (command.help or "").split("\n\n")[0], " ".join(shown)))
        sections.append(f"## {program}\n\n{_table(('command', 'does', 'arguments and options'), rows)}")
    return _page(
        "Commands",
        "`ves-agent` has the agents' commands alone, for a machine without the sequencer; `ves` has them too.\n"
        "Every command has `--help`, and most have `--json` (one JSON document on standard output). What is\n"
        "in brackets may be left out. Exit codes: 0 fine, 1 a check failed, 2 wrong usage, 3 server or\n"
        "database not reachable, 4 refused by the server.",
        *sections,
    )


def limits(connection: psycopg.Connection[Any]) -> str:
    """Longest bodies, decoded values and stored texts."""
    return _page(
        "Limits of sizes",
        "Rows that callers make are bounded by [limits of rows](../limits.md#rows-that-callers-make-grow), requests by\n"
        "[rate limits](../../api/docs/authentication.md). What no line names is as long as the body that it came with.\n"
        "Lists answer as many rows as their [function](functions.md) says.",
        "## Bodies, in bytes\n\n" + _table(("route", "at most"), sizes.bodies()),
        "## Decoders and answers\n\n" + _table(("what", "at most"), sizes.decoders()),
        "## Stored texts\n\n"
        + _table(("table", "column", "at most"), sizes.stored(lambda query: _rows(connection, query))),
    )


def _commands(prefix: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, child in sorted(getattr(command, "commands", {}).items()):
        if child.hidden:
            continue
        if hasattr(child, "commands"):
            yield from _commands(f"{prefix} {name}", child)
        else:
            yield f"{prefix} {name}", child


def _parameter(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        text = (parameter.metavar or parameter.name).upper()
    else:
        text = max(parameter.opts or parameter.secondary_opts, key=len)
    return f"`{text}`" if parameter.required else f"`[{text}]`"


def _rows(connection: psycopg.Connection[Any], query: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.encode()).fetchall()


def _wrapped(text: str) -> str:
    """Parameters one a line where they would not fit in one."""
    if len(text) <= 80:
        return text
    parts = re.split(
        r", (?![^(]*\))", text.removeprefix("TABLE(").removesuffix(")") if text.startswith("TABLE(") else text
    )
    body = "".join(f"\n    {part}," for part in parts)[:-1]
    return f"TABLE({body}\n  )" if text.startswith("TABLE(") else f"{body}\n  "


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [
        f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |"
        for row in rows
    ]
    return "\n".join(lines)


def _page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", _NOTE, *parts]) + "\n"
