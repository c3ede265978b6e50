"""The operator's calls about encryption groups (VES 8, 18). Those that name a group raise encryption_group_not_found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves_api.gateway.operators.keys import signed_32
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    from uuid import UUID

    from ves_api.gateway.admin import Admin, Row


def create(admin: Admin, tenant_id: UUID, name: str, description: str | None) -> UUID:
    """Make a group; its id. Raises encryption_group_exists or invalid_field."""
    (row,) = admin.rows("create_encryption_group", tenant_id=tenant_id, name=name, description=description)
    group_id: UUID = row["group_id"]
    return group_id


def delete(admin: Admin, tenant_id: UUID, group_id: UUID) -> None:
    """Remove a group; its history stays."""
    admin.rows("delete_encryption_group", tenant_id=tenant_id, group_id=group_id)


def list_groups(admin: Admin, tenant_id: UUID) -> list[Row]:
    """Groups of a tenant by name."""
    return admin.rows("list_encryption_groups", tenant_id=tenant_id, group_id=None)


def get(admin: Admin, tenant_id: UUID, group_id: UUID) -> Row:
    """One group."""
    rows = admin.rows("list_encryption_groups", tenant_id=tenant_id, group_id=group_id)
    if not rows:
        raise ApiError("encryption_group_not_found", resource_id=str(group_id))
    return rows[0]


def members(admin: Admin, tenant_id: UUID, group_id: UUID) -> list[Row]:
    """Members of a group; none of an unknown one."""
    return admin.rows("list_group_members", tenant_id=tenant_id, group_id=group_id)


def add_member(
    admin: Admin, tenant_id: UUID, group_id: UUID, agent_id: UUID, *, role: str, key_id: int | None
) -> None:
    """Add a member, or change its role or key. Raises agent_key_not_found."""
    admin.rows(
        "add_group_member",
        tenant_id=tenant_id,
        group_id=group_id,
        agent_id=agent_id,
        role=role,
        encryption_key_id=None if key_id is None else signed_32(key_id),
    )


def remove_member(admin: Admin, tenant_id: UUID, group_id: UUID, agent_id: UUID) -> None:
    """Remove a member. Raises group_member_not_found."""
    admin.rows("remove_group_member", tenant_id=tenant_id, group_id=group_id, agent_id=agent_id)


def recipients(admin: Admin, tenant_id: UUID, group_id: UUID) -> list[Row]:
    """Whom a payload is sealed to now; key_id is None without a usable key. Raises recipient_key_conflict."""
    return admin.rows("get_group_recipient_keys", tenant_id=tenant_id, group_id=group_id)
