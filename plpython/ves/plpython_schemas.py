"""PL/Python adapter of `ves.schemas`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Annotated, NamedTuple
from uuid import UUID

from ves.errors import RequestRefused
from ves.plpython import nullable
from ves.plpython_functions import Integer, Json, Server, Smallint, UuidText, sql_function
from ves.prepare import ENCRYPTED
from ves.schemas.compatibility import Mode, check_compatibility
from ves.schemas.compiled import CompiledSchema, compile_schema
from ves.schemas.judge import DEFAULT_MODE, MAX_SECONDS, ActiveSchema, Rules, judge, overlay, parse_mode

_MAX_COMPILED = 200
_PAUSE_SECONDS = 0.05

# Compiled once in a session: the text of a schema id is immutable.
_compiled: dict[str, CompiledSchema | None] = {}


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


class Judged(NamedTuple):
    """Refusals and messages of a batch; null stands for an array of nulls."""

    judged_refusals: list[str | None] | None
    judged_messages: list[str | None] | None


@sql_function("volatile called on null input parallel unsafe cost 10000")
def check_schema(
    schema: str,
    compatibility: Annotated[Mode, "text"],
    versions: list[Integer] | None,
    earlier: list[str] | None,
) -> None:
    """Compile a JSON Schema and compare it, in the stated mode, with earlier versions, given with their numbers.

    Errors: VE631 does not compile or is too costly, VE632 incompatible (operations 6.2).
    """
    compile_schema(schema)
    if compatibility != "none":
        check_compatibility(schema, list(zip(versions or [], earlier or [], strict=True)), compatibility)


@sql_function("volatile called on null input parallel unsafe cost 10000")
def apply_schemas(
    plpy: Server,
    mode: str,
    reason: str,
    event_types: list[str],
    payload_kinds: list[Smallint] | None,
    payloads: list[Json],
    refusals: list[str | None] | None,
    refusal_messages: list[str | None] | None,
    schema_types: list[str],
    schema_ids: list[UuidText | None],
    schema_texts: list[str | None],
) -> Judged:
    """Add the schema violations of a batch to its refusals (operations 6.3).

    A payload that fails the schema of its type gets the refusal reason, in mode warn only a warning. Null stands for an
    array of nulls; payload_kinds null: all plaintext.
    """
    count = len(event_types)
    columns = zip(
        event_types, payload_kinds or [0] * count, payloads, refusals or [None] * count, strict=True
    )
    batch = [Event(name, kind, payload.encode(), refusal) for name, kind, payload, refusal in columns]
    budget = Budget(plpy)
    rules = _rules(schema_types, schema_ids, schema_texts, budget)
    chosen = parse_mode(mode) or DEFAULT_MODE
    wrong = judge(chosen, rules, batch, lambda event: event.kind == ENCRYPTED, budget.is_spent)
    if wrong and chosen == "warn":
        plpy.warning(f"{len(wrong)} events do not fit their schemas")
        wrong = {}
    judged = overlay(batch, refusal_messages or [None] * count, wrong, reason)
    return Judged(nullable(judged[0]), nullable(judged[1]))


def _rules(
    types: Sequence[str], ids: Sequence[str | None], texts: Sequence[str | None], budget: Budget
) -> Rules:
    active: dict[str, ActiveSchema | None] = {}
    for event_type, schema_id, text in zip(types, ids, texts, strict=True):
        if schema_id is None or text is None:
            continue
        if schema_id not in _compiled and not budget.is_spent():
            if len(_compiled) >= _MAX_COMPILED:
                _compiled.clear()
            _compiled[schema_id] = _compile(text)
        active[event_type] = ActiveSchema(UUID(schema_id), 0, _compiled.get(schema_id))
    return Rules(None, active)


def _compile(text: str) -> CompiledSchema | None:
    try:
        return compile_schema(text)
    except RequestRefused:
        return None
