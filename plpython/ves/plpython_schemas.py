"""PL/Python adapter of `ves.schemas`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

from ves.errors import RequestRefused
from ves.plpython_functions import Integer, Server, plan, sql_function
from ves.schemas.compatibility import Mode, check_compatibility
from ves.schemas.compiled import CompiledSchema, compile_schema
from ves.schemas.judge import DEFAULT_MODE, MAX_SECONDS, ActiveSchema, P, Rules, judge, parse_mode

_ACTIVE = """
  select a.schema_epoch, a.event_type, a.schema_id, a.version, a.schema_json
  from ves.get_active_schemas($1, $2) as a"""
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


def check_events(
    plpy: Server,
    mode: str,
    tenant_id: UUID,
    events: Sequence[P],
    is_encrypted: Callable[[P], bool],
) -> tuple[int | None, dict[int, str]]:
    """Messages of the events that fail the tenant's active schemas, by position (operations 6.3).

    In mode warn there are none, only a warning. The first value is the schema epoch, None for no events.
    """
    rows = plpy.execute(
        plan(plpy, _ACTIVE, "uuid", "text[]"), [str(tenant_id), [e.event_type for e in events]]
    )
    budget = Budget(plpy)
    rules = _rules(rows, budget)
    chosen = parse_mode(mode) or DEFAULT_MODE
    wrong = judge(chosen, rules, events, is_encrypted, budget.is_spent)
    if wrong and chosen == "warn":
        plpy.warning(f"{len(wrong)} events do not fit their schemas")
        wrong = {}
    return rules.epoch, wrong


def _rules(rows: Sequence[Mapping[str, Any]], budget: Budget) -> Rules:
    active: dict[str, ActiveSchema | None] = {}
    for row in rows:
        schema_id = row["schema_id"]
        if schema_id is None:
            continue
        if schema_id not in _compiled and not budget.is_spent():
            if len(_compiled) >= _MAX_COMPILED:
                _compiled.clear()
            _compiled[schema_id] = _compile(row["schema_json"])
        active[row["event_type"]] = ActiveSchema(UUID(schema_id), row["version"], _compiled.get(schema_id))
    return Rules(rows[0]["schema_epoch"] if rows else None, active)


def _compile(text: str) -> CompiledSchema | None:
    try:
        return compile_schema(text)
    except RequestRefused:
        return None
