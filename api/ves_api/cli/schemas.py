"""`ves schemas`: JSON Schemas for the validation of payloads (operations 6)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
import typer

from ves.schemas.compatibility import Mode
from ves.schemas.compiled import compile_schema
from ves_api.cli.database import OperatorDatabase
from ves_api.cli.frame import Answer, argument, call_command, document, given, operator_command, rows
from ves_api.cli.settings import need_tenant
from ves_client.commands.options import Tenant
from ves_client.errors import ClientError, Exit, usage
from ves_edge.gen import sync

app = typer.Typer(
    no_args_is_help=True, help="JSON Schemas of event types: list, show, register, status, delete, validate."
)

_SCHEMA = {"schema_id": argument(UUID, "Id of the schema, as `list` shows it.")}
File = Annotated[Path, typer.Argument(help="File with the JSON; - reads standard input.")]


def _line(row: dict[str, Any]) -> str:
    return f"{row['schema_id']}  {row['event_type']}  version {row['version']}  {row['status']}  {row['compatibility']}"


def _unknown() -> ClientError:
    return ClientError(Exit.REFUSED, "schema_not_found", "there is no such schema")


call_command(
    app,
    "list",
    "list_schemas",
    "List a tenant's schemas, newest version of each event type first.",
    rows("schemas", _line, hidden=frozenset({"tenant_id", "schema_json"})),
    without=("max_schemas",),
)


def _shown(found: list[dict[str, Any]], _given: Any) -> Answer:
    if not found:
        raise _unknown()
    text = found[0]["schema_json"]
    return Answer({**found[0], "schema_json": orjson.Fragment(text)}, text.split("\n"))


call_command(app, "show", "get_schema", "Print a schema's text as it was received.", _shown, options=_SCHEMA)


@operator_command(app)
def register(
    db: OperatorDatabase,
    *,
    event_type: Annotated[str, typer.Argument(help="Event type that the schema is for.")],
    file: File,
    compatibility: Annotated[
        Mode | None,
        typer.Option(help="Required compatibility with earlier versions; none by default."),
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it describes.")] = None,
    tenant: Tenant = None,
) -> Answer:
    """Register the next version of an event type's schema (needs a database with PL/Python)."""
    made = sync.register_schema(
        db,
        tenant_id=need_tenant(tenant),
        event_type=event_type,
        schema_json=_read(file),
        description=description,
        compatibility=compatibility,
    )
    members = {name: getattr(made, name) for name in ("schema_id", "version", "status", "compatibility")}
    return Answer(members, [f"registered {made.schema_id}, version {made.version} of {event_type}"])


def _read(file: Path) -> str:
    """Read the text of a JSON document. Exit code 2 if it is malformed."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        orjson.loads(data)
        return data.decode()
    except OSError as error:
        raise usage(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise usage(f"{file} is not JSON: {error}") from error


call_command(
    app,
    "status",
    "set_schema_status",
    "Make a schema active, deprecated or archived; effective at once in every process.",
    document(
        lambda _, g: f"{g['schema_id']} is {g['status']}",
        schema_id=given("schema_id"),
        status=given("status"),
    ),
    options={
        **_SCHEMA,
        "status": argument(
            Literal["active", "deprecated", "archived"],
            "Only active schemas are used at ingest.",
            metavar="STATE",
        ),
    },
)
call_command(
    app,
    "delete",
    "delete_schema",
    "Delete a schema; stored events stay as they are.",
    document(lambda _, g: f"deleted {g['schema_id']}", deleted=given("schema_id")),
    options=_SCHEMA,
)


@operator_command(app)
def validate(
    db: OperatorDatabase,
    *,
    event_type: Annotated[str, typer.Argument(help="Event type of the payload.")],
    file: File,
    version: Annotated[
        int | None, typer.Option(min=1, help="Version of any status; the newest active one by default.")
    ] = None,
    tenant: Tenant = None,
) -> Answer:
    """Validate a payload locally against a registered schema; exit code 1 if it is invalid."""
    payload = _read(file)
    versions = sync.list_schema_versions(
        db, tenant_id=need_tenant(tenant), event_type=event_type, version=version
    )
    usable = [schema for schema in versions if version is not None or schema.status == "active"]
    if not usable:
        raise _unknown()
    schema = max(usable, key=lambda found: found.version)
    errors = compile_schema(schema.schema_json).violations(payload.encode())
    verdict = f"{'does not fit' if errors else 'fits'} version {schema.version} of {event_type}"
    return Answer(
        {
            "valid": not errors,
            "schema_id": schema.schema_id,
            "version": schema.version,
            "errors": [{"path": e.path, "message": e.message} for e in errors],
        },
        [*(f"{error.path or '/'}  {error.message}" for error in errors), verdict],
        Exit.CHECK_FAILED if errors else Exit.FINE,
    )
