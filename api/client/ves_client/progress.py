"""How far a push or a pull is, for `on_progress`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ves_client.outbox import Outbox


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


@dataclass(slots=True)
class Backlog:
    """Estimates how many events of an outbox are left to push.

    A count reads every row that is left, so one for each batch would cost the square of the backlog. It is made at first,
    at the end and whenever half of the last one is done; in between, what is pushed is subtracted and what is recorded
    is added. What other processes push is seen by the next count.
    """

    outbox: Outbox
    _counted: int = 0
    _left: int = 0
    _last_row: int = 0

    def after(self, pushed: int) -> int:
        """Return the estimate after so many further events have been pushed."""
        last = self.outbox.last_row()
        self._left -= pushed
        if self._left <= self._counted // 2:
            self._left = self._counted = self.outbox.unsettled(last)
        else:
            self._left += self.outbox.unsettled(last, after=self._last_row)
        self._last_row = last
        return self._left

    def recount(self) -> None:
        """Have the next estimate counted."""
        self._counted = self._left = 0
