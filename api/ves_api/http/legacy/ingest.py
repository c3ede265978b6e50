"""`POST /api/v1/events/ingest` (http-api 2.1, VES 17.2)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from litestar import Request, post
from litestar.response.base import ASGIResponse

from ves.ingest import check_batch, check_limits, check_source_agent
from ves.legacy_ingest import parse_legacy_request
from ves.schemas.judge import LEGACY_REASON, overlay
from ves_api.errors import ApiError
from ves_api.gateway.legacy_append import append_legacy_events, encode_legacy, encode_refusals
from ves_api.http.decode import read_body
from ves_api.http.docs.operation import Operation, operation_opt
from ves_api.http.encode import answer
from ves_api.http.ingest.service import INLINE_BYTES, limits_of, rejections
from ves_api.http.legacy.wire import LegacyIngestRequest, LegacyIngestResponse
from ves_api.ids import fresh_uuid
from ves_api.services import admit, services_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ves.ingest import Limits
    from ves.legacy_ingest import LegacyRequest
    from ves.schemas.judge import Rules
    from ves_api.auth.identity import Identity
    from ves_api.gateway.ingest import IngestAnswer
    from ves_api.ingest.schemas import ActiveSchemas

T = TypeVar("T")

_ATTEMPTS = 8
_STALE = ("stale_credentials", "stale_schemas")
_INGEST = Operation(
    summary="Append unsigned legacy events; refused events are listed in the answer, a repeat is refused too",
    tag="Legacy",
    needs="write, the stream in scope, and the agent if the credential is bound to one",
    request=LegacyIngestRequest,
    response=LegacyIngestResponse,
    errors=(
        "mixed_streams",
        "source_agent_mismatch",
        "batch_too_large",
        "payload_too_large",
        "invalid_field",
        "agent_mismatch",
    ),
)


@post("/api/v1/events/ingest", opt=operation_opt(_INGEST))
async def ingest_legacy(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Append a batch of legacy events."""
    caller = await admit(request)
    identity = caller.identity
    body = await read_body(request)
    services = services_of(request)
    limits = limits_of(services.settings)

    async def run(work: Callable[[], T]) -> T:
        return work() if len(body) <= INLINE_BYTES else await services.lanes.run(identity.tenant_id, work)

    sent = await run(partial(_prepare, body, limits, identity))
    if sent.is_empty:
        return answer(LegacyIngestResponse(fresh_uuid(), 0, 0, None, None, 0))
    schemas, tenant_id = services.active_schemas, sent.tenant_id
    rules = schemas.cached(tenant_id, sent.events) or await schemas.load(tenant_id, sent.events)
    columns = await run(partial(_columns, sent, rules, schemas))
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            key = services.at_rest.key(sent.tenant_id)
            done = await append_legacy_events(
                services.database, services.legacy_heads, key, sent, columns, identity.epoch
            )
            break
        except ApiError as error:
            if error.name not in _STALE or attempt == _ATTEMPTS:
                raise
            if error.name == "stale_schemas":
                rules = await schemas.newer(tenant_id, sent.events, rules.epoch)
                columns |= await run(partial(_refusals, sent, rules, schemas))
            else:
                identity = await services.authenticator.identify(caller.credential)
                _check(sent, identity)
    return answer(_response(sent, done))


def _prepare(body: bytes, limits: Limits, identity: Identity) -> LegacyRequest:
    """Decode, check in the order of http-api 2.1. Raises RequestRefused or ApiError."""
    sent = parse_legacy_request(body, limits)
    if not sent.is_empty:
        _check(sent, identity)
    return sent


def _columns(sent: LegacyRequest, rules: Rules, schemas: ActiveSchemas) -> dict[str, Any]:
    return encode_legacy(sent.events) | _refusals(sent, rules, schemas)


def _refusals(sent: LegacyRequest, rules: Rules, schemas: ActiveSchemas) -> dict[str, Any]:
    """What is wrong with the events, the verdicts of these schemas included."""
    events = sent.events
    found = schemas.check(sent.tenant_id, rules, events)
    refusals, messages = overlay(events, [e.refusal_message for e in events], found, LEGACY_REASON)
    return encode_refusals(refusals, messages, rules.epoch)


def _check(sent: LegacyRequest, identity: Identity) -> None:
    check_batch(sent)
    identity.require_agent(sent.agent_id)
    check_source_agent(sent)
    identity.require("write")
    identity.require_scope(sent.tenant_id, sent.store_id)
    check_limits(sent)


def _response(sent: LegacyRequest, done: IngestAnswer) -> LegacyIngestResponse:
    refused = rejections(sent.events, done.exceptions)
    return LegacyIngestResponse(
        batch_id=fresh_uuid(),
        events_accepted=len(sent.events) - len(refused),
        events_rejected=len(refused),
        assigned_sequence_start=done.first_sequence,
        assigned_sequence_end=done.last_sequence,
        head_sequence=done.head_sequence,
        rejections=refused or msgspec.UNSET,
    )


ROUTES = [ingest_legacy]
