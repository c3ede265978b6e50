"""The retention worker: deletes old rejections, dead letters and revoked API keys as the limits of the database say (`ves.list_limits`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves_edge.gen import aio
from ves_workers.runtime.worker import DatabaseWorker

if TYPE_CHECKING:
    import datetime as dt

    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.process import Settings

MOST_ROWS = 10_000
_KINDS = "rejections", "api_keys", "dead_letters"


class RetentionWorker(DatabaseWorker):
    """Each step deletes up to MOST_ROWS rows of each kind. The first one after a start looks at every tenant."""

    name = "retention"
    totals = _KINDS

    def __init__(self, database: WorkerDatabase, settings: Settings) -> None:
        super().__init__(database, settings.retention_poll_ms / 1000)
        self._since: dt.datetime | None = None

    async def step(self) -> bool:
        """Delete; return True if a kind may have more."""
        [done] = await aio.apply_retention(self._database, since=self._since, max_rows=MOST_ROWS)
        deleted = {kind: getattr(done, kind) for kind in _KINDS}
        for kind, rows in deleted.items():
            self._totals[kind] += rows
        if max(deleted.values()) >= MOST_ROWS:
            return True
        self._since = done.next_since
        return False
