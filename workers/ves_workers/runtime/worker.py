"""The base of the workers: a connection, a poll interval, totals and a log."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ves_edge.log import get_logger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_workers.runtime.database import WorkerDatabase

_STEPS = 4


def next_poll(least: float, last: float, most: float, *, found: bool, spent: float = 0.0) -> float:
    """Pause in seconds after a step of `spent`: those with work begin every `least`, else it doubles up to `most`."""
    return max(least - spent, 0.0) if found else max(least, min(2 * last, most))


class DatabaseWorker:
    """Base of a worker (`runtime.loop.Worker`); a subclass gives `name`, `totals` and `step`.

    `poll_seconds` is the delay after a step that found nothing; `totals` names the counters of the heartbeat line.
    """

    name: str
    totals: tuple[str, ...]

    def __init__(self, database: WorkerDatabase, poll_seconds: float) -> None:
        self.poll_seconds: float = poll_seconds
        self._least_poll = poll_seconds
        self._database = database
        self._sessions = 0
        self._spent: deque[float] = deque(maxlen=_STEPS)
        self._log = get_logger("workers", worker=self.name)
        self._totals = dict.fromkeys(self.totals, 0)

    def pause_after(self, spent: float, share: int, most: float) -> float:
        """Pause after a step of `spent` seconds, so that steps use one part in `share` of the time; at most `most`.

        What a step costs is the shortest of the last ones: the others waited for locks, disks or other processes. One that
        followed a restart of the server waited for it and read what no cache held: it tells nothing about the next one,
        and what the restart interrupted waits for this worker.
        """
        self._spent.append(spent)
        if self._sessions != self._database.sessions:
            self._sessions = self._database.sessions
            return 0.0
        return min(most, share * min(self._spent))

    def counters(self) -> Mapping[str, int]:
        """Return totals since the start, for the heartbeat line."""
        return self._totals

    async def close(self) -> None:
        """Close the connection."""
        await self._database.close()
