"""The cache: bounded, aged, counted, and safe to use from threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from ves_api.cache import Cache, CacheStatistics
from ves_api.settings import CacheLimits, load


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_full_cache_gives_up_what_was_not_used_for_longest() -> None:
    cache: Cache[str, int] = Cache(CacheLimits(2, 60))
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)
    assert cache.statistics() == CacheStatistics(hits=3, misses=1, evictions=1, size=2, max_size=2)


def test_an_entry_that_is_too_old_is_not_served_and_not_counted_as_there() -> None:
    clock = Clock()
    cache: Cache[str, int] = Cache(CacheLimits(10, 60), clock=clock)
    cache.put("a", 1)
    clock.now += 59.9
    assert cache.get("a") == 1
    clock.now += 0.2
    assert cache.get("a") is None
    assert cache.statistics() == CacheStatistics(hits=1, misses=1, evictions=0, size=0, max_size=10)


def test_dropped_and_cleared_entries_are_gone_and_the_counts_stay() -> None:
    cache: Cache[str, int] = Cache(CacheLimits(10, 60))
    cache.put("a", 1)
    cache.put("b", 2)
    cache.drop("a")
    cache.drop("never there")
    assert (cache.get("a"), cache.get("b")) == (None, 2)
    cache.clear()
    assert cache.get("b") is None
    assert cache.statistics() == CacheStatistics(hits=1, misses=2, evictions=0, size=0, max_size=10)


def test_threads_lose_no_count_and_never_exceed_the_size() -> None:
    cache: Cache[int, int] = Cache(CacheLimits(50, 60))

    def use(first: int) -> None:
        for number in range(2000):
            key = (first + number) % 100
            if cache.get(key) is None:
                cache.put(key, key)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(use, (0, 25, 50, 75)))
    figures = cache.statistics()
    assert figures.hits + figures.misses == 8000
    assert figures.size == figures.max_size == 50


def test_limits_are_never_refused_and_never_below_one() -> None:
    """The original falls back to its default where a limit is no number (operations 1.5)."""
    caches = load(
        {"CACHE_PROOF_MAX": "many", "CACHE_PROOF_TTL_SECS": "0", "CACHE_COMMITMENT_MAX": "-4"}
    ).caches
    assert caches.proof == CacheLimits(5000, 1)
    assert caches.commitment == CacheLimits(1000, 300)


def test_the_ves_caches_are_as_large_as_the_legacy_ones_unless_told_otherwise() -> None:
    caches = load(
        {"CACHE_COMMITMENT_MAX": "7", "CACHE_PROOF_TTL_SECS": "9", "CACHE_VES_PROOF_MAX": "3"}
    ).caches
    assert caches.ves_commitment == CacheLimits(7, 300)
    assert caches.ves_proof == CacheLimits(3, 9)
