"""Result of an append to a VES or legacy stream, for a whole database call and for one request's part of it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from ves_api.ingest.wire import Rejection

if TYPE_CHECKING:
    from collections.abc import Sequence


class EventOutcome(msgspec.Struct, frozen=True):
    """A rejected or replayed event. `ord` is its 1-based position in the batch.

    Rejected: `phase` 1 is before sequencing, 2 during sequencing. Replayed: the stored event's fields; `signature` is hex,
    None while no signature is stored.
    """

    ord: int
    outcome: Literal["rejected", "replayed"]
    phase: int = 0
    reason: str = ""
    message: str = ""
    sequence_number: int = 0
    sequenced_at_micros: int = 0
    signer_id: int = 0
    signature: str | None = None

    @property
    def is_rejected(self) -> bool:
        """Whether the event was rejected, not replayed."""
        return self.outcome == "rejected"


class IngestAnswer(msgspec.Struct, frozen=True):
    """`accepted` events have the numbers from `first_sequence` (None if 0) on, consecutive and in input order.

    `head_sequence` is the stream's head after this request (or after an earlier one of the call, if 0 were accepted).
    """

    accepted: int
    first_sequence: int | None
    head_sequence: int
    sequenced_at: dt.datetime
    exceptions: list[EventOutcome]

    @property
    def last_sequence(self) -> int | None:
        """Number of the last accepted event; None if 0."""
        return None if self.first_sequence is None else self.head_sequence

    def rejections(self, events: Sequence[Named]) -> list[Rejection]:
        """Rejected events: phase 1, then phase 2, each in input order."""
        refused = sorted((e for e in self.exceptions if e.is_rejected), key=lambda e: (e.phase, e.ord))
        return [Rejection(events[e.ord - 1].event_id, e.reason, e.message) for e in refused]


class Named(Protocol):
    """Event fields that a rejection reports."""

    event_id: uuid.UUID


def read_outcomes(exceptions: Any) -> list[EventOutcome]:
    """Parse the column `exceptions` of an ingest result, in input order."""
    if not exceptions:
        return []
    return sorted(msgspec.convert(exceptions, list[EventOutcome]), key=lambda outcome: outcome.ord)
