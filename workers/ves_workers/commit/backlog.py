"""What a commit worker was woken for and has not seen committed yet.

Memory only. Losing it costs a delay and nothing else: the messages come back, and the tables know what is committed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ves_workers.runtime.gateway import WakeUp

Stream = tuple[UUID, UUID]


@dataclass(slots=True)
class _Waiting:
    """Messages of one stream in the order of their arrival: msg_id -> (from, to, arrived at)."""

    messages: dict[int, tuple[int, int, float]] = field(default_factory=dict)
    events: int = 0

    @property
    def since(self) -> float:
        return next(iter(self.messages.values()))[2]


class Backlog:
    """Wake-ups by stream. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._streams: dict[Stream, _Waiting] = {}

    def add(self, messages: Iterable[WakeUp], now: float) -> None:
        """Remember messages; one that is known already (it came back) changes nothing."""
        for message in messages:
            waiting = self._streams.setdefault((message.tenant_id, message.store_id), _Waiting())
            if message.msg_id not in waiting.messages:
                waiting.messages[message.msg_id] = (message.sequence_from, message.sequence_to, now)
                waiting.events += message.sequence_to - message.sequence_from + 1

    def due(self, now: float, *, min_events: int, max_age: float) -> list[Stream]:
        """Streams with enough events or an old enough message, in the order in which they were first seen."""
        return [
            stream
            for stream, waiting in self._streams.items()
            if waiting.events >= min_events or now - waiting.since >= max_age
        ]

    def settle(self, stream: Stream, committed_to: int | None) -> list[int]:
        """Drop what a commitment up to `committed_to` covers (None: all of it); the ids of finished messages."""
        waiting = self._streams.get(stream)
        if waiting is None:
            return []
        finished = [
            msg_id
            for msg_id, (_, last, _) in waiting.messages.items()
            if committed_to is None or last <= committed_to
        ]
        for msg_id in finished:
            del waiting.messages[msg_id]
        if not waiting.messages:
            del self._streams[stream]
            return finished
        covered = committed_to or 0
        waiting.events = sum(
            last - max(first, covered + 1) + 1 for first, last, _ in waiting.messages.values()
        )
        return finished
