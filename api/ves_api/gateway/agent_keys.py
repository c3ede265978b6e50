"""Public keys of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from ves.ingest import AgentKey

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Collection, Mapping

    from ves_api.gateway.database import Database

_U32 = 1 << 32
_SIGN_BIT = 1 << 31


class KeyMaterial(NamedTuple):
    """A key whose proofs are judged: 32 bytes, algorithm 1 to 6, and the JSON texts of the bundles that were given."""

    public_key: bytes
    algorithm: int
    bundle: bytes | None = None
    proof: bytes | None = None
    proof_bundle: bytes | None = None


class Rotation(NamedTuple):
    """A rotation as it was done; `grace_until` is None when the old key verifies no more."""

    old_key_id: int
    old_status: str
    new_key_id: int
    rotated_at: dt.datetime
    grace_until: dt.datetime | None


class ListedKey(NamedTuple):
    """A registered key; `status` is active, not_yet_valid, expired, revoked or in_grace."""

    key_id: int
    key_type: str
    algorithm: int
    public_key: bytes
    bundle: bytes | None
    status: str
    valid_from: dt.datetime | None
    valid_to: dt.datetime | None
    revoked_at: dt.datetime | None
    grace_until: dt.datetime | None
    rotation_reason: str | None
    created_at: dt.datetime
    usage_count: int
    last_used_at: dt.datetime | None


async def get_agent_keys(
    database: Database, tenant_id: uuid.UUID, names: Collection[tuple[uuid.UUID, int]]
) -> dict[tuple[uuid.UUID, int], AgentKey]:
    """The keys that exist among `names` (agent, key number 0 … 2^32-1)."""
    rows = await database.fetch(
        "get_agent_keys",
        {
            "tenant_id": tenant_id,
            "agent_ids": [agent_id for agent_id, _ in names],
            "key_ids": [_to_int4(key_id) for _, key_id in names],
        },
        idempotent=True,
    )
    keys = (
        AgentKey(agent_id=row[0], key_id=row[1] % _U32, algorithm=row[2], public_key=row[3], bundle=row[4])
        for row in rows
    )
    return {(key.agent_id, key.key_id): key for key in keys}


async def store_agent_key(
    database: Database,
    *,
    tenant_id: uuid.UUID,
    agent_id: uuid.UUID,
    key_id: int,
    material: KeyMaterial,
    valid_from: dt.datetime | None,
    valid_to: dt.datetime | None,
    context: Mapping[str, Any],
) -> None:
    """Register a key whose material and proof are judged. Raises agent_key_exists when the number is taken."""
    await database.fetch(
        "store_agent_key",
        {
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "key_id": _to_int4(key_id),
            **_columns(material),
            "valid_from": valid_from,
            "valid_to": valid_to,
            "context": Jsonb(context),
        },
        idempotent=False,
    )


async def rotate_agent_key(
    database: Database,
    *,
    tenant_id: uuid.UUID,
    agent_id: uuid.UUID,
    key_id: int,
    new_key_id: int,
    material: KeyMaterial | None,
    valid_to: dt.datetime | None,
    grace_period: dt.timedelta | None,
    revoke_old: bool,
    reason: str,
    context: Mapping[str, Any],
) -> Rotation:
    """Rotate an active key to a judged one, or without `material` to one that is registered.

    Raises agent_key_not_found, agent_key_not_active, agent_key_exists or invalid_field.
    """
    row = await database.fetch_one(
        "store_agent_key_rotation",
        {
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "key_id": _to_int4(key_id),
            "new_key_id": _to_int4(new_key_id),
            **_columns(material),
            "valid_to": valid_to,
            "grace_period": grace_period,
            "revoke_old": revoke_old,
            "reason": reason,
            "context": Jsonb(context),
        },
        idempotent=False,
    )
    return Rotation(*row or ())


async def revoke_agent_key(
    database: Database,
    *,
    tenant_id: uuid.UUID,
    agent_id: uuid.UUID,
    key_id: int,
    reason: str | None,
    context: Mapping[str, Any],
) -> dt.datetime:
    """Revoke a key; the instant. A repeat answers the first one. Raises agent_key_not_found."""
    revoked_at: dt.datetime = await database.fetch_value(
        "revoke_agent_key",
        {
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "key_id": _to_int4(key_id),
            "reason": reason,
            "context": Jsonb(context),
        },
        idempotent=True,
    )
    return revoked_at


async def list_agent_keys(
    database: Database,
    *,
    tenant_id: uuid.UUID,
    agent_id: uuid.UUID,
    key_type: str | None,
    at: dt.datetime | None,
) -> list[ListedKey]:
    """The agent's keys by number, at most 1,000, with their status at an instant (now when None)."""
    rows = await database.fetch(
        "list_agent_keys",
        {"tenant_id": tenant_id, "agent_id": agent_id, "key_type": key_type, "at": at},
        idempotent=True,
    )
    return [ListedKey(*row) for row in rows]


def _columns(material: KeyMaterial | None) -> dict[str, Any]:
    return {
        "public_key": material and material.public_key,
        "key_algorithm": material and material.algorithm,
        "public_key_bundle": material and material.bundle,
        "proof_of_possession": material and material.proof,
        "proof_of_possession_bundle": material and material.proof_bundle,
    }


def _to_int4(key_id: int) -> int:
    """The 32-bit pattern as the signed number that the column holds."""
    return key_id - _U32 if key_id >= _SIGN_BIT else key_id
