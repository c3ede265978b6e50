"""What is wrong with events, schemas included, and the one loop for schemas that changed meanwhile."""

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
    """An event with what decoding and verifying found."""

    refusal_message: str | None


class Verdicts(NamedTuple):
    """Refusals and their messages, one an event; `schema_epoch` is that of the schemas, None if none were looked at."""

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
    """The verdicts of these schemas over what decoding and verifying found; `reason` names a refusal by a schema."""
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
    """Run `append(verdicts)`; where the database refused their schema epoch, judge by newer schemas and repeat.

    Raises what `append` raises; stale_schemas after 8 rounds.
    """
    for last in (False,) * (_ROUNDS - 1) + (True,):
        try:
            return await append(verdicts)
        except ApiError as error:
            if last or error.name != "stale_schemas":
                raise
        verdicts = await judge_again(verdicts.schema_epoch)
    raise AssertionError("the last round returns or raises")
