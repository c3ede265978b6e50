"""When the next block is expected, so that payments share a transaction while that costs their callers no block."""

from __future__ import annotations

from collections import deque
from math import inf

# Of what was seen: how many blocks tell a rhythm, of how many at most, how long, and how far they may be off it.
_LEAST, _MOST, _SECS, _OFF_SECS = 4, 8, 30.0, 0.2
# A block that came while nobody looked for so long came some time before.
_GAP_SECS = 0.25
# Faster blocks are not worth waiting for.
_LEAST_SECS = 0.8
# How long before a block a transaction is sent at the latest, and from when on payments are: each 100 ms, so that an estimate that
# takes long loses none. Between two blocks they wait, less long than any caller does (1 s).
_LATE_SECS, _NEAR_SECS = 0.1, 0.35
_NEAR_MS, _FAR_MS, _UNKNOWN_MS = 100, 800, 200


class Rhythm:
    """Times, in seconds of one clock, at which looks at the chain found new blocks."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque(maxlen=_MOST)
        self._last = 0, -inf

    def note(self, number: int, now: float) -> None:
        """Keep what a look found: the number of the newest block."""
        last, looked = self._last
        self._last = number, now
        if number < last:
            self._seen.clear()
        elif number > last and now - looked <= _GAP_SECS:
            self._seen.append((number, now))

    def until_next(self, now: float) -> float | None:
        """Return the seconds until the next block; None unless the last ones came as regularly as looks can tell."""
        seen = [(number, at) for number, at in self._seen if at > now - _SECS]
        if len(seen) < _LEAST:
            return None
        (first, began), (last, ended) = seen[0], seen[-1]
        interval = (ended - began) / (last - first)
        offsets = [at + (last - number) * interval for number, at in seen]
        if interval < _LEAST_SECS or max(offsets) - min(offsets) > _OFF_SECS:
            return None
        return (min(offsets) - now) % interval

    def sharing_ms(self, now: float) -> int:
        """Return how long a payment may wait now for others to share its transaction."""
        until = self.until_next(now)
        if until is None:
            return _UNKNOWN_MS
        return _NEAR_MS if _LATE_SECS < until < _NEAR_SECS else _FAR_MS
