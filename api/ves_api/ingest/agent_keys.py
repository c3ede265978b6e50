"""Agent public keys, cached per process.

The key bytes of a key number are immutable, so a cached key cannot be stale; the engine checks validity windows and
revocation at every ingest. Unknown keys are not cached (no negative caching).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves.ingest import AgentKey
from ves_api.cache import Cache
from ves_edge.gen import aio

if TYPE_CHECKING:
    import uuid
    from collections.abc import Collection

    from ves_api.database import Database
    from ves_api.settings import CacheLimits


class AgentKeys:
    """Bounded cache by (tenant, agent, key number). Any thread may read; only the event loop writes."""

    def __init__(self, database: Database, limits: CacheLimits) -> None:
        self._database = database
        self.cache: Cache[tuple[uuid.UUID, uuid.UUID, int], AgentKey] = Cache(limits)

    def cached(
        self, tenant_id: uuid.UUID, names: Collection[tuple[uuid.UUID, int]]
    ) -> dict[tuple[uuid.UUID, int], AgentKey] | None:
        """Return the keys, or None if at least one is not cached."""
        keys = {}
        for agent_id, key_id in names:
            key = self.cache.get((tenant_id, agent_id, key_id))
            if key is None:
                return None
            keys[agent_id, key_id] = key
        return keys

    async def load(
        self, tenant_id: uuid.UUID, names: Collection[tuple[uuid.UUID, int]]
    ) -> dict[tuple[uuid.UUID, int], AgentKey]:
        """Read the keys from the database; unknown ones are left out."""
        rows = await aio.get_agent_keys(
            self._database,
            tenant_id=tenant_id,
            agent_ids=[agent_id for agent_id, _ in names],
            key_ids=[key_id for _, key_id in names],
        )
        keys = {}
        for row in rows:
            key = AgentKey(row.agent_id, row.key_id, row.key_algorithm, row.public_key, row.public_key_bundle)
            keys[row.agent_id, row.key_id] = key
            self.cache.put((tenant_id, row.agent_id, row.key_id), key)
        return keys
