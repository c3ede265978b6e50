"""Dead letters: events that a consumer could not handle, and what an operator does with them (operations 7)."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec

from ves.codec import I64_MAX
from ves_api.auth.permission import in_own_tenant
from ves_api.operations.answers import answer
from ves_api.operations.kit import Area, Context, only
from ves_api.operations.parameters import OwnTenantId, Parameters, identifier, number, text, word
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

operation = Area("Dead letters").operation
_ADMIN = in_own_tenant("admin")
_ERRORS = ("tenant_access_denied", "store_access_denied", "invalid_query")
_MOST, _DEFAULT, _DAYS = 10_000, 100, 30
_STATUSES = ("parked", "pending", "retrying", "failed", "resolved", "discarded")
_REASONS = (
    "schema_validation",
    "invariant_violation",
    "invalid_state_transition",
    "version_conflict",
    "handler_error",
    "unknown",
)

Store = Annotated[
    uuid.UUID | None,
    identifier("Only those of this store; needed by a credential that is limited to stores."),
]
Consumer = Annotated[str | None, text("Only those of this consumer.")]
Reason = Annotated[
    str | None,
    word("Only those that failed last for this reason.", _REASONS),
]
DeadLetterId = Annotated[int, number("The dead letter.", I64_MAX)]


class DeadLetterFilter(Parameters, kw_only=True, frozen=True):
    """Filter of dead letters, and the start of the page; None means any."""

    tenant_id: OwnTenantId = None
    store_id: Store = None
    consumer: Consumer = None
    status: Annotated[str | None, word("Only those in this status.", _STATUSES)] = None
    reason: Reason = None
    after: Annotated[int, number("Only dead letters with a greater id.", I64_MAX)] = 0
    limit: Annotated[int, number(f"Most rows; default {_DEFAULT}.", _MOST, least=1)] = _DEFAULT


class DeadLetterById(Parameters, kw_only=True, frozen=True):
    """One dead letter."""

    dead_letter_id: DeadLetterId
    tenant_id: OwnTenantId = None


class FailedDeadLetters(Parameters, kw_only=True, frozen=True):
    """Failed dead letters of a tenant."""

    tenant_id: OwnTenantId = None
    store_id: Store = None
    consumer: Consumer = None
    reason: Reason = None


class SettledDeadLetters(Parameters, kw_only=True, frozen=True):
    """Dead letters that were resolved or discarded so long ago."""

    tenant_id: OwnTenantId = None
    store_id: Store = None
    older_than_days: Annotated[int, number(f"Age in days; default {_DAYS}.", 36_500)] = _DAYS


class DeadLetter(msgspec.Struct):
    """One event that one consumer could not handle; `holds_entity`: later events of the entity wait for it."""

    dead_letter_id: int
    store_id: uuid.UUID
    legacy: bool
    consumer: str
    sequence_number: int
    event_id: uuid.UUID
    event_type: str
    entity_type: str
    entity_id: str
    reason: str | None
    error_message: str | None
    status: str
    holds_entity: bool
    retry_count: int
    max_retries: int
    created_at: str
    last_retry_at: str | None
    next_retry_at: str | None
    settled_at: str | None


class DeadLetterList(msgspec.Struct):
    """Dead letters, oldest first."""

    dead_letters: list[DeadLetter]
    count: int


class DeadLetterChange(msgspec.Struct):
    """The change is made; the status says what is next."""

    dead_letter_id: int
    status: str


class DeadLetterCount(msgspec.Struct):
    """How many were changed."""

    count: int


@operation(permission=_ADMIN, errors=_ERRORS, command="dead-letters list")
async def list_dead_letters(context: Context, given: DeadLetterFilter) -> DeadLetterList:
    """List dead letters, oldest first; the next page starts after the last id."""
    _require_store(context, given.store_id)
    rows = await aio.list_dead_letters(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        consumer=given.consumer,
        status=given.status,
        reason=given.reason,
        after_id=given.after,
        max_rows=given.limit,
    )
    return DeadLetterList(await context.each(partial(answer, DeadLetter), rows), len(rows))


@operation(permission=_ADMIN, errors=(*_ERRORS, "dead_letter_not_found"))
async def get_dead_letter(context: Context, given: DeadLetterById) -> DeadLetter:
    """Get one dead letter."""
    return await _find(context, given)


@operation(
    permission=_ADMIN,
    errors=(*_ERRORS, "dead_letter_not_found", "dead_letter_status"),
    command="dead-letters retry",
)
async def retry_dead_letter(context: Context, given: DeadLetterById) -> DeadLetterChange:
    """Make a pending or failed dead letter due now.

    Its consumer handles it within seconds.
    """
    return await _change(context, given, aio.retry_dead_letter, "pending")


@operation(permission=_ADMIN, errors=_ERRORS, command="dead-letters retry-all")
async def retry_dead_letters(context: Context, given: FailedDeadLetters) -> DeadLetterCount:
    """Make failed dead letters due now, at most 1,000."""
    _require_store(context, given.store_id)
    count = await aio.retry_dead_letters(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        consumer=given.consumer,
        reason=given.reason,
        context=context.audit,
    )
    return DeadLetterCount(count)


@operation(
    permission=_ADMIN,
    errors=(*_ERRORS, "dead_letter_not_found", "dead_letter_status"),
    command="dead-letters discard",
)
async def discard_dead_letter(context: Context, given: DeadLetterById) -> DeadLetterChange:
    """Give a dead letter up: its consumer goes on without the event."""
    return await _change(context, given, aio.discard_dead_letter, "discarded")


@operation(permission=_ADMIN, errors=_ERRORS, command="dead-letters purge")
async def purge_dead_letters(context: Context, given: SettledDeadLetters) -> DeadLetterCount:
    """Delete dead letters that were resolved or discarded long ago, at most 10,000."""
    _require_store(context, given.store_id)
    count = await aio.purge_dead_letters(
        context.database,
        tenant_id=context.tenant_id,
        store_id=given.store_id,
        older_than=dt.timedelta(days=given.older_than_days),
        context=context.audit,
    )
    return DeadLetterCount(count)


async def _change(
    context: Context, given: DeadLetterById, change: Callable[..., Awaitable[object]], status: str
) -> DeadLetterChange:
    """Make a change of one dead letter in the caller's scope, which leads to `status`."""
    await _find(context, given)
    await change(
        context.database,
        tenant_id=context.tenant_id,
        dead_letter_id=given.dead_letter_id,
        context=context.audit,
    )
    return DeadLetterChange(given.dead_letter_id, status)


async def _find(context: Context, given: DeadLetterById) -> DeadLetter:
    """The dead letter, if its store is in the caller's scope."""
    rows = await aio.list_dead_letters(
        context.database, tenant_id=context.tenant_id, dead_letter_id=given.dead_letter_id
    )
    found = only(rows, "dead_letter_not_found", given.dead_letter_id)
    _require_store(context, found.store_id)
    return answer(DeadLetter, found)


def _require_store(context: Context, store_id: uuid.UUID | None) -> None:
    """Raise 403 for a store that is not the caller's; no store means all of them."""
    if store_id is not None:
        context.identity.require_scope(context.tenant_id, store_id)
    elif context.identity.stores:
        raise ApiError("store_access_denied")
