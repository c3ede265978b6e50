"""Sizes and ages of the caches of a process (operations 1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ves_edge.environment import Environment

_COMMITMENTS, _COMMITMENT_SECONDS = 1000, 300
_PROOFS, _PROOF_SECONDS = 5000, 600
_SCHEMAS, _SCHEMA_SECONDS = 1000, 600
_KEYS, _KEY_SECONDS = 10_000, 3600


@dataclass(frozen=True, slots=True)
class CacheLimits:
    """Maximum number of entries of a cache and maximum age of an entry in seconds; both at least 1."""

    max_entries: int
    ttl_seconds: int


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Limits of each cache. The VES caches default to the limits of the legacy ones."""

    commitment: CacheLimits
    proof: CacheLimits
    ves_commitment: CacheLimits
    ves_proof: CacheLimits
    agent_key: CacheLimits
    schema: CacheLimits


def load_caches(env: Environment) -> CacheSettings:
    """Read the limits. As in the original, an invalid value does not stop the start but means the default."""
    size, age = (
        env.positive("CACHE_COMMITMENT_MAX", _COMMITMENTS),
        env.positive("CACHE_COMMITMENT_TTL_SECS", _COMMITMENT_SECONDS),
    )
    proofs, proof_age = (
        env.positive("CACHE_PROOF_MAX", _PROOFS),
        env.positive("CACHE_PROOF_TTL_SECS", _PROOF_SECONDS),
    )
    return CacheSettings(
        commitment=CacheLimits(size, age),
        proof=CacheLimits(proofs, proof_age),
        ves_commitment=CacheLimits(
            env.positive("CACHE_VES_COMMITMENT_MAX", size),
            env.positive("CACHE_VES_COMMITMENT_TTL_SECS", age),
        ),
        ves_proof=CacheLimits(
            env.positive("CACHE_VES_PROOF_MAX", proofs), env.positive("CACHE_VES_PROOF_TTL_SECS", proof_age)
        ),
        agent_key=CacheLimits(
            env.positive("CACHE_AGENT_KEY_MAX", _KEYS), env.positive("CACHE_AGENT_KEY_TTL_SECS", _KEY_SECONDS)
        ),
        schema=CacheLimits(
            env.positive("CACHE_SCHEMA_MAX", _SCHEMAS), env.positive("CACHE_SCHEMA_TTL_SECS", _SCHEMA_SECONDS)
        ),
    )
