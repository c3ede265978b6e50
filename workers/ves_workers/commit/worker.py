"""The commit worker: the queue wakes it, count or age decides when, the engine decides what (VES 10.3).

Several of these may run at once and any may be killed at any point. A range has exactly one commitment because
`ves.commit_next` looks and commits under the stream's lock. Nothing is forgotten because a message is finished only
after its range was seen committed, and because a scan of the queue finds what a dead worker had taken.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psycopg

from ves_workers.commit.backlog import Backlog
from ves_workers.runtime.backoff import Backoff
from ves_workers.runtime.log import get_log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ves_workers.commit.backlog import Stream
    from ves_workers.runtime.gateway import Gateway
    from ves_workers.runtime.settings import Settings

MAX_MESSAGES = 1000
# Bounds one step, and so the time between SIGTERM and the end of the process.
MAX_STREAMS = 64
# A message stays with the worker that took it for the maximal age and this much longer.
VISIBILITY_SLACK_SECS = 30
SCAN_SECS = 2.0
# The scan reads the whole queue: it may take one part in this many of the time.
SCAN_SHARE = 20
REQUEUE_SECS = 600.0


@dataclass(slots=True)
class HeldStream:
    """A stream whose commitment was refused: not tried again before `until`."""

    until: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(first=1.0, most=60.0))


class CommitWorker:
    """Commits streams that hold `commit_min_events` uncommitted events or one older than the maximal age."""

    name = "commit"

    def __init__(
        self, gateway: Gateway, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.poll_seconds = settings.poll_ms / 1000
        self._gateway = gateway
        self._settings = settings
        self._clock = clock
        self._log = get_log(self.name)
        self._backlog = Backlog()
        self._held: dict[Stream, HeldStream] = {}
        self._next_scan = self._next_requeue = clock()
        self._totals = {"commitments": 0, "events": 0, "wake_ups": 0, "refused": 0}

    def counters(self) -> Mapping[str, int]:
        """Give commitments made, events in them, queue messages seen, refusals."""
        return self._totals

    async def close(self) -> None:
        """Close the connection."""
        await self._gateway.close()

    async def step(self) -> bool:
        """Take what the queue holds and commit what is due; True when there may be more to do at once."""
        await self._requeue()
        scanned = await self._scan()
        messages = await self._gateway.read_commit_queue(
            vt_seconds=self._settings.commit_max_age_secs + VISIBILITY_SLACK_SECS, max_messages=MAX_MESSAGES
        )
        self._totals["wake_ups"] += len(messages)
        self._backlog.add(messages, self._clock())
        due = self._backlog.due(
            self._clock(),
            min_events=self._settings.commit_min_events,
            max_age=self._settings.commit_max_age_secs,
        )
        committed = await self._commit_each(due)
        return scanned or committed or len(messages) == MAX_MESSAGES

    async def _requeue(self) -> None:
        """Wake up for streams that nobody has a message for: a purged queue, a restored backup."""
        if self._clock() >= self._next_requeue:
            queued = await self._gateway.requeue_uncommitted()
            self._next_requeue = self._clock() + REQUEUE_SECS
            if queued:
                self._log.warning("commit.requeued", streams=queued)

    async def _scan(self) -> bool:
        """Commit what is due by the whole queue, messages that other workers took included."""
        started = self._clock()
        if started < self._next_scan:
            return False
        due = await self._gateway.list_commit_due(
            min_events=self._settings.commit_min_events,
            max_age_seconds=self._settings.commit_max_age_secs,
            max_streams=MAX_STREAMS + len(self._held),
        )
        now = self._clock()
        committed = await self._commit_each(due)
        if not committed:
            self._next_scan = now + max(SCAN_SECS, SCAN_SHARE * (now - started))
        return committed

    async def _commit_each(self, streams: Iterable[Stream]) -> bool:
        """Commit one range of each stream in turn, so that a long one does not keep the others waiting."""
        now = self._clock()
        ready = [s for s in streams if s not in self._held or self._held[s].until <= now][:MAX_STREAMS]
        finished: list[int] = []
        committed = False
        for stream in ready:
            done, msg_ids = await self._commit(stream)
            committed = committed or done
            finished += msg_ids
        if finished:
            await self._gateway.finish_commit_messages(finished)
        return committed

    async def _commit(self, stream: Stream) -> tuple[bool, list[int]]:
        tenant_id, store_id = stream
        try:
            made = await self._gateway.commit_next(
                tenant_id, store_id, max_events=self._settings.commit_max_events
            )
        except psycopg.Error as error:
            self._hold(stream, error)
            return False, []
        self._held.pop(stream, None)
        if made is None:  # somebody else was faster: everything up to the head is committed
            return False, self._backlog.settle(stream, None)
        self._totals["commitments"] += 1
        self._totals["events"] += made.leaf_count
        self._log.info(
            "commit.committed",
            tenant_id=str(tenant_id),
            store_id=str(store_id),
            batch_id=str(made.batch_id),
            sequence_start=made.sequence_start,
            sequence_end=made.sequence_end,
            merkle_root=made.merkle_root.hex(),
        )
        return True, self._backlog.settle(stream, made.sequence_end)

    def _hold(self, stream: Stream, error: psycopg.Error) -> None:
        held = self._held.setdefault(stream, HeldStream())
        delay = held.backoff.next_delay()
        held.until = self._clock() + delay
        self._totals["refused"] += 1
        self._log.error(
            "commit.refused",
            tenant_id=str(stream[0]),
            store_id=str(stream[1]),
            code=error.sqlstate,
            error=str(error).strip(),
            retry_in_seconds=round(delay, 1),
        )
