"""One ingest request from bytes to bytes: decode, check, verify, append, sign.

Everything before the append needs no connection and no lock, and runs in the event loop for a small request
and in a thread for a large one (libsodium releases the interpreter lock).
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import msgspec

from ves.ingest import (
    Limits,
    check_batch,
    check_limits,
    check_source_agent,
    parse_request,
    required_keys,
    verify_signatures,
)
from ves.prepare import ENCRYPTED
from ves.schemas.judge import VES_REASON, overlay
from ves.stored_payloads import seal_events
from ves_api.gateway.coalescer import Append, AppendAnswer
from ves_api.gateway.ingest import EncodedEvents, encode_columns
from ves_api.http.ingest.signing import SignedBatch, sequenced_at_text
from ves_api.http.ingest.wire import IngestResponse, Rejection
from ves_api.ids import fresh_uuid
from ves_api.services import Caller, charge_again
from ves_api.telemetry import get_logger

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Mapping, Sequence

    from ves.ingest import AgentKey, IngestRequest
    from ves.prepare import PreparedEvent
    from ves.receipts import Receipt
    from ves.schemas.judge import Rules
    from ves_api.auth.identity import Identity
    from ves_api.services import Services
    from ves_api.settings import Settings

T = TypeVar("T")

# A request of this size (about four events of 1 kB) costs less than handing it to a thread would delay it.
INLINE_BYTES = 8192
_INLINE_EVENTS = 4
_REJECTED = "rejected"
_log = get_logger("ingest")
_encode = msgspec.json.Encoder().encode


class IngestService:
    """Owned by one event loop; what it runs in lanes are pure functions."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        self._services = services
        self._limits = limits_of(settings)
        self._profile = settings.profile

    async def ingest(self, request_id: str, caller: Caller, body: bytes) -> bytes:
        """The response body (VES 14.3). Raises RequestRefused or ApiError for whole-request refusals."""
        services = self._services
        lane = None if len(body) <= INLINE_BYTES else caller.identity.tenant_id
        request, encoded = await self._run(lane, partial(self._prepare, caller.identity, body))
        if encoded is None:
            names, schemas = required_keys(request.events), services.active_schemas
            tenant_id, events = request.tenant_id, request.events
            keys = services.agent_keys.cached(tenant_id, names)
            if keys is None:
                keys = await services.agent_keys.load(tenant_id, names)
            rules = schemas.cached(tenant_id, events) or await schemas.load(tenant_id, events)
            encoded = await self._run(lane, partial(self._verify, request, keys, rules))
        append = Append(
            tenant_id=request.tenant_id,
            store_id=request.store_id,
            events=encoded,
            ids=_ids(request),
            epoch=caller.identity.epoch,
            reauthenticate=lambda: self._reauthenticate(append, request, caller),
            revalidate=lambda: self._revalidate(append, request, lane),
        )
        answer = await services.coalescer.append(append)
        replayed = await self._replayed(request, answer)
        lane = None if answer.accepted <= _INLINE_EVENTS else caller.identity.tenant_id
        response, batch = await self._run(lane, partial(self._respond, request, answer, replayed))
        _log.debug(
            "ingested",
            request_id=request_id,
            tenant=request.tenant_id,
            store=request.store_id,
            events=len(request.events),
            accepted=answer.accepted,
            replayed=len(replayed),
            head=answer.head_sequence,
        )
        if batch is not None:
            services.flusher.add(request.tenant_id, request.store_id, batch)
        return response

    async def _run(self, lane: uuid.UUID | None, work: Callable[[], T]) -> T:
        """Run at once, or for a large request in the lane of its tenant."""
        return work() if lane is None else await self._services.lanes.run(lane, work)

    def _prepare(self, identity: Identity, body: bytes) -> tuple[IngestRequest, EncodedEvents | None]:
        """Decode and check in the order of http-api 2.2; encode too if all that takes is cached."""
        request = parse_request(body, self._limits)
        check_batch(request)
        identity.require_agent(request.agent_id)
        check_source_agent(request)
        identity.require("write")
        identity.require_scope(request.tenant_id, request.store_id)
        check_limits(request)
        names = required_keys(request.events)
        keys = self._services.agent_keys.cached(request.tenant_id, names)
        rules = self._services.active_schemas.cached(request.tenant_id, request.events)
        if keys is None or rules is None:
            return request, None
        return request, self._verify(request, keys, rules)

    def _verify(
        self,
        request: IngestRequest,
        keys: Mapping[tuple[uuid.UUID, int], AgentKey],
        rules: Rules,
    ) -> EncodedEvents:
        """Verify every signature under its key, encrypt what is to be stored, judge payloads by their schemas."""
        events = request.events
        verify_signatures(events, keys, self._profile)
        key = self._services.at_rest.key(request.tenant_id)
        if key is None:
            encoded = encode_columns(events)
        else:
            blobs = seal_events(key, request.tenant_id, request.store_id, events)
            encoded = encode_columns(events, blobs, key.key_id)
        return self._judge(request, encoded, rules)

    def _judge(self, request: IngestRequest, encoded: EncodedEvents, rules: Rules) -> EncodedEvents:
        """The events with the verdicts of these schemas over what else was found."""
        events = request.events
        found = self._services.active_schemas.check(request.tenant_id, rules, events, _is_encrypted)
        if not found and encoded.schema_epoch is None:
            return encoded.at_schema_epoch(rules.epoch)
        refusals, messages = overlay(events, [e.refusal_message for e in events], found, VES_REASON)
        return encoded.with_refusals(refusals, messages, rules.epoch)

    async def _revalidate(
        self, append: Append, request: IngestRequest, lane: uuid.UUID | None
    ) -> EncodedEvents:
        """Judge again after a schema of the tenant changed."""
        schemas, events = self._services.active_schemas, append.events
        rules = await schemas.newer(request.tenant_id, request.events, events.schema_epoch)
        return await self._run(lane, partial(self._judge, request, events, rules))

    async def _reauthenticate(self, append: Append, request: IngestRequest, caller: Caller) -> int | None:
        """Check the caller again after credentials changed; answers the new epoch."""
        identity = await self._services.authenticator.identify_again(caller.credential, append.epoch)
        identity.require_agent(request.agent_id)
        identity.require("write")
        identity.require_scope(request.tenant_id, request.store_id)
        await charge_again(self._services, caller.identity, Caller(caller.credential, identity))
        return identity.epoch

    async def _replayed(self, request: IngestRequest, answer: AppendAnswer) -> list[Receipt]:
        signer = self._services.signer
        return [
            await signer.replay(request, request.events[e["ord"] - 1], e)
            for e in answer.exceptions
            if e["outcome"] != _REJECTED
        ]

    def _respond(
        self, request: IngestRequest, answer: AppendAnswer, replayed: list[Receipt]
    ) -> tuple[bytes, SignedBatch | None]:
        """Sign the accepted events' receipts and encode the answer."""
        events = request.events
        receipts, batch = replayed, None
        if answer.first_sequence is not None:
            if answer.exceptions:
                named = {e["ord"] for e in answer.exceptions}
                events = [event for ord_, event in enumerate(events, 1) if ord_ not in named]
            batch = self._services.signer.sign_accepted(
                request.tenant_id, request.store_id, events, answer.first_sequence, sequenced_at_text(answer)
            )
            receipts = replayed + batch.receipts
        refused = rejections(request.events, answer.exceptions)
        response = IngestResponse(
            batch_id=fresh_uuid(),
            events_accepted=answer.accepted,
            events_rejected=len(refused),
            sequence_start=answer.first_sequence,
            sequence_end=None if answer.first_sequence is None else answer.head_sequence,
            head_sequence=answer.head_sequence,
            rejections=refused or msgspec.UNSET,
            receipts=receipts or msgspec.UNSET,
        )
        return _encode(response), batch


def limits_of(settings: Settings) -> Limits:
    """The protocol library's limits from the settings."""
    return Limits(
        max_events=settings.max_events,
        max_payload_bytes=settings.max_payload_bytes,
        strict_format=settings.strict_format,
        profile=settings.profile,
    )


def _is_encrypted(event: PreparedEvent) -> bool:
    return event.payload_kind == ENCRYPTED


def _ids(request: IngestRequest) -> frozenset[int]:
    """Every event and command id, as numbers; requests that share one are not appended in one call."""
    ids = {e.event_id.int for e in request.events}
    ids.update(e.command_id.int for e in request.events if e.command_id is not None)
    return frozenset(ids)


class Named(Protocol):
    """An event as far as a rejection tells it."""

    event_id: uuid.UUID


def rejections(events: Sequence[Named], exceptions: list[dict[str, Any]]) -> list[Rejection]:
    """Refused events: those refused before numbering, then those refused by it, each in input order."""
    refused = [e for e in exceptions if e["outcome"] == _REJECTED]
    refused.sort(key=lambda e: (e["phase"], e["ord"]))
    return [Rejection(events[e["ord"] - 1].event_id, e["reason"], e["message"]) for e in refused]
