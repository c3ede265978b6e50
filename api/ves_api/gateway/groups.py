"""Encryption groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Mapping

    from ves_api.gateway.database import Database

_U32 = 1 << 32
_SIGN_BIT = 1 << 31


class Group(NamedTuple):
    """A group with the number of its members."""

    group_id: uuid.UUID
    name: str
    description: str | None
    is_active: bool
    created_by: uuid.UUID | None
    created_at: dt.datetime
    updated_at: dt.datetime
    member_count: int
    admin_count: int


class Member(NamedTuple):
    """A member; `encryption_key_id` is the key that it wants, None for its newest."""

    agent_id: uuid.UUID
    role: str
    encryption_key_id: int | None
    added_by: uuid.UUID | None
    added_at: dt.datetime


class Recipient(NamedTuple):
    """A member with its current key; everything but the agent is None without one."""

    agent_id: uuid.UUID
    key_id: int | None
    algorithm: int | None
    x25519: bytes | None
    ml_kem_768: bytes | None
    status: str | None


class Change(NamedTuple):
    """One entry of a group's history."""

    action: str
    actor_agent_id: uuid.UUID | None
    target_agent_id: uuid.UUID | None
    metadata: dict[str, Any]
    created_at: dt.datetime


async def create_group(
    database: Database,
    tenant_id: uuid.UUID,
    *,
    name: str,
    description: str | None,
    created_by: uuid.UUID | None,
    context: Mapping[str, Any],
) -> uuid.UUID:
    """Make a group; its id. Raises encryption_group_exists or invalid_field."""
    parameters = {
        "tenant_id": tenant_id,
        "name": name,
        "description": description,
        "created_by": created_by,
        "context": Jsonb(context),
    }
    group_id: uuid.UUID = await database.fetch_value("create_encryption_group", parameters, idempotent=False)
    return group_id


async def update_group(
    database: Database,
    tenant_id: uuid.UUID,
    group_id: uuid.UUID,
    *,
    description: str | None,
    is_active: bool | None,
    context: Mapping[str, Any],
) -> None:
    """Change a group; None leaves a member as it is. Raises encryption_group_not_found or invalid_field."""
    parameters = {
        "tenant_id": tenant_id,
        "group_id": group_id,
        "description": description,
        "is_active": is_active,
        "context": Jsonb(context),
    }
    await database.fetch("update_encryption_group", parameters, idempotent=True)


async def delete_group(
    database: Database, tenant_id: uuid.UUID, group_id: uuid.UUID, *, context: Mapping[str, Any]
) -> None:
    """Remove a group. Raises encryption_group_not_found."""
    parameters = {"tenant_id": tenant_id, "group_id": group_id, "context": Jsonb(context)}
    await database.fetch("delete_encryption_group", parameters, idempotent=False)


async def list_groups(
    database: Database,
    tenant_id: uuid.UUID,
    *,
    group_id: uuid.UUID | None = None,
    agent_id: uuid.UUID | None = None,
) -> list[Group]:
    """Groups by name, at most 1,000: all, one, or those of an agent."""
    parameters = {"tenant_id": tenant_id, "group_id": group_id, "agent_id": agent_id}
    return [
        Group(*row) for row in await database.fetch("list_encryption_groups", parameters, idempotent=True)
    ]


async def list_members(database: Database, tenant_id: uuid.UUID, group_id: uuid.UUID) -> list[Member]:
    """Members of a group; none of an unknown one."""
    parameters = {"tenant_id": tenant_id, "group_id": group_id}
    return [Member(*row) for row in await database.fetch("list_group_members", parameters, idempotent=True)]


async def add_member(
    database: Database,
    tenant_id: uuid.UUID,
    group_id: uuid.UUID,
    agent_id: uuid.UUID,
    *,
    role: str,
    encryption_key_id: int | None,
    acting_agent_id: uuid.UUID | None,
    context: Mapping[str, Any],
) -> None:
    """Add a member or change it. Raises encryption_group_not_found, agent_key_not_found or insufficient_permissions."""
    parameters = {
        "tenant_id": tenant_id,
        "group_id": group_id,
        "agent_id": agent_id,
        "role": role,
        "encryption_key_id": None if encryption_key_id is None else _to_int4(encryption_key_id),
        "acting_agent_id": acting_agent_id,
        "context": Jsonb(context),
    }
    await database.fetch("add_group_member", parameters, idempotent=True)


async def remove_member(
    database: Database,
    tenant_id: uuid.UUID,
    group_id: uuid.UUID,
    agent_id: uuid.UUID,
    *,
    acting_agent_id: uuid.UUID | None,
    context: Mapping[str, Any],
) -> None:
    """Remove a member. Raises encryption_group_not_found, group_member_not_found or insufficient_permissions."""
    parameters = {
        "tenant_id": tenant_id,
        "group_id": group_id,
        "agent_id": agent_id,
        "acting_agent_id": acting_agent_id,
        "context": Jsonb(context),
    }
    await database.fetch("remove_group_member", parameters, idempotent=False)


async def list_recipients(database: Database, tenant_id: uuid.UUID, group_id: uuid.UUID) -> list[Recipient]:
    """Whom to seal to now. Raises encryption_group_not_found or recipient_key_conflict."""
    parameters = {"tenant_id": tenant_id, "group_id": group_id}
    rows = await database.fetch("get_group_recipient_keys", parameters, idempotent=True)
    return [Recipient(*row) for row in rows]


async def list_history(database: Database, tenant_id: uuid.UUID, group_id: uuid.UUID) -> list[Change]:
    """What happened to a group, the latest first, at most 1,000; nothing for an unknown one."""
    parameters = {"tenant_id": tenant_id, "group_id": group_id}
    return [Change(*row) for row in await database.fetch("list_group_history", parameters, idempotent=True)]


def _to_int4(key_id: int) -> int:
    """The 32-bit pattern as the signed number that the column holds."""
    return key_id - _U32 if key_id >= _SIGN_BIT else key_id
