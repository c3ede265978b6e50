"""Metrics of ingest requests (operations 9)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ves import ingest, legacy_ingest
from ves_edge import metrics

if TYPE_CHECKING:
    from ves_api.ingest.answer import IngestAnswer

_SCHEMA = (ingest.SCHEMA_REASON, legacy_ingest.SCHEMA_REASON)
_UNVERIFIED = ("invalid_signature", "agent_key_invalid", "unsupported")


def count_answer(events: int, answer: IngestAnswer, began: float, *, is_signed: bool) -> None:
    """Count an answered request of so many events; `began` is a time of `perf_counter`."""
    reasons = [outcome.reason for outcome in answer.exceptions if outcome.is_rejected]
    metrics.INGEST_LATENCY.observe(time.perf_counter() - began)
    metrics.EVENTS_PER_BATCH.observe(events)
    metrics.EVENTS_INGESTED.inc(events)
    metrics.EVENTS_SEQUENCED.inc(answer.accepted)
    if is_signed:
        metrics.VES_EVENTS_RECEIVED.inc(events)
        metrics.VES_EVENTS_VERIFIED.inc(events - len([r for r in reasons if r.startswith(_UNVERIFIED)]))
    if reasons:
        metrics.EVENTS_REJECTED.inc(len(reasons))
        metrics.ERRORS_SCHEMA_VALIDATION.inc(len([r for r in reasons if r.startswith(_SCHEMA)]))
