"""Service for ingest requests, from body bytes to response bytes: decode, check, verify, append, sign.

The steps before the append hold neither a connection nor a lock. They run in the event loop for a small request and in
a worker thread for a larger one (libsodium releases the GIL); the largest are decoded in a child process.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from ves.ingest import (
    SCHEMA_REASON,
    check_batch,
    check_limits,
    check_source_agent,
    parse_request,
    required_keys,
    verify_signatures,
)
from ves.json_scan import is_dense
from ves.prepare import ENCRYPTED
from ves.stored_payloads import seal_events
from ves_api.auth.permission import INGEST, authorize
from ves_api.ids import fresh_uuid
from ves_api.ingest.coalescer import Append
from ves_api.ingest.columns import SealedEvents
from ves_api.ingest.counting import count_answer
from ves_api.ingest.signing import SignedBatch, sequenced_at_text
from ves_api.ingest.verdicts import Judge, Verdicts, with_fresh_verdicts
from ves_api.ingest.wire import IngestResponse
from ves_api.lanes import SHORT_BYTES, Effort, Lanes
from ves_edge.log import get_logger

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Mapping

    from ves.ingest import AgentKey, IngestRequest, Limits
    from ves.prepare import PreparedEvent
    from ves.receipts import Receipt
    from ves.schemas.judge import Rules
    from ves_api.at_rest import AtRest
    from ves_api.auth.identity import Epochs, Identity
    from ves_api.children.pool import LargeWork
    from ves_api.ingest.agent_keys import AgentKeys
    from ves_api.ingest.answer import IngestAnswer
    from ves_api.ingest.coalescer import Coalescer
    from ves_api.ingest.receipts import ReceiptKeeper
    from ves_api.ingest.schemas import ActiveSchemas
    from ves_api.ingest.signing import ReceiptSigner

_LARGE_BYTES = 262_144
# What an event of 1 kB takes in a body: the effort of an answer is judged as that of its request.
_SIGNED_AS_BYTES = 1_500
_log = get_logger("ingest")
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Prepared:
    """An authorized request with verified, sealed and validated events.

    `verdicts` is None if the payloads are to be validated in a child process, by `rules`.
    `effort` is that of its body.
    """

    request: IngestRequest
    events: SealedEvents
    rules: Rules
    verdicts: Verdicts | None
    effort: Effort


@dataclass(frozen=True, slots=True)
class Ingest:
    """Owned by one event loop; functions that run in worker threads are pure."""

    limits: Limits
    agent_keys: AgentKeys
    schemas: ActiveSchemas
    at_rest: AtRest
    coalescer: Coalescer
    signer: ReceiptSigner
    receipts: ReceiptKeeper
    lanes: Lanes
    large: LargeWork

    async def prepare(self, identity: Identity, body: bytes) -> Prepared:
        """Run the steps before the append. Raises RequestRefused or ApiError when the whole request is refused."""
        effort = Effort.of(len(body))
        decode = partial(parse_request, body, self.limits)
        if is_large(body):
            large = await self.large.call(identity.tenant_id, parse_request, body, self.limits)
            decode = partial(_same, large)
        work = partial(self._prepare, identity, decode, effort)
        request, prepared = await self.lanes.run(identity.tenant_id, work, effort)
        if prepared is not None:
            return prepared
        tenant_id, events = request.tenant_id, request.events
        names = required_keys(events)
        keys = self.agent_keys.cached(tenant_id, names)
        if keys is None:
            keys = await self.agent_keys.load(tenant_id, names)
        rules = self.schemas.cached(tenant_id, events) or await self.schemas.load(tenant_id, events)
        verify = partial(self._verify, request, keys, rules, effort)
        return await self.lanes.run(tenant_id, verify, effort)

    async def append(self, request_id: str, prepared: Prepared, epochs: Epochs) -> bytes:
        """Append and return the response body (VES 14.3). Raises ApiError; stale_credentials: nothing was stored."""
        request, effort, began = prepared.request, prepared.effort, time.perf_counter()

        async def append(verdicts: Verdicts) -> IngestAnswer:
            return await self.coalescer.append(
                Append(
                    tenant_id=request.tenant_id,
                    store_id=request.store_id,
                    events=prepared.events,
                    verdicts=verdicts,
                    ids=_ids(request),
                    epochs=epochs,
                )
            )

        async def judge_again(seen_epoch: int | None) -> Verdicts:
            rules = await self.schemas.newer(request.tenant_id, request.events, seen_epoch)
            judge = self._judge(request)
            here = await self.lanes.run(
                request.tenant_id, partial(judge.here, rules, inline=effort.is_inline), effort
            )
            return here or await judge.apart(rules)

        verdicts = prepared.verdicts or await self._judge(request).apart(prepared.rules)
        answer = await with_fresh_verdicts(verdicts, append, judge_again)
        replayed = [
            await self.signer.replay(request, request.events[outcome.ord - 1], outcome)
            for outcome in answer.exceptions
            if not outcome.is_rejected
        ]
        response, batch = await self.lanes.run(
            request.tenant_id,
            partial(self._respond, request, answer, replayed),
            Effort.of(answer.accepted * _SIGNED_AS_BYTES),
        )
        count_answer(len(request.events), answer, began, is_signed=True)
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
            self.receipts.add(request.tenant_id, request.store_id, batch)
        return response

    def _prepare(
        self, identity: Identity, decode: Callable[[], IngestRequest], effort: Effort
    ) -> tuple[IngestRequest, Prepared | None]:
        """Decode and check in the order of http-api 2.2; on cache hits (keys, schemas) also verify and encode."""
        request = decode()
        check_batch(request)
        identity.require_agent(request.agent_id)
        check_source_agent(request)
        authorize(identity, INGEST, request)
        check_limits(request)
        keys = self.agent_keys.cached(request.tenant_id, required_keys(request.events))
        rules = self.schemas.cached(request.tenant_id, request.events)
        if keys is None or rules is None:
            return request, None
        return request, self._verify(request, keys, rules, effort)

    def _verify(
        self,
        request: IngestRequest,
        keys: Mapping[tuple[uuid.UUID, int], AgentKey],
        rules: Rules,
        effort: Effort,
    ) -> Prepared:
        """Verify every signature, encrypt the payloads for storage, validate payloads against their schemas."""
        events = request.events
        verify_signatures(events, keys, self.limits.profile)
        key = self.at_rest.key(request.tenant_id)
        if key is None:
            sealed = SealedEvents(events)
        else:
            blobs = seal_events(key, request.tenant_id, request.store_id, events)
            sealed = SealedEvents(events, blobs, key.key_id)
        verdicts = self._judge(request).here(rules, inline=effort.is_inline)
        return Prepared(request, sealed, rules, verdicts, effort)

    def _judge(self, request: IngestRequest) -> Judge[PreparedEvent]:
        return Judge(self.schemas, request.tenant_id, request.events, SCHEMA_REASON, _is_encrypted)

    def _respond(
        self, request: IngestRequest, answer: IngestAnswer, replayed: list[Receipt]
    ) -> tuple[bytes, SignedBatch | None]:
        """Sign the accepted events' receipts and encode the answer."""
        events = request.events
        receipts, batch = replayed, None
        if answer.first_sequence is not None:
            if answer.exceptions:
                named = {outcome.ord for outcome in answer.exceptions}
                events = [event for ord_, event in enumerate(events, 1) if ord_ not in named]
            batch = self.signer.sign_accepted(
                request.tenant_id, request.store_id, events, answer.first_sequence, sequenced_at_text(answer)
            )
            receipts = replayed + batch.receipts
        refused = answer.rejections(request.events)
        response = IngestResponse(
            batch_id=fresh_uuid(),
            events_accepted=answer.accepted,
            events_rejected=len(refused),
            sequence_start=answer.first_sequence,
            sequence_end=answer.last_sequence,
            head_sequence=answer.head_sequence,
            rejections=refused or msgspec.UNSET,
            receipts=receipts or msgspec.UNSET,
        )
        return _encode(response), batch


def is_large(body: bytes) -> bool:
    """Whether decoding may hold the interpreter lock for tens of milliseconds, so that it is left to a child process."""
    return len(body) > _LARGE_BYTES or (len(body) > SHORT_BYTES and is_dense(body))


def _same(request: IngestRequest) -> IngestRequest:
    return request


def _is_encrypted(event: PreparedEvent) -> bool:
    return event.payload_kind == ENCRYPTED


def _ids(request: IngestRequest) -> frozenset[int]:
    """All event and command ids as integers; requests with a common id must not share a call."""
    ids = {e.event_id.int for e in request.events}
    ids.update(e.command_id.int for e in request.events if e.command_id is not None)
    return frozenset(ids)
