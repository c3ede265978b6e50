"""API keys and their identities."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from ves_api.auth.identity import Identity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from ves_api.gateway.database import Database

_NAME_DIGITS = 16


async def authenticate(database: Database, key_hash: str) -> Identity | None:
    """The identity of an active key, or None."""
    row = await database.fetch_one("authenticate", {"key_hash": key_hash}, idempotent=True)
    if row is None:
        return None
    tenant_id, store_ids, agent_id, can_read, can_write, can_admin, rate_limit, epoch = row
    return Identity(
        tenant_id=tenant_id,
        stores=frozenset(store_ids),
        agent_id=agent_id,
        can_read=can_read,
        can_write=can_write,
        can_admin=can_admin,
        rate_limit=rate_limit,
        epoch=epoch,
        kind="api_key",
        name=key_hash[:_NAME_DIGITS],
    )


async def create_api_key(
    database: Database,
    *,
    key_hash: str,
    tenant_id: uuid.UUID,
    store_ids: Sequence[uuid.UUID],
    agent_id: uuid.UUID | None,
    can_read: bool,
    can_write: bool,
    can_admin: bool,
    rate_limit: int | None,
    context: Mapping[str, Any],
) -> None:
    """Store a minted key by its hash. Raises api_key_exists."""
    await database.fetch(
        "create_api_key",
        {
            "key_hash": key_hash,
            "tenant_id": tenant_id,
            "store_ids": list(store_ids),
            "agent_id": agent_id,
            "can_read": can_read,
            "can_write": can_write,
            "can_admin": can_admin,
            "rate_limit": rate_limit,
            "context": Jsonb(context),
        },
        idempotent=False,
    )


@dataclass(frozen=True, slots=True)
class StoredKey:
    """An API key as it may be shown: the first 16 digits of its hash, never the key."""

    key_hash_prefix: str
    store_ids: list[uuid.UUID]
    can_read: bool
    can_write: bool
    can_admin: bool
    active: bool
    rate_limit: int | None
    updated_at: dt.datetime


async def find_agent_tenant(database: Database, agent_id: uuid.UUID) -> uuid.UUID | None:
    """The tenant in which the agent owns an API key, or None."""
    value = await database.fetch_value("find_agent_tenant", {"agent_id": agent_id}, idempotent=True)
    return value if isinstance(value, uuid.UUID) else None


async def list_api_keys(database: Database, tenant_id: uuid.UUID, agent_id: uuid.UUID) -> list[StoredKey]:
    """The agent's keys in a tenant, oldest first, revoked ones too."""
    rows = await database.fetch(
        "list_api_keys", {"tenant_id": tenant_id, "agent_id": agent_id}, idempotent=True
    )
    return [StoredKey(*row) for row in rows]


async def revoke_api_key(
    database: Database,
    key_hash_prefix: str,
    tenant_id: uuid.UUID,
    agent_id: uuid.UUID,
    context: Mapping[str, Any],
) -> bool:
    """Revoke the agent's first key whose hash starts with 8 to 64 hex digits; False when there is none."""
    count = await database.fetch_value(
        "revoke_api_key",
        {
            "key_hash_prefix": key_hash_prefix,
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "context": Jsonb(context),
        },
        idempotent=True,
    )
    return bool(count)


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """What a key is to become; None keeps a value, no stores means all, a rate limit of 0 means none."""

    store_ids: tuple[uuid.UUID, ...] | None
    can_read: bool | None
    can_write: bool | None
    can_admin: bool | None
    rate_limit: int | None


@dataclass(frozen=True, slots=True)
class ChangedKey:
    """An active key after a change."""

    key_hash_prefix: str
    store_ids: list[uuid.UUID]
    can_read: bool
    can_write: bool
    can_admin: bool
    rate_limit: int | None


async def update_api_key(
    database: Database,
    key_hash_prefix: str,
    tenant_id: uuid.UUID,
    agent_id: uuid.UUID,
    changes: KeyChanges,
    context: Mapping[str, Any],
) -> ChangedKey | None:
    """Change the agent's first active key whose hash starts with 8 to 64 hex digits; None when there is none."""
    key = await database.fetch_value(
        "update_api_key",
        {
            "key_hash_prefix": key_hash_prefix,
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "store_ids": None if changes.store_ids is None else list(changes.store_ids),
            "can_read": changes.can_read,
            "can_write": changes.can_write,
            "can_admin": changes.can_admin,
            "rate_limit": changes.rate_limit,
            "context": Jsonb(context),
        },
        idempotent=True,
    )
    if key is None:
        return None
    return ChangedKey(
        key_hash_prefix=key["key_hash_prefix"],
        store_ids=[uuid.UUID(text) for text in key["store_ids"]],
        can_read=key["can_read"],
        can_write=key["can_write"],
        can_admin=key["can_admin"],
        rate_limit=key.get("rate_limit"),
    )


async def register_agent(
    database: Database,
    *,
    key_hash: str,
    tenant_id: uuid.UUID,
    agent_id: uuid.UUID,
    store_ids: Sequence[uuid.UUID],
    can_write: bool,
    rate_limit: int | None,
    details: Mapping[str, Any],
    context: Mapping[str, Any],
) -> None:
    """Store the first key of an agent that registered itself in a tenant of its own."""
    await database.fetch(
        "register_agent",
        {
            "key_hash": key_hash,
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "store_ids": list(store_ids),
            "can_write": can_write,
            "rate_limit": rate_limit,
            "details": Jsonb(details),
            "context": Jsonb(context),
        },
        idempotent=False,
    )


async def record_audit(
    database: Database,
    *,
    action: str,
    tenant_id: uuid.UUID | None,
    resource: tuple[str, str | None],
    details: Mapping[str, Any],
    error: str | None,
    context: Mapping[str, Any],
) -> None:
    """Write an audit entry for a login or for an attempt that failed (`error` says why); `resource` is type and id."""
    await database.fetch(
        "record_audit",
        {
            "action": action,
            "tenant_id": tenant_id,
            "resource_type": resource[0],
            "resource_id": resource[1],
            "details": Jsonb(details),
            "success": error is None,
            "error_message": error,
            "context": Jsonb(context),
        },
        idempotent=False,
    )
