"""PL/Python adapter for `ves.legacy_ingest`. Used by wrappers/prepare_legacy_events.sql only."""

from __future__ import annotations

from typing import Any

from ves.ingest import check_batch, check_limits, check_source_agent
from ves.legacy_ingest import parse_legacy_request
from ves.plpython import nullable, uuids
from ves.plpython_guard import guard
from ves.prepare import Limits

__all__ = ["Limits", "guard", "prepare"]


def prepare(request: str, limits: Limits) -> tuple[Any, ...]:
    """The columns of `ves.ingest_legacy_events`. Raises RequestRefused for whole-request refusals."""
    decoded = parse_legacy_request(request.encode(), limits)
    check_batch(decoded)
    check_source_agent(decoded)
    check_limits(decoded)
    events = decoded.events
    return (
        str(decoded.agent_id),
        str(decoded.tenant_id),
        str(decoded.store_id),
        uuids([e.event_id for e in events]) or [],
        uuids([e.command_id for e in events]),
        [e.entity_type for e in events],
        [e.entity_id for e in events],
        [e.event_type for e in events],
        [e.created_at_micros for e in events],
        [e.payload.decode() for e in events],
        b"".join([e.payload_hash for e in events]),
        nullable([e.base_version for e in events]),
        nullable([e.envelope_version for e in events]),
        nullable([e.signature for e in events]),
        nullable([e.refusal for e in events]),
        nullable([e.refusal_message for e in events]),
    )
