"""The one kind of cache of this process: bounded, least recently used out first, entries with an age limit.

For facts that never change only (a proof in a stored tree, an anchored commitment, the bytes of a numbered key), so that
an old entry is as good as a new one. What may change (is a key revoked?) is asked of the database at each use. Keys of
tenants' facts contain the tenant.
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
    """Counts since the start of the process, and entries now against the most there may be."""

    hits: int
    misses: int
    evictions: int
    size: int
    max_size: int


class _Counting(TTLCache[K, V]):
    """Counts entries that made way for others; the base calls `popitem` for nothing else."""

    evictions = 0

    def popitem(self) -> tuple[K, V]:
        self.evictions += 1
        return super().popitem()


class Cache(Generic[K, V]):
    """Safe for concurrent use by threads. Values are never None: that is the answer for an unknown key."""

    def __init__(self, limits: CacheLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: _Counting[K, V] = _Counting(limits.max_entries, limits.ttl_seconds, timer=clock)
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def get(self, key: K) -> V | None:
        """The value, if it is there and young enough."""
        with self._lock:
            try:
                value = self._entries[key]
            except KeyError:
                self._misses += 1
                return None
            self._hits += 1
            return value

    def put(self, key: K, value: V) -> None:
        """Keep a value; a full cache gives up what was not used for longest."""
        with self._lock:
            self._entries[key] = value

    def drop(self, key: K) -> None:
        """Forget one key."""
        with self._lock:
            self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything; the counts stay."""
        with self._lock:
            self._entries.clear()

    def statistics(self) -> CacheStatistics:
        """The counts and the size now; what is too old is not counted."""
        with self._lock:
            entries = self._entries
            entries.expire()
            size, most = len(entries), int(entries.maxsize)
            return CacheStatistics(self._hits, self._misses, entries.evictions, size, most)
