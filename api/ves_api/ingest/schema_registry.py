"""Schema registration, and this process's caches: compiled schemas by id, active schemas by tenant epoch."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import UUID

from ves.errors import RequestRefused
from ves.schemas.compatibility import MODES, Mode, check_compatibility
from ves.schemas.compiled import CompiledSchema, Violation, compile_schema
from ves.schemas.judge import MAX_SECONDS, ActiveSchema, Rules, judge
from ves_api.cache import Cache
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ves.schemas.judge import ValidationMode
    from ves_api.children.pool import LargeWork
    from ves_api.database import Database
    from ves_api.settings import CacheLimits
    from ves_edge.gen.records import EventSchema

_MAX_ROUNDS = 20
_SMALL_BYTES = 8192
_COMPILED_IN_CHILD = 16


T = TypeVar("T")
# Event type, payload, refusal by earlier checks, whether it is encrypted.
Row = tuple[str, bytes, str | None, bool]


@dataclass(frozen=True, slots=True)
class NewSchema:
    """A schema to register; `compatibility` None: no comparison with earlier versions."""

    tenant_id: UUID
    event_type: str
    text: str
    description: str | None
    compatibility: str | None


class SchemaRegistry:
    """Owned by one event loop."""

    def __init__(self, database: Database, large: LargeWork, limits: CacheLimits) -> None:
        self._database = database
        self._large = large
        # The text of a schema id is immutable, so a cached compiled schema cannot be stale.
        self.cache: Cache[UUID, CompiledSchema] = Cache(limits)

    async def compiled(
        self, schema_id: UUID, text: str, compile_text: Callable[[str], CompiledSchema] = compile_schema
    ) -> CompiledSchema:
        """Return the compiled schema, cached by id. Raises RequestRefused if it does not compile."""
        known = self.cache.get(schema_id)
        if known is None:
            known = await asyncio.to_thread(compile_text, text)
            self.cache.put(schema_id, known)
        return known

    async def violations(self, stored: EventSchema, payload: bytes) -> list[Violation]:
        """Return the violations of a payload. Raises RequestRefused if the schema does not compile."""
        if len(payload) <= _SMALL_BYTES:
            compiled = await self.compiled(stored.schema_id, stored.schema_json)
            if compiled.is_light(payload):
                return compiled.violations(payload)
        return await self._large.call(stored.tenant_id, violations, stored.schema_json, payload)

    async def judge_apart(
        self, tenant_id: UUID, mode: ValidationMode, texts: Mapping[str, str | None], rows: list[Row]
    ) -> dict[int, str]:
        """Messages of refused events by position, found in a child; `texts` are schemas by event type, None: unusable."""
        return await self._large.call(tenant_id, judge_rows, mode, texts, rows)

    async def _apart(self, new: NewSchema, size: int, function: Callable[..., T], *arguments: Any) -> T:
        """Run a function outside of the event loop: in a thread, or from some size on in a child process."""
        if size <= _SMALL_BYTES:
            return await asyncio.to_thread(function, *arguments)
        return await self._large.call(new.tenant_id, function, *arguments)

    async def register(self, new: NewSchema, context: Mapping[str, str | None]) -> EventSchema:
        """Compile, compare and store. Raises RequestRefused(invalid_schema, schema_incompatible) or ApiError.

        Optimistic concurrency: if another version was registered between comparison and insert, the engine refuses
        and the comparison is repeated.
        """
        await self._apart(new, len(new.text), check_schema, new.text)
        mode = new.compatibility
        for _ in range(_MAX_ROUNDS):
            highest = None
            if mode not in (None, "none"):
                rows = await aio.get_compared_schemas(
                    self._database, tenant_id=new.tenant_id, event_type=new.event_type
                )
                highest = rows[0].highest_version
                earlier = [(row.version, row.schema_json or "") for row in rows if row.version is not None]
                size = len(new.text) + sum(len(text) for _, text in earlier)
                await self._apart(new, size, check_compatibility, new.text, earlier, _mode(mode))
            try:
                return await aio.store_schema(
                    self._database,
                    tenant_id=new.tenant_id,
                    event_type=new.event_type,
                    schema_json=new.text,
                    description=new.description,
                    compatibility=mode,
                    checked_version=highest,
                    context=context,
                )
            except ApiError as error:
                if error.name != "schema_version_moved":
                    raise
        raise ApiError("schema_version_moved", retry_after=1)


def check_schema(text: str) -> None:
    """Compile a schema. Raises RequestRefused(invalid_schema)."""
    compile_schema(text)


@lru_cache(maxsize=_COMPILED_IN_CHILD)
def _compiled(text: str) -> CompiledSchema:
    return compile_schema(text)


def violations(text: str, payload: bytes) -> list[Violation]:
    """Return the violations of a payload, by the text of its schema. Raises RequestRefused if that does not compile."""
    return _compiled(text).violations(payload)


class _Event(NamedTuple):
    event_type: str
    payload: bytes
    refusal: str | None
    is_encrypted: bool


def judge_rows(mode: ValidationMode, texts: Mapping[str, str | None], rows: list[Row]) -> dict[int, str]:
    """`ves.schemas.judge.judge` in a child, by the texts of the schemas."""
    active = {
        name: ActiveSchema(UUID(int=0), 0, None if text is None else _compiled(text))
        for name, text in texts.items()
    }
    end = time.thread_time() + MAX_SECONDS
    events = [_Event(*row) for row in rows]
    return judge(
        mode, Rules(0, active), events, lambda event: event.is_encrypted, lambda: time.thread_time() > end
    )


def _mode(text: str | None) -> Mode:
    for mode in MODES:
        if mode == text:
            return mode
    raise RequestRefused("invalid_field", "compatibility is not a known mode", {"field": "compatibility"})
