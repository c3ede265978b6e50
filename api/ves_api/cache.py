"""Bounded LRU cache with a maximum age of entries.

Only for immutable facts (a proof in a stored tree, an anchored commitment, the bytes of a numbered key), so an entry
cannot be stale. Mutable facts (is a key revoked?) are read from the database at each use. Keys of tenant data contain
the tenant id.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from cachetools import TTLCache

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from ves_api.settings import CacheLimits

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class CacheStatistics:
    """Counters since the start of the process, current and maximum number of entries."""

    hits: int
    misses: int
    evictions: int
    size: int
    max_size: int


class _Counting(TTLCache[K, V]):
    """Counts evictions: the base class calls `popitem` only to evict."""

    evictions = 0

    def popitem(self) -> tuple[K, V]:
        self.evictions += 1
        return super().popitem()


class Cache(Generic[K, V]):
    """Thread-safe. Values must not be None, which denotes a miss."""

    def __init__(self, limits: CacheLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: _Counting[K, V] = _Counting(limits.max_entries, limits.ttl_seconds, timer=clock)
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def get(self, key: K) -> V | None:
        """Return the value, or None on a miss or after expiry."""
        with self._lock:
            try:
                value = self._entries[key]
            except KeyError:
                self._misses += 1
                return None
            self._hits += 1
            return value

    def put(self, key: K, value: V) -> None:
        """Store a value; a full cache evicts the least recently used entry."""
        with self._lock:
            self._entries[key] = value

    def drop(self, key: K) -> None:
        """Forget one key."""
        with self._lock:
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Remove all entries; the counters are kept."""
        with self._lock:
            self._entries.clear()

    def statistics(self) -> CacheStatistics:
        """Return the counters and the current size without expired entries."""
        with self._lock:
            entries = self._entries
            entries.expire()
            size, most = len(entries), int(entries.maxsize)
            return CacheStatistics(self._hits, self._misses, entries.evictions, size, most)
