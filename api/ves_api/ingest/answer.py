"""The answer of an append, of either stream: one record for a whole call and for the part of one request."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from ves_api.ingest.wire import Rejection

if TYPE_CHECKING:
    from collections.abc import Sequence


class EventOutcome(msgspec.Struct, frozen=True):
    """An event that got no new number. `ord` counts from 1.

    Rejected: `phase` 1 is before numbering, 2 by it. Replayed: what is stored of the event; `signature` is hex, None while
    none is stored.
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
        """Whether the event was refused."""
        return self.outcome == "rejected"


class IngestAnswer(msgspec.Struct, frozen=True):
    """`accepted` events got the numbers from `first_sequence` (None without any) to `head_sequence`, in input order.

    `head_sequence` is the last number given to this request or to those before it in the call.
    """

    accepted: int
    first_sequence: int | None
    head_sequence: int
    sequenced_at: dt.datetime
    exceptions: list[EventOutcome]

    @property
    def last_sequence(self) -> int | None:
        """The last number given; None without any."""
        return None if self.first_sequence is None else self.head_sequence

    def rejections(self, events: Sequence[Named]) -> list[Rejection]:
        """Refused events: those refused before numbering, then those refused by it, each in input order."""
        refused = sorted((e for e in self.exceptions if e.is_rejected), key=lambda e: (e.phase, e.ord))
        return [Rejection(events[e.ord - 1].event_id, e.reason, e.message) for e in refused]


class Named(Protocol):
    """An event as far as a rejection tells it."""

    event_id: uuid.UUID


def read_outcomes(exceptions: Any) -> list[EventOutcome]:
    """The member `exceptions` of an answer of the database, in input order."""
    if not exceptions:
        return []
    return sorted(msgspec.convert(exceptions, list[EventOutcome]), key=lambda outcome: outcome.ord)
