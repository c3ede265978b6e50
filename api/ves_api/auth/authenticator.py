"""Authentication with an identity cache that a revocation invalidates in every process at once.

An API key's identity carries the credential epoch at which it was read. Ingest passes that epoch to the database,
which refuses a stale one (VE109: a credential of the key's tenant changed since); the identity is then read again. All
other routes wait for a query that begins after they asked. A token is validated statelessly at each request: it is not
cached and has no epoch.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from ves_api.auth.identity import ANYONE, Identity
from ves_api.auth.tokens import TokenReader
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.tasks import retrieve_exception

if TYPE_CHECKING:
    from ves_api.auth.credentials import Credential
    from ves_api.database import Database
    from ves_api.settings import AuthSettings

_CACHE_SIZE = 10_000
_UNAUTHENTICATED = 401
_NAME_DIGITS = 16


class Authenticator:
    """Owned by one event loop; the cache maps key hashes to identities.

    A credential of None could not be parsed. With authentication disabled, a missing or invalid credential gives the
    identity of the bootstrap administrator (operations 2.6).
    """

    def __init__(self, database: Database, settings: AuthSettings) -> None:
        self._database = database
        self._required = settings.required
        self._tokens = TokenReader(settings)
        self._cache: dict[str, Identity] = {}
        self._next: dict[str, asyncio.Task[Identity]] = {}
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def identify(self, credential: Credential | None) -> Identity:
        """Validate the token, or look the key up in the database. Raises 401."""
        try:
            return await self._judge(credential)
        except ApiError as error:
            if self._required or error.status != _UNAUTHENTICATED:
                raise
            return ANYONE

    async def identify_cached(self, credential: Credential | None) -> Identity:
        """As `identify`, with the cache. Only for callers that pass the epoch on for the database to check."""
        cached = None if credential is None else self._cache.get(credential.fingerprint)
        return cached or await self.identify(credential)

    async def identify_again(self, credential: Credential | None, seen_epoch: int | None) -> Identity:
        """An identity read after epoch `seen_epoch`, which the database refused."""
        cached = None if credential is None else self._cache.get(credential.fingerprint)
        if (
            cached is not None
            and cached.epoch is not None
            and cached.epoch > (-1 if seen_epoch is None else seen_epoch)
        ):
            return cached
        return await self.identify(credential)

    async def _judge(self, credential: Credential | None) -> Identity:
        if credential is None:
            raise ApiError("missing_auth")
        if credential.token is not None:
            return self._tokens.identify(credential.token)
        return await self._read(credential.fingerprint)

    async def _read(self, key_hash: str) -> Identity:
        """Look a key up, with one query at a time: callers share the next one, which begins after they asked.

        So a burst of calls with one key, of thousands of peers that connect again, takes one connection from ingest.
        """
        task = self._next.get(key_hash)
        if task is None:
            task = self._next[key_hash] = asyncio.get_running_loop().create_task(self._query(key_hash))
            task.add_done_callback(retrieve_exception)
        return await asyncio.shield(task)

    async def _query(self, key_hash: str) -> Identity:
        async with self._turns.setdefault(key_hash, asyncio.Lock()):
            del self._next[key_hash]
            rows = await aio.authenticate(self._database, key_hash=key_hash)
        if not rows:
            self._cache.pop(key_hash, None)
            raise ApiError("invalid_api_key")
        row = rows[0]
        identity = Identity(
            tenant_id=row.tenant_id,
            stores=frozenset(row.store_ids),
            agent_id=row.agent_id,
            can_read=row.can_read,
            can_write=row.can_write,
            can_admin=row.can_admin,
            rate_limit=row.rate_limit,
            budget_of=row.budget_of,
            epoch=row.auth_epoch,
            kind="api_key",
            name=key_hash[:_NAME_DIGITS],
        )
        if len(self._cache) >= _CACHE_SIZE:
            self._cache.clear()
        self._cache[key_hash] = identity
        return identity
