"""Payloads of a batch against the schemas of its tenant, in one of the four modes of operations 6.3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID

from ves.schemas.compiled import CompiledSchema, Violation

ValidationMode = Literal["disabled", "warn", "enforce", "required"]
DEFAULT_MODE: ValidationMode = "enforce"
VES_REASON = "schema_validation"
LEGACY_REASON = "SchemaValidation"

# An event that is wrong in itself keeps its own reason; a signature is judged after the schema.
_JUDGED_REFUSALS = (None, "invalid_signature")
_SPELLINGS: dict[ValidationMode, tuple[str, ...]] = {
    "disabled": ("disabled", "off", "none", "false", "0"),
    "warn": ("warn", "warnonly", "warn_only", "warning"),
    "enforce": ("enforce", "on", "true", "1", ""),
    "required": ("required", "strict", "require"),
}
_MESSAGE_SHOWN = 1_000
# CPU time that the schemas of one batch may take; one check or compilation begun before takes 0.25 s at most.
MAX_SECONDS = 1.5


class ActiveSchema(NamedTuple):
    """The newest active schema of an event type; `compiled` is None if it does not compile or was not reached."""

    schema_id: UUID
    version: int
    compiled: CompiledSchema | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The active schemas of a tenant by event type (absent: none), and the epoch at which they were read.

    `epoch` None: nothing is checked, so nothing can be stale.
    """

    epoch: int | None
    active: Mapping[str, ActiveSchema | None] = field(default_factory=dict)


class Payload(Protocol):
    """An event of either stream as far as it is judged here."""

    @property
    def event_type(self) -> str:
        """Its type."""

    @property
    def payload(self) -> bytes:
        """Its payload's JSON text."""

    @property
    def refusal(self) -> str | None:
        """What is wrong with it already."""


P = TypeVar("P", bound=Payload)


def parse_mode(text: str) -> ValidationMode | None:
    """A mode in any of its spellings and any case; None for an unknown word."""
    word = text.strip().lower()
    return next((mode for mode, words in _SPELLINGS.items() if word in words), None)


def judge(
    mode: ValidationMode,
    rules: Rules,
    events: Sequence[P],
    is_encrypted: Callable[[P], bool] = lambda _: False,
    is_late: Callable[[], bool] = lambda: False,
) -> dict[int, str]:
    """What is wrong, as messages by position in `events`; in mode warn they are for the log only.

    An encrypted payload is never checked, only whether its type has a schema (warn, required).
    Once `is_late` says so, plaintext events that have a schema are not checked any more, which is a message too.
    """
    if mode == "disabled" or (mode == "enforce" and not rules.active):
        return {}
    found: dict[int, str] = {}
    for at, event in enumerate(events):
        if event.refusal not in _JUDGED_REFUSALS:
            continue
        schema = rules.active.get(event.event_type)
        if schema is None:
            if mode != "enforce":
                found[at] = f"No schema registered for event type '{event.event_type}'"
        elif not is_encrypted(event):
            violations = _violations(schema, event.payload, is_late)
            if violations:
                found[at] = message_of(event.event_type, violations)
    return found


def _violations(schema: ActiveSchema, payload: bytes, is_late: Callable[[], bool]) -> list[Violation]:
    if schema.compiled is None:
        return [Violation("", "cannot be checked: its schema does not compile, or the batch has too many")]
    if is_late():
        return [Violation("", "was not checked: the schemas of the batch took too long, send fewer events")]
    return schema.compiled.violations(payload)


def message_of(event_type: str, violations: Iterable[Violation]) -> str:
    """The message of a rejection: every place with its mistake, cut at 1,000 characters."""
    text = "; ".join(f"{v.path}: {v.message}" for v in violations)
    message = f"Schema validation failed for event type '{event_type}': {text}"
    return message if len(message) <= _MESSAGE_SHOWN else message[:_MESSAGE_SHOWN] + "…"


def overlay(
    events: Sequence[Payload], messages: Sequence[str | None], found: Mapping[int, str], reason: str
) -> tuple[list[str | None], list[str | None]]:
    """Refusals and messages of the events, with `reason` where something was found."""
    return (
        [reason if at in found else event.refusal for at, event in enumerate(events)],
        [found.get(at, message) for at, message in enumerate(messages)],
    )
