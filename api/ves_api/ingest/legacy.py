"""Service for legacy ingest requests, from body bytes to response (http-api 2.1, VES 17.2)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from ves.ingest import check_batch, check_limits, check_source_agent
from ves.legacy_ingest import SCHEMA_REASON, parse_legacy_request
from ves_api.auth.permission import INGEST, authorize
from ves_api.ids import fresh_uuid
from ves_api.ingest.counting import count_answer
from ves_api.ingest.legacy_append import append_legacy_events, encode_legacy
from ves_api.ingest.legacy_wire import LegacyIngestResponse
from ves_api.ingest.service import is_large
from ves_api.ingest.verdicts import Judge, Verdicts, with_fresh_verdicts
from ves_api.lanes import Effort
from ves_edge import arrays

if TYPE_CHECKING:
    from ves.ingest import Limits
    from ves.legacy_ingest import LegacyEvent, LegacyRequest
    from ves_api.at_rest import AtRest
    from ves_api.auth.identity import Identity
    from ves_api.children.pool import LargeWork
    from ves_api.database import Database
    from ves_api.ingest.answer import IngestAnswer
    from ves_api.ingest.legacy_append import LegacyHeads
    from ves_api.ingest.schemas import ActiveSchemas
    from ves_api.lanes import Lanes


@dataclass(slots=True)
class PreparedLegacy:
    """An authorized request with encoded and validated events; without events it has no columns."""

    request: LegacyRequest
    columns: dict[str, Any]
    verdicts: Verdicts
    effort: Effort


@dataclass(frozen=True, slots=True)
class LegacyIngest:
    """Owned by one event loop; functions that run in worker threads are pure."""

    database: Database
    limits: Limits
    schemas: ActiveSchemas
    at_rest: AtRest
    heads: LegacyHeads
    lanes: Lanes
    large: LargeWork

    async def prepare(self, identity: Identity, body: bytes) -> PreparedLegacy | None:
        """Decode, authorize, encode and validate; None without events. Raises RequestRefused or ApiError."""
        effort = Effort.of(len(body))
        if is_large(body):
            request = await self.large.call(identity.tenant_id, parse_legacy_request, body, self.limits)
        else:
            request = await self.lanes.run(
                identity.tenant_id, partial(parse_legacy_request, body, self.limits), effort
            )
        _check(request, identity)
        if request.is_empty:
            return None
        tenant_id, events = request.tenant_id, request.events
        rules = self.schemas.cached(tenant_id, events) or await self.schemas.load(tenant_id, events)
        judge = self._judge(request)
        columns, verdicts = await self.lanes.run(
            tenant_id,
            lambda: (encode_legacy(events), judge.here(rules, inline=effort.is_inline)),
            effort,
        )
        return PreparedLegacy(request, columns, verdicts or await judge.apart(rules), effort)

    async def append(self, prepared: PreparedLegacy, auth_epoch: int | None) -> LegacyIngestResponse:
        """Append the events. Raises ApiError; stale_credentials: nothing was stored."""
        request = prepared.request

        began = time.perf_counter()

        async def append(verdicts: Verdicts) -> IngestAnswer:
            columns = prepared.columns | {
                "refusals": arrays.TextArray(verdicts.refusals),
                "refusal_messages": arrays.TextArray(verdicts.messages),
                "schema_epoch": verdicts.schema_epoch,
            }
            key = self.at_rest.key(request.tenant_id)
            return await append_legacy_events(self.database, self.heads, key, request, columns, auth_epoch)

        async def judge_again(seen_epoch: int | None) -> Verdicts:
            rules = await self.schemas.newer(request.tenant_id, request.events, seen_epoch)
            judge = self._judge(request)
            here = await self.lanes.run(
                request.tenant_id,
                partial(judge.here, rules, inline=prepared.effort.is_inline),
                prepared.effort,
            )
            return here or await judge.apart(rules)

        answer = await with_fresh_verdicts(prepared.verdicts, append, judge_again)
        refused = answer.rejections(request.events)
        count_answer(len(request.events), answer, began, is_signed=False)
        return LegacyIngestResponse(
            batch_id=fresh_uuid(),
            events_accepted=len(request.events) - len(refused),
            events_rejected=len(refused),
            assigned_sequence_start=answer.first_sequence,
            assigned_sequence_end=answer.last_sequence,
            head_sequence=answer.head_sequence,
            rejections=refused or msgspec.UNSET,
        )

    def _judge(self, request: LegacyRequest) -> Judge[LegacyEvent]:
        return Judge(self.schemas, request.tenant_id, request.events, SCHEMA_REASON)


def _check(request: LegacyRequest, identity: Identity) -> None:
    """Check in the order of http-api 2.1. Raises RequestRefused or ApiError."""
    if not request.is_empty:
        check_batch(request)
        identity.require_agent(request.agent_id)
        check_source_agent(request)
        authorize(identity, INGEST, request)
        check_limits(request)
