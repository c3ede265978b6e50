"""Retry delays: exponential, capped, with jitter against thundering herds."""

from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Delay in seconds after each consecutive failure; call `reset` after a success."""

    first: float = 0.1
    most: float = 30.0
    failures: int = 0
    chance: random.Random = field(default_factory=random.Random, repr=False)

    def next_delay(self) -> float:
        """Count a failure; return a delay in [half, whole] of `first * 2^failures`, at most `most`."""
        ceiling = min(self.most, self.first * 2.0 ** min(self.failures, 32))
        self.failures += 1
        return ceiling * (0.5 + self.chance.random() / 2)

    def reset(self) -> None:
        """Reset the failure count."""
        self.failures = 0
