"""Reads of immutable facts from a replica and the caches.

A response must not contradict a receipt that the client holds (read-your-writes). So a replica serves only immutable
facts, and only complete results, because a missing row may exist on the primary. Mutable facts (heads, lists, totals,
chain fields before finality, keys, credentials) are read from the primary, without this class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from ves_api.cache import Cache, K, V
from ves_api.database import conninfo
from ves_edge.gen import aio
from ves_edge.pool import PoolSize
from ves_edge.replica import Replica

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Mapping

    from ves_api.database import Database
    from ves_api.settings import CacheSettings, ReplicaSettings, Settings
    from ves_edge.catalog import Function
    from ves_edge.gen.records import Commitment, InclusionProof, LegacyCommitment
    from ves_edge.pool import Row

CommitmentKey = tuple["uuid.UUID", "uuid.UUID"]
ProofKey = tuple["uuid.UUID", "uuid.UUID", int, "uuid.UUID"]


def _is_found(_: Mapping[str, Any], rows: list[Row]) -> bool:
    return bool(rows) and rows[0][0] is not None


def _is_anchored(_: Mapping[str, Any], rows: list[Row]) -> bool:
    """Whether a commitment has its finality time (last column); before that its chain fields may change."""
    return bool(rows) and rows[0][-1] is not None


def _is_whole_window(parameters: Mapping[str, Any], rows: list[Row]) -> bool:
    """Whether every requested number is present."""
    first, most = int(parameters["from_sequence"]), int(parameters["max_events"])
    return 0 < len(rows) == first + most - max(first, 1)


# Function to predicate: are these rows of a replica final? Other functions cannot be read from a replica.
FINAL: Final[Mapping[str, Callable[[Mapping[str, Any], list[Row]], bool]]] = {
    "get_commitment": _is_anchored,
    "get_legacy_commitment": _is_anchored,
    "get_inclusion_proof": _is_found,
    "get_legacy_inclusion_proof": _is_found,
    "list_legacy_events": _is_whole_window,
    "get_compliance_proof": _is_found,
    "get_validity_inputs": _is_found,
    "get_validity_proof": _is_found,
}


class ReadCaches:
    """Caches of immutable facts by tenant (nil: the bootstrap administrator's own entries)."""

    def __init__(self, limits: CacheSettings) -> None:
        self.commitment: Cache[CommitmentKey, LegacyCommitment] = Cache(limits.commitment)
        self.proof: Cache[ProofKey, InclusionProof] = Cache(limits.proof)
        self.ves_commitment: Cache[CommitmentKey, Commitment] = Cache(limits.ves_commitment)
        self.ves_proof: Cache[ProofKey, InclusionProof] = Cache(limits.ves_proof)


@dataclass(slots=True)
class ReadStatistics:
    """Counters since the start: reads served by replica and primary, and replica misses."""

    replica: int = 0
    primary: int = 0
    replica_lacked: int = 0
    replica_unavailable: int = 0


class Reads:
    """Reads immutable facts from cache, replica or primary. Owned by one event loop."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._database = database
        self._identity: str | None = None
        self._replica = None if settings.replica is None else self._make_replica(settings, settings.replica)
        self.caches = ReadCaches(settings.caches)
        self.statistics = ReadStatistics()

    def _make_replica(self, settings: Settings, replica: ReplicaSettings) -> Replica:
        most = settings.shared(replica.max_connections)
        size = PoolSize(
            least=min(most, settings.shared(replica.min_connections)),
            most=most,
            acquire_timeout=replica.acquire_timeout,
            idle_timeout=replica.idle_timeout,
            max_lifetime=replica.max_lifetime,
        )
        return Replica(conninfo(settings, replica), size, "ves_api_read", self._primary_identity)

    @property
    def replica_state(self) -> Literal["none", "resting", "used"]:
        """`none` without a replica, `resting` during back-off after a failure, else `used`."""
        if self._replica is None:
            return "none"
        return "resting" if self._replica.is_resting else "used"

    async def open(self) -> None:
        """Start the replica's pool, if there is one."""
        if self._replica is not None:
            await self._replica.open()

    async def close(self) -> None:
        """Close the replica's connections."""
        if self._replica is not None:
            await self._replica.close()

    async def fetch(self, function: Function, parameters: Mapping[str, Any]) -> list[Row]:
        """Read the rows of a function in FINAL: from the replica if they are final, else from the primary."""
        is_final = FINAL[function.name]
        if self._replica is not None:
            rows = await self._replica.fetch(function, parameters)
            if rows is not None and is_final(parameters, rows):
                self.statistics.replica += 1
                return rows
            if rows is None:
                self.statistics.replica_unavailable += 1
            else:
                self.statistics.replica_lacked += 1
        self.statistics.primary += 1
        return await self._database.fetch(function, parameters)

    async def remembered(
        self,
        cache: Cache[K, V],
        key: K,
        read: Callable[[], Awaitable[V]],
        is_final: Callable[[V], bool] = lambda _: True,
    ) -> V:
        """Return the cached value of the key, else the result of `read`, which is cached if final."""
        known = cache.get(key)
        if known is None:
            known = await read()
            if is_final(known):
                cache.put(key, known)
        return known

    async def _primary_identity(self) -> str:
        if self._identity is None:
            self._identity = await aio.server_identity(self._database)
        return self._identity
