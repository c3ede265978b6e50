"""`ves schemas`: the JSON Schemas that payloads are checked against."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import typer

from ves.schemas.compiled import compile_schema
from ves_api.cli.admin import open_admin
from ves_api.cli.options import DatabaseUrl, Tenant
from ves_api.cli.settings import layers
from ves_api.gateway.operators import schemas as gateway
from ves_client.commands.output import JsonOption, out, print_json
from ves_client.errors import Exit, usage

app = typer.Typer(
    no_args_is_help=True, help="JSON Schemas of event types: list, show, register, status, delete, validate."
)

SchemaId = Annotated[UUID, typer.Argument(help="Id of the schema, as `list` shows it.")]


class Compatibility(StrEnum):
    """What a new version must fit."""

    NONE = "none"
    BACKWARD = "backward"
    FORWARD = "forward"
    FULL = "full"


class Status(StrEnum):
    """Where a schema is in its life."""

    ACTIVE = "active"
    DEPRECATED = "deprecated"
    ARCHIVED = "archived"


@app.command("list")
def list_schemas(
    *, tenant: Tenant = None, database_url: DatabaseUrl = None, as_json: JsonOption = False
) -> None:
    """List a tenant's schemas, newest version of each event type first."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = gateway.list_schemas(admin, tenant_id)
    if as_json:
        print_json({"schemas": found, "count": len(found)})
        return
    for row in found:
        out.print(
            f"{row['schema_id']}  {row['event_type']}  version {row['version']}  {row['status']}  {row['compatibility']}"
        )
    out.print(f"{len(found)} schemas")


@app.command()
def show(
    *,
    schema_id: SchemaId,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Print a schema's text as it was received."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = gateway.get_schema(admin, tenant_id, schema_id)
    if as_json:
        print_json({**found, "schema_json": orjson.Fragment(found["schema_json"])})
    else:
        out.print(found["schema_json"])


@app.command()
def register(
    *,
    event_type: Annotated[str, typer.Argument(help="Event type that the schema is for.")],
    file: Annotated[Path, typer.Argument(help="File with the JSON Schema; - reads standard input.")],
    compatibility: Annotated[
        Compatibility | None,
        typer.Option(help="What it must fit among the earlier versions; nothing when left out."),
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it describes.")] = None,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Register the next version of an event type's schema (needs a database with PL/Python)."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    text = _read(file)
    with open_admin(database_url) as admin:
        made = gateway.register_schema(
            admin, tenant_id, event_type, text, description=description, compatibility=compatibility
        )
    if as_json:
        print_json(made)
    else:
        out.print(f"registered {made['schema_id']}, version {made['version']} of {event_type}")


def _read(file: Path) -> str:
    """The text of a JSON document. Exit code 2 when it is none."""
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        orjson.loads(data)
        return data.decode()
    except OSError as error:
        raise usage(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise usage(f"{file} is not JSON: {error}") from error


@app.command()
def status(
    *,
    schema_id: SchemaId,
    state: Annotated[Status, typer.Argument(help="Only active schemas are used at ingest.")],
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Make a schema active, deprecated or archived; it holds at once in every process."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        gateway.set_schema_status(admin, tenant_id, schema_id, state)
    if as_json:
        print_json({"schema_id": schema_id, "status": state})
    else:
        out.print(f"{schema_id} is {state}")


@app.command()
def delete(
    *,
    schema_id: SchemaId,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Delete a schema; stored events stay as they are."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        gateway.delete_schema(admin, tenant_id, schema_id)
    if as_json:
        print_json({"deleted": schema_id})
    else:
        out.print(f"deleted {schema_id}")


@app.command()
def validate(
    *,
    event_type: Annotated[str, typer.Argument(help="Event type of the payload.")],
    file: Annotated[Path, typer.Argument(help="File with the payload's JSON; - reads standard input.")],
    version: Annotated[
        int | None, typer.Option(min=1, help="Version of any status; the newest active one when left out.")
    ] = None,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Check a payload here against a registered schema; exit code 1 when it does not fit."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    payload = _read(file)
    with open_admin(database_url) as admin:
        found = gateway.find_schema(admin, tenant_id, event_type, version)
    errors = compile_schema(found["schema_json"]).violations(payload.encode())
    if as_json:
        print_json(
            {
                "valid": not errors,
                "schema_id": found["schema_id"],
                "version": found["version"],
                "errors": [{"path": e.path, "message": e.message} for e in errors],
            }
        )
    else:
        for error in errors:
            out.print(f"{error.path or '/'}  {error.message}")
        out.print(f"{'does not fit' if errors else 'fits'} version {found['version']} of {event_type}")
    if errors:
        raise typer.Exit(Exit.CHECK_FAILED)
