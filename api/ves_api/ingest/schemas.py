"""Per-process cache of the active schemas for ingest; a change takes effect in every process at once.

An entry carries the tenant's schema epoch. Ingest passes it to the engine, which refuses a stale one (VE634); the entry
is then re-read. A tenant that is not cached is assumed to have no schemas (epoch 0): this costs nothing for tenants
without schemas and one refused call for the others.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from ves.errors import RequestRefused
from ves.schemas.compiled import CompiledSchema, compile_schema
from ves.schemas.judge import MAX_SECONDS, ActiveSchema, Rules, ValidationMode, judge
from ves_api.cache import Cache
from ves_edge.gen import aio
from ves_edge.log import get_logger

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Iterable, Sequence

    from ves.schemas.judge import P, Payload
    from ves_api.database import Database
    from ves_api.ingest.schema_registry import SchemaRegistry
    from ves_api.settings import CacheLimits

_TYPES_LOGGED = 3
_INLINE_CHECKS = 1_000_000
_THREAD_CHECKS_EACH = 300_000
_THREAD_CHECKS = 5_000_000
_UNCHECKED = Rules(None)
_NONE = Rules(0)
_log = get_logger("schemas")


class TooManyChecksError(Exception):
    """Validating a batch takes more than may hold the interpreter lock of a process that serves others."""


@dataclass(slots=True)
class Allowance:
    """Checks (of about 10 ns) that may be made for one batch here: of one payload, and of those that are left."""

    each: int
    left: int

    @classmethod
    def of(cls, *, inline: bool) -> Allowance:
        """Of the event loop (10 ms), or of a thread, which gives up the interpreter lock between payloads (3 ms)."""
        return cls(_INLINE_CHECKS, _INLINE_CHECKS) if inline else cls(_THREAD_CHECKS_EACH, _THREAD_CHECKS)

    def spend(self, checks: int) -> None:
        """Count a payload. Raises TooManyChecksError."""
        self.left -= checks
        if checks > self.each or self.left < 0:
            raise TooManyChecksError


class _BudgetSpentError(Exception):
    """Compiling the schemas of one batch exceeded the CPU budget."""


def _within_budget() -> Callable[[str], CompiledSchema]:
    """`compile_schema` for one batch; raises _BudgetSpentError after MAX_SECONDS of CPU time."""
    left = MAX_SECONDS

    def compile_text(text: str) -> CompiledSchema:
        nonlocal left
        if left <= 0:
            raise _BudgetSpentError
        started = time.thread_time()
        try:
            return compile_schema(text)
        finally:
            left -= time.thread_time() - started

    return compile_text


class ActiveSchemas:
    """`cached` and `check` are thread-safe; the other methods belong to one event loop."""

    def __init__(
        self, database: Database, registry: SchemaRegistry, limits: CacheLimits, mode: ValidationMode
    ) -> None:
        self._database = database
        self._registry = registry
        self.mode = mode
        # By tenant: compiling one tenant's schemas may take MAX_SECONDS.
        self._loading: WeakValueDictionary[uuid.UUID, asyncio.Lock] = WeakValueDictionary()
        self._epochs: Cache[uuid.UUID, int] = Cache(limits)
        self.cache: Cache[tuple[uuid.UUID, str], tuple[int, ActiveSchema | None]] = Cache(limits)

    def cached(self, tenant_id: uuid.UUID, events: Iterable[Payload]) -> Rules | None:
        """Return the cached rules for these events; None on a cache miss (then `load`)."""
        if self.mode == "disabled":
            return _UNCHECKED
        epoch = self._epochs.get(tenant_id)
        if not epoch:
            return _NONE if epoch == 0 or self.mode == "enforce" else None
        active: dict[str, ActiveSchema | None] = {}
        for event_type in {event.event_type for event in events}:
            known = self.cache.get((tenant_id, event_type))
            if known is None or known[0] != epoch:
                return None
            active[event_type] = known[1]
        return Rules(epoch, active)

    async def load(self, tenant_id: uuid.UUID, events: Iterable[Payload]) -> Rules:
        """Read the rules for these events from the database."""
        types = {event.event_type for event in events}
        rows = await aio.get_active_schemas(self._database, tenant_id=tenant_id, event_types=list(types))
        epoch = rows[0].schema_epoch
        active: dict[str, ActiveSchema | None] = {}
        compile_text = _within_budget()
        for row in rows:
            schema = None
            if row.schema_id is not None and row.schema_json is not None and row.version is not None:
                try:
                    compiled = await self._registry.compiled(row.schema_id, row.schema_json, compile_text)
                except _BudgetSpentError:
                    active[row.event_type] = ActiveSchema(row.schema_id, row.version, None)
                    continue
                except RequestRefused:
                    _log.error("schema_does_not_compile", schema_id=row.schema_id)
                    compiled = None
                schema = ActiveSchema(row.schema_id, row.version, compiled)
            active[row.event_type] = schema
            if epoch:
                self.cache.put((tenant_id, row.event_type), (epoch, schema))
        self._epochs.put(tenant_id, epoch)
        return Rules(epoch, active if epoch else {})

    async def newer(self, tenant_id: uuid.UUID, events: Sequence[Payload], seen_epoch: int | None) -> Rules:
        """Re-read the rules after the engine refused `seen_epoch`; concurrent callers of a tenant share one read."""
        loading = self._loading.setdefault(tenant_id, asyncio.Lock())
        async with loading:
            known = self.cached(tenant_id, events)
            if known is not None and (known.epoch or 0) > (seen_epoch or 0):
                return known
            return await self.load(tenant_id, events)

    def check(
        self,
        tenant_id: uuid.UUID,
        rules: Rules,
        events: Sequence[P],
        is_encrypted: Callable[[P], bool],
        allowance: Allowance,
    ) -> dict[int, str]:
        """Validate payloads; messages of refused events by position. In mode `warn` failures are only logged.

        Raises TooManyChecksError: then `check_apart` is the way.
        """
        found = judge(self.mode, rules, events, is_encrypted, spend=allowance.spend)
        return self._refused(tenant_id, events, found)

    async def check_apart(
        self, tenant_id: uuid.UUID, rules: Rules, events: Sequence[P], is_encrypted: Callable[[P], bool]
    ) -> dict[int, str]:
        """`check` in a child process, in turns between the tenants. Raises ApiError: timeout, overloaded."""
        texts = {
            name: None if schema.compiled is None else schema.compiled.text
            for name, schema in rules.active.items()
            if schema is not None
        }
        rows = [(e.event_type, e.payload, e.refusal, is_encrypted(e)) for e in events]
        return self._refused(
            tenant_id, events, await self._registry.judge_apart(tenant_id, self.mode, texts, rows)
        )

    def _refused(self, tenant_id: uuid.UUID, events: Sequence[P], found: dict[int, str]) -> dict[int, str]:
        if found and self.mode == "warn":
            _warn(tenant_id, [events[at] for at in found])
            return {}
        return found


def _warn(tenant_id: Any, events: Sequence[Payload]) -> None:
    """Log the events that mode `enforce` would have refused, without payload contents."""
    types = sorted({event.event_type for event in events})
    _log.warning("schema_warning", tenant=tenant_id, events=len(events), event_types=types[:_TYPES_LOGGED])
