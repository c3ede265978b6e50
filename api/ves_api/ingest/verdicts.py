"""Validation results of events, including schemas, and the retry loop for stale schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from ves.schemas.judge import Payload, overlay
from ves_api.ingest.schemas import Allowance, TooManyChecksError
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable, Sequence

    from ves.schemas.judge import Rules
    from ves_api.ingest.schemas import ActiveSchemas

E = TypeVar("E", bound="Judged")
T = TypeVar("T")

_ROUNDS = 8


class Judged(Payload, Protocol):
    """A prepared event with its refusal by decoding or signature verification."""

    refusal_message: str | None


class Verdicts(NamedTuple):
    """Refusals and messages, one per event; `schema_epoch` is the epoch of the schemas, None if none were used."""

    refusals: Sequence[str | None]
    messages: Sequence[str | None]
    schema_epoch: int | None


@dataclass(frozen=True, slots=True)
class Judge(Generic[E]):
    """Combines the refusals of earlier steps with those by the schemas; `reason` names a refusal by a schema."""

    schemas: ActiveSchemas
    tenant_id: uuid.UUID
    events: Sequence[E]
    reason: str
    is_encrypted: Callable[[E], bool] = lambda _: False

    def here(self, rules: Rules, *, inline: bool) -> Verdicts | None:
        """Judge in this process, in the event loop (`inline`) or a thread; None if that takes too long: then `apart`."""
        try:
            found = self.schemas.check(
                self.tenant_id, rules, self.events, self.is_encrypted, Allowance.of(inline=inline)
            )
        except TooManyChecksError:
            return None
        return self._verdicts(rules, found)

    async def apart(self, rules: Rules) -> Verdicts:
        """Judge in a child process. Raises ApiError: timeout, overloaded."""
        return self._verdicts(
            rules, await self.schemas.check_apart(self.tenant_id, rules, self.events, self.is_encrypted)
        )

    def _verdicts(self, rules: Rules, found: dict[int, str]) -> Verdicts:
        messages = [event.refusal_message for event in self.events]
        refusals, messages = overlay(self.events, messages, found, self.reason)
        return Verdicts(refusals, messages, rules.epoch)


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
