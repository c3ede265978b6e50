"""API keys and their identities."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ves_api.auth.identity import Identity

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

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
    database: Database, key_hash_prefix: str, tenant_id: uuid.UUID, agent_id: uuid.UUID
) -> bool:
    """Revoke the agent's first key whose hash starts with 8 to 64 hex digits; False when there is none."""
    count = await database.fetch_value(
        "revoke_api_key",
        {"key_hash_prefix": key_hash_prefix, "tenant_id": tenant_id, "agent_id": agent_id},
        idempotent=True,
    )
    return bool(count)
