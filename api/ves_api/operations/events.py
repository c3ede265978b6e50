"""Appending events to either stream (http-api 2, VES 14, 17.2).

These two operations decode and authorize their bodies themselves: for a large body that is work for a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ves_api.auth.fresh import with_fresh_identity
from ves_api.auth.permission import INGEST, authorize
from ves_api.ids import fresh_uuid
from ves_api.ingest.legacy_wire import LegacyIngestRequest, LegacyIngestResponse
from ves_api.ingest.wire import IngestRequest, IngestResponse
from ves_api.operations.admission import charge_changed_limit
from ves_api.operations.kit import Area, Context

if TYPE_CHECKING:
    from ves_api.auth.identity import Identity
    from ves_api.ingest.legacy import PreparedLegacy
    from ves_api.ingest.service import Prepared

_ERRORS = (
    "mixed_streams",
    "source_agent_mismatch",
    "batch_too_large",
    "payload_too_large",
    "invalid_field",
    "agent_mismatch",
)


@Area("Events").operation(
    permission=INGEST,
    raw_body=IngestRequest,
    output=IngestResponse,
    errors=("empty_batch", *_ERRORS),
    caches_identity=True,
)
async def ingest_events(context: Context, body: bytes) -> bytes:
    """Append signed events to a stream; refused events are listed in the answer, not as an error.

    An exact repeat answers the same receipts.
    """
    ingest = context.services.ingest
    prepared: Prepared | None = None

    async def attempt(identity: Identity) -> bytes:
        nonlocal prepared
        if identity is not context.identity:
            await charge_changed_limit(context, identity)
        if prepared is None:
            prepared = await ingest.prepare(identity, body)
        else:
            authorize(identity, INGEST, prepared.request)
        return await ingest.append(context.origin.request_id, prepared, identity.epochs)

    return await with_fresh_identity(
        context.services.authenticator, context.credential, context.identity, attempt, is_cached=True
    )


@Area("Legacy").operation(permission=INGEST, raw_body=LegacyIngestRequest, errors=_ERRORS)
async def ingest_legacy_events(context: Context, body: bytes) -> LegacyIngestResponse:
    """Append unsigned legacy events; refused events are listed in the answer, a repeat is refused too.

    A batch without events changes nothing.
    """
    ingest = context.services.legacy_ingest
    found = await ingest.prepare(context.identity, body)
    if found is None:
        return LegacyIngestResponse(fresh_uuid(), 0, 0, None, None, 0)
    prepared: PreparedLegacy = found

    async def attempt(identity: Identity) -> LegacyIngestResponse:
        if identity is not context.identity:
            authorize(identity, INGEST, prepared.request)
        return await ingest.append(prepared, identity.epochs.tenant)

    return await with_fresh_identity(
        context.services.authenticator, context.credential, context.identity, attempt, is_cached=False
    )
