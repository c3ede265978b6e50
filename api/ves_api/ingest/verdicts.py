"""Validation results of events, including schemas, and the retry loop for stale schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from ves.schemas.judge import Payload, overlay
from ves_edge import arrays
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Sequence

    from ves.schemas.judge import Rules
    from ves_api.ingest.schemas import ActiveSchemas
    from ves_edge.arrays import Column

E = TypeVar("E", bound="Judged")
T = TypeVar("T")

_ROUNDS = 8


class Judged(Payload, Protocol):
    """A prepared event with its refusal by decoding or signature verification."""

    refusal_message: str | None


class Verdicts(NamedTuple):
    """Refusals and messages, one per event; `schema_epoch` is the epoch of the schemas, None if none were used."""

    refusals: Column
    messages: Column
    schema_epoch: int | None


def judge(
    schemas: ActiveSchemas,
    tenant_id: uuid.UUID,
    rules: Rules,
    events: Sequence[E],
    reason: str,
    is_encrypted: Callable[[E], bool] = lambda _: False,
) -> Verdicts:
    """Combine decoding and signature refusals with those by the schemas; `reason` names a refusal by a schema."""
    found = schemas.check(tenant_id, rules, events, is_encrypted)
    messages = [event.refusal_message for event in events]
    refusals, messages = overlay(events, messages, found, reason)
    return Verdicts(
        arrays.nullable(refusals, arrays.texts), arrays.nullable(messages, arrays.texts), rules.epoch
    )


async def with_fresh_verdicts(
    verdicts: Verdicts,
    append: Callable[[Verdicts], Awaitable[T]],
    judge_again: Callable[[int | None], Awaitable[Verdicts]],
) -> T:
    """Run `append(verdicts)`; if the database refuses the schema epoch, validate by newer schemas and retry.

    Propagates the errors of `append`; stale_schemas after 8 rounds.
    """
    for last in (False,) * (_ROUNDS - 1) + (True,):
        try:
            return await append(verdicts)
        except ApiError as error:
            if last or error.name != "stale_schemas":
                raise
        verdicts = await judge_again(verdicts.schema_epoch)
    raise AssertionError("the last round returns or raises")
