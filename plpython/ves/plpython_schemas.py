"""PL/Python adapter for `ves.schemas`. Used by the wrappers only."""

from __future__ import annotations

import time
from collections.abc import MutableMapping, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from ves.errors import RequestRefused
from ves.plpython import nullable
from ves.plpython_guard import guard
from ves.prepare import ENCRYPTED
from ves.schemas.compatibility import Mode, check_compatibility
from ves.schemas.compiled import CompiledSchema, compile_schema
from ves.schemas.judge import DEFAULT_MODE, MAX_SECONDS, ActiveSchema, Rules, judge, overlay, parse_mode

__all__ = ["Budget", "apply", "check_schema", "events", "guard", "rules"]

_CACHE = "ves.compiled_schemas"
_MAX_COMPILED = 200
_PAUSE_SECONDS = 0.05


class Server(Protocol):
    """The part of PL/Python's `plpy` module that is used here."""

    def warning(self, message: str) -> None:
        """Send a warning to the caller and to the server's log."""

    def execute(self, query: str) -> object:
        """Run a statement."""


class Budget:
    """CPU time budget for the schemas of a batch. Each check also processes cancellation and statement_timeout."""

    def __init__(self, plpy: Server) -> None:
        self._plpy = plpy
        self._end = time.thread_time() + MAX_SECONDS
        self._next = time.monotonic() + _PAUSE_SECONDS

    def is_spent(self) -> bool:
        """Return whether the budget is exhausted."""
        now = time.monotonic()
        if now > self._next:
            self._next = now + _PAUSE_SECONDS
            # The server processes interrupts only while a statement runs.
            self._plpy.execute("select")
        return time.thread_time() > self._end


class Event(NamedTuple):
    """An event built from the columns of a batch."""

    event_type: str
    kind: int
    payload: bytes
    refusal: str | None


def check_schema(schema: str, mode: Mode, versions: Sequence[int], earlier: Sequence[str]) -> None:
    """Compile a schema and compare it with earlier ones. Raises RequestRefused."""
    compile_schema(schema)
    if mode != "none":
        check_compatibility(schema, list(zip(versions, earlier, strict=True)), mode)


def events(
    event_types: Sequence[str],
    kinds: Sequence[int] | None,
    payloads: Sequence[str],
    refusals: Sequence[str | None] | None,
) -> list[Event]:
    """Build the events of a batch; without kinds all payloads are plaintext."""
    count = len(event_types)
    columns = zip(event_types, kinds or [0] * count, payloads, refusals or [None] * count, strict=True)
    return [Event(name, kind, payload.encode(), refusal) for name, kind, payload, refusal in columns]


def rules(
    cache: MutableMapping[str, Any],
    types: Sequence[str],
    ids: Sequence[str | None],
    texts: Sequence[str | None],
    budget: Budget,
) -> Rules:
    """Return the active schemas, compiled once in a session: the text of a schema id is immutable."""
    compiled: dict[str, CompiledSchema | None] = cache.setdefault(_CACHE, {})
    active: dict[str, ActiveSchema | None] = {}
    for event_type, schema_id, text in zip(types, ids, texts, strict=True):
        if schema_id is None or text is None:
            continue
        if schema_id not in compiled and not budget.is_spent():
            if len(compiled) >= _MAX_COMPILED:
                compiled.clear()
            compiled[schema_id] = _compiled(text)
        active[event_type] = ActiveSchema(UUID(schema_id), 0, compiled.get(schema_id))
    return Rules(None, active)


def _compiled(text: str) -> CompiledSchema | None:
    try:
        return compile_schema(text)
    except RequestRefused:
        return None


def apply(
    plpy: Server,
    budget: Budget,
    mode: str,
    reason: str,
    batch: Sequence[Event],
    messages: Sequence[str | None] | None,
    found: Rules,
) -> tuple[list[str | None] | None, list[str | None] | None]:
    """Return refusals and messages with schema violations added; mode warn only logs warnings."""
    chosen = parse_mode(mode) or DEFAULT_MODE
    wrong = judge(chosen, found, batch, lambda event: event.kind == ENCRYPTED, budget.is_spent)
    if wrong and chosen == "warn":
        plpy.warning(f"{len(wrong)} events do not fit their schemas")
        wrong = {}
    judged = overlay(batch, messages or [None] * len(batch), wrong, reason)
    return nullable(judged[0]), nullable(judged[1])
