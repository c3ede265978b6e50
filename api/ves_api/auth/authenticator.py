"""From a key's hash to an identity, with a cache that a revocation empties in every process at once.

Every identity carries the credential epoch at which it was read. Ingest passes that epoch to the database,
which refuses (VE109) when any credential changed since; then the cache is dropped and everybody in the call is
asked again. All other routes ask the database each time.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ves_api.errors import ApiError
from ves_api.gateway.credentials import authenticate

if TYPE_CHECKING:
    from ves_api.auth.identity import Identity
    from ves_api.gateway.database import Database

_CACHE_SIZE = 10_000


class Authenticator:
    """Owned by one event loop; the cache maps key hashes to identities."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cache: dict[str, Identity] = {}
        self._asking: dict[str, asyncio.Task[Identity]] = {}

    async def identify(self, key_hash: str) -> Identity:
        """Ask the database. Raises invalid_api_key for an unknown or revoked key."""
        identity = await authenticate(self._database, key_hash)
        if identity is None:
            self._cache.pop(key_hash, None)
            raise ApiError("invalid_api_key")
        if len(self._cache) >= _CACHE_SIZE:
            self._cache.clear()
        self._cache[key_hash] = identity
        return identity

    async def identify_cached(self, key_hash: str) -> Identity:
        """As `identify`, from the cache when possible. Only for callers that pass the epoch on."""
        return self._cache.get(key_hash) or await self.identify(key_hash)

    async def identify_again(self, key_hash: str, seen_epoch: int) -> Identity:
        """An identity read after epoch `seen_epoch`. Those who ask for one key at the same time share a query."""
        cached = self._cache.get(key_hash)
        if cached is not None and cached.epoch > seen_epoch:
            return cached
        task = self._asking.get(key_hash)
        if task is None:
            task = asyncio.get_running_loop().create_task(self.identify(key_hash))
            self._asking[key_hash] = task
            task.add_done_callback(lambda _: self._asking.pop(key_hash, None))
        return await asyncio.shield(task)

    def forget_all(self) -> None:
        """Drop every cached identity: some credential changed."""
        self._cache.clear()
