"""Validates the payloads of a batch against the schemas of its tenant, in the four modes of operations 6.3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID

from ves.schemas.compiled import CompiledSchema, Violation

ValidationMode = Literal["disabled", "warn", "enforce", "required"]
DEFAULT_MODE: ValidationMode = "enforce"

# Refusals that take precedence over a schema violation; signature refusals do not.
_JUDGED_REFUSALS = (None, "invalid_signature")
_SPELLINGS: dict[ValidationMode, tuple[str, ...]] = {
    "disabled": ("disabled", "off", "none", "false", "0"),
    "warn": ("warn", "warnonly", "warn_only", "warning"),
    "enforce": ("enforce", "on", "true", "1", ""),
    "required": ("required", "strict", "require"),
}
_MESSAGE_SHOWN = 1_000
# CPU time budget for the schemas of one batch; a check or compilation in progress adds at most 0.25 s.
MAX_SECONDS = 1.5


class ActiveSchema(NamedTuple):
    """The newest active schema of an event type; `compiled` is None if it does not compile or the budget ended first."""

    schema_id: UUID
    version: int
    compiled: CompiledSchema | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The active schemas of a tenant by event type (absent: none), and the schema epoch at which they were read.

    `epoch` None: validation is off, so the rules cannot be stale.
    """

    epoch: int | None
    active: Mapping[str, ActiveSchema | None] = field(default_factory=dict)


class Payload(Protocol):
    """The members of an event of either stream that validation reads."""

    @property
    def event_type(self) -> str:
        """Return the event type."""

    @property
    def payload(self) -> bytes:
        """Return the JSON text of the payload."""

    @property
    def refusal(self) -> str | None:
        """Return the refusal found by earlier checks, or None."""


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
    spend: Callable[[int], None] = lambda _: None,
) -> dict[int, str]:
    """Return messages by position in `events`; in mode warn they are only logged.

    Encrypted payloads are not validated; only the existence of a schema is checked (warn, required).
    Once `is_late` returns true, plaintext events with a schema get a message instead of validation. `spend` gets the
    number of checks of each payload before they are made; what it raises ends the work.
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
            violations = _violations(schema, event.payload, is_late, spend)
            if violations:
                found[at] = message_of(event.event_type, violations)
    return found


def _violations(
    schema: ActiveSchema, payload: bytes, is_late: Callable[[], bool], spend: Callable[[int], None]
) -> list[Violation]:
    if schema.compiled is None:
        return [Violation("", "cannot be checked: its schema does not compile, or the batch has too many")]
    if is_late():
        return [Violation("", "was not checked: the schemas of the batch took too long, send fewer events")]
    return schema.compiled.violations(payload, spend=spend)


def message_of(event_type: str, violations: Iterable[Violation]) -> str:
    """Return the message of a rejection: every place with its violation, truncated to 1,000 characters."""
    text = "; ".join(f"{v.path}: {v.message}" for v in violations)
    message = f"Schema validation failed for event type '{event_type}': {text}"
    return message if len(message) <= _MESSAGE_SHOWN else message[:_MESSAGE_SHOWN] + "…"


def overlay(
    events: Sequence[Payload], messages: Sequence[str | None], found: Mapping[int, str], reason: str
) -> tuple[list[str | None], list[str | None]]:
    """Return refusals and messages of the events, with `reason` for each event that has a message."""
    return (
        [reason if at in found else event.refusal for at, event in enumerate(events)],
        [found.get(at, message) for at, message in enumerate(messages)],
    )
