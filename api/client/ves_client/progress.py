"""How far a push or a pull is, for `on_progress`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` events after `seconds`; the total grows when events are recorded or written meanwhile."""

    done: int
    total: int
    seconds: float

    @property
    def rate(self) -> float:
        """Events per second; 0 before the first one."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Estimated seconds to the end at this rate; None while it is unknown."""
        return max(0, self.total - self.done) / self.rate if self.rate else None


OnProgress = Callable[[Progress], None]


@dataclass(slots=True)
class Meter:
    """Counts events and reports them."""

    report: OnProgress | None
    done: int = 0
    _began: float = field(default_factory=time.monotonic)

    def advance(self, events: int, left: Callable[[], int]) -> None:
        """Count events that are done; `left` is only asked when somebody is told."""
        self.done += events
        if self.report:
            self.report(Progress(self.done, self.done + left(), time.monotonic() - self._began))
