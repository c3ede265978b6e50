"""The operator's calls about the schema registry (operations 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from uuid import UUID

    from ves_api.gateway.admin import Admin, Row


def list_schemas(admin: Admin, tenant_id: UUID) -> list[Row]:
    """Schemas without their texts, at most 1,000."""
    return admin.rows("list_schemas", tenant_id=tenant_id)


def get_schema(admin: Admin, tenant_id: UUID, schema_id: UUID) -> Row:
    """One schema; schema_json is the text as received. Raises schema_not_found."""
    rows = admin.rows("get_schema", tenant_id=tenant_id, schema_id=schema_id)
    if not rows:
        raise ApiError("schema_not_found", resource_id=str(schema_id))
    return rows[0]


def register_schema(
    admin: Admin,
    tenant_id: UUID,
    event_type: str,
    text: str,
    *,
    description: str | None,
    compatibility: str | None,
) -> Row:
    """Register the next version. Raises VE204 in core mode, VE63n when it does not compile or fit."""
    (row,) = admin.rows(
        "register_schema",
        tenant_id=tenant_id,
        event_type=event_type,
        schema_json=text,
        description=description,
        compatibility=compatibility,
    )
    return row


def set_schema_status(admin: Admin, tenant_id: UUID, schema_id: UUID, status: str) -> None:
    """Change the status. Raises schema_not_found."""
    admin.rows("set_schema_status", tenant_id=tenant_id, schema_id=schema_id, status=status)


def delete_schema(admin: Admin, tenant_id: UUID, schema_id: UUID) -> None:
    """Delete a schema. Raises schema_not_found."""
    admin.rows("delete_schema", tenant_id=tenant_id, schema_id=schema_id)


def find_schema(admin: Admin, tenant_id: UUID, event_type: str, version: int | None) -> Row:
    """The newest active schema of an event type, or one version. Raises schema_not_found."""
    rows = admin.rows("find_schema", tenant_id=tenant_id, event_type=event_type, version=version)
    if not rows:
        raise ApiError("schema_not_found")
    return rows[0]
