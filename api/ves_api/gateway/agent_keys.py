"""Public keys of agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves.ingest import AgentKey

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Collection

    from ves_api.gateway.database import Database

_U32 = 1 << 32
_SIGN_BIT = 1 << 31


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


async def register_agent_key(
    database: Database,
    *,
    tenant_id: uuid.UUID,
    agent_id: uuid.UUID,
    key_id: int,
    public_key: bytes,
    key_algorithm: int,
    public_key_bundle: bytes | None,
    valid_from: dt.datetime | None,
    valid_to: dt.datetime | None,
) -> None:
    """Register a key. Raises agent_key_exists when the agent has a key of that number."""
    await database.fetch(
        "register_agent_key",
        {
            "tenant_id": tenant_id,
            "agent_id": agent_id,
            "key_id": _to_int4(key_id),
            "public_key": public_key,
            "key_algorithm": key_algorithm,
            "public_key_bundle": public_key_bundle,
            "valid_from": valid_from,
            "valid_to": valid_to,
        },
        idempotent=False,
    )


def _to_int4(key_id: int) -> int:
    """The 32-bit pattern as the signed number that the column holds."""
    return key_id - _U32 if key_id >= _SIGN_BIT else key_id
