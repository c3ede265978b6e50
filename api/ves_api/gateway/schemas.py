"""The schema registry (operations 6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from ves_api.errors import ApiError

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Collection, Mapping

    from ves_api.gateway.database import Database


@dataclass(frozen=True, slots=True)
class StoredSchema:
    """A schema as registered; `schema_json` is the text received."""

    schema_id: uuid.UUID
    tenant_id: uuid.UUID
    event_type: str
    version: int
    schema_json: str
    status: str
    compatibility: str
    description: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    created_by: str | None


@dataclass(frozen=True, slots=True)
class Registered:
    """What a registration answers."""

    schema_id: uuid.UUID
    version: int
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ActiveText:
    """The newest active schema of an event type."""

    schema_id: uuid.UUID
    version: int
    schema_json: str


async def get_compared_schemas(
    database: Database, tenant_id: uuid.UUID, event_type: str
) -> tuple[int, list[tuple[int, str]]]:
    """The highest version there is, and (version, text) of those that a new one is compared with."""
    rows = await database.fetch(
        "get_compared_schemas", {"tenant_id": tenant_id, "event_type": event_type}, idempotent=True
    )
    return rows[0][0], [(version, text) for _, version, text in rows if version is not None]


async def store_schema(
    database: Database,
    *,
    tenant_id: uuid.UUID,
    event_type: str,
    schema_json: str,
    description: str | None,
    compatibility: str | None,
    checked_version: int | None,
    context: Mapping[str, str | None],
) -> Registered:
    """Store the next version. Raises schema_version_moved: another one came between."""
    row = await database.fetch_one(
        "store_schema",
        {
            "tenant_id": tenant_id,
            "event_type": event_type,
            "schema_json": schema_json,
            "description": description,
            "compatibility": compatibility,
            "checked_version": checked_version,
            "context": _json(context),
        },
        idempotent=False,
    )
    if row is None:
        raise ApiError("internal_error")
    return Registered(*row)


async def get_schema(database: Database, tenant_id: uuid.UUID, schema_id: uuid.UUID) -> StoredSchema:
    """A schema of the tenant (nil: of any). Raises schema_not_found."""
    parameters = {"tenant_id": tenant_id, "schema_id": schema_id}
    row = await database.fetch_one("get_schema", parameters, idempotent=True)
    if row is None:
        raise ApiError("schema_not_found", resource_id=str(schema_id))
    return StoredSchema(*row)


async def find_latest_schema(
    database: Database, tenant_id: uuid.UUID, event_type: str
) -> StoredSchema | None:
    """The newest active schema of an event type, or None."""
    parameters = {"tenant_id": tenant_id, "event_type": event_type}
    row = await database.fetch_one("get_latest_schema", parameters, idempotent=True)
    return None if row is None else StoredSchema(*row)


async def list_schemas(database: Database, tenant_id: uuid.UUID) -> list[StoredSchema]:
    """Schemas of a tenant by event type, newest version first; at most 1000."""
    rows = await database.fetch("list_schemas", {"tenant_id": tenant_id}, idempotent=True)
    return [StoredSchema(*row) for row in rows]


async def list_schema_versions(
    database: Database, tenant_id: uuid.UUID, event_type: str, version: int | None = None
) -> list[StoredSchema]:
    """Versions of an event type's schema, newest first; only one if `version` is given."""
    rows = await database.fetch(
        "list_schema_versions",
        {"tenant_id": tenant_id, "event_type": event_type, "version": version},
        idempotent=True,
    )
    return [StoredSchema(*row) for row in rows]


async def get_active_schemas(
    database: Database, tenant_id: uuid.UUID, event_types: Collection[str]
) -> tuple[int, dict[str, ActiveText | None]]:
    """The tenant's schema epoch, and the newest active schema of each event type or None."""
    rows = await database.fetch(
        "get_active_schemas",
        {"tenant_id": tenant_id, "event_types": list(event_types)},
        idempotent=True,
    )
    found = {
        event_type: None if schema_id is None else ActiveText(schema_id, version, text)
        for _, event_type, schema_id, version, text in rows
    }
    return rows[0][0], found


async def set_schema_status(
    database: Database,
    tenant_id: uuid.UUID,
    schema_id: uuid.UUID,
    status: str,
    context: Mapping[str, str | None],
) -> None:
    """Change a schema's status. Raises schema_not_found, invalid_field."""
    await database.fetch(
        "set_schema_status",
        {"tenant_id": tenant_id, "schema_id": schema_id, "status": status, "context": _json(context)},
        idempotent=True,
    )


async def delete_schema(
    database: Database, tenant_id: uuid.UUID, schema_id: uuid.UUID, context: Mapping[str, str | None]
) -> None:
    """Delete a schema. Raises schema_not_found."""
    await database.fetch(
        "delete_schema",
        {"tenant_id": tenant_id, "schema_id": schema_id, "context": _json(context)},
        idempotent=False,
    )


def _json(context: Mapping[str, str | None]) -> str:
    return msgspec.json.encode(context).decode()
