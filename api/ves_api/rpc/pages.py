"""Pages of a VES stream, read once for all calls that need the same page at the same time, and its events encoded once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ves_api.operations.ves_events import cut, payload_bytes
from ves_api.rpc.stored_events import ves_events
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.tasks import retrieve_exception

if TYPE_CHECKING:
    import uuid
    from collections.abc import Awaitable, Callable

    from ves_api.at_rest import AtRest
    from ves_api.ingest.signing import ReceiptSigner
    from ves_edge.gen.records import EventParts
    from ves_edge.pool import Pool

_PAGE_EVENTS = 250
_KEPT_BYTES = 8_000_000
# What an entry holds at most: the payload as it is stored and as it is sent, and about so much besides.
_STORED_AND_SENT, _ENTRY_BYTES = 2, 2_000
_KEPT_SECONDS = 2.0
# A stream survives a restart of the database: its position is a number, so reading on later loses nothing.
_PATIENCE_SECONDS = 30.0
_RETRY_SECONDS = 0.2
_UNAVAILABLE = 503

_Key = tuple["uuid.UUID", "uuid.UUID", int]


@dataclass(slots=True, eq=False)
class Entry:
    """One event of a page, and its encoded SequencedEvent as soon as a call has wanted it."""

    event: EventParts
    message: bytes = b""


class _Kept(NamedTuple):
    page: list[Entry]
    size: int
    since: float


class Pages:
    """Owned by one event loop. Keeps the last pages, at most 8 MB, for at most two seconds."""

    def __init__(self, database: Pool, at_rest: AtRest, signer: ReceiptSigner) -> None:
        self._database = database
        self._at_rest = at_rest
        self._signer = signer
        self._reading: dict[_Key, asyncio.Task[list[Entry]]] = {}
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._kept_bytes = 0

    async def read(self, tenant_id: uuid.UUID, store_id: uuid.UUID, after: int) -> list[Entry]:
        """The next events after a number that is below the head: at least one, without a gap.

        Raises sequence_gap, payload_not_readable; 503 when the database does not come back within 30 s.
        """
        key = (tenant_id, store_id, after)
        kept = self._kept.get(key)
        if kept is not None:
            return kept.page
        # A call that ends must not end the reading for the others.
        return await asyncio.shield(self._start(key))

    def read_ahead(self, tenant_id: uuid.UUID, store_id: uuid.UUID, after: int) -> None:
        """Begin to read a page that is below the head and will be asked for soon."""
        key = (tenant_id, store_id, after)
        if key not in self._kept:
            self._start(key)

    def _start(self, key: _Key) -> asyncio.Task[list[Entry]]:
        task = self._reading.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._read(key))
            self._reading[key] = task
            task.add_done_callback(lambda task: self._read_done(key, task))
        return task

    def _read_done(self, key: _Key, task: asyncio.Task[list[Entry]]) -> None:
        """Forget a finished reading; a failure is that of the calls that wait for it, if there is one."""
        del self._reading[key]
        retrieve_exception(task)

    def forget_old(self) -> None:
        """Drop pages that were kept long enough."""
        limit = time.monotonic() - _KEPT_SECONDS
        while self._kept and next(iter(self._kept.values())).since < limit:
            self._drop()

    async def _read(self, key: _Key) -> list[Entry]:
        tenant_id, store_id, after = key

        async def fetch() -> list[Any]:
            return await aio.read_event_parts(
                self._database,
                tenant_id=tenant_id,
                store_id=store_id,
                after=after,
                max_events=_PAGE_EVENTS,
            )

        page = [Entry(event) for event in cut(await patiently(fetch))]
        if not page or page[0].event.sequence_number != after + 1:
            # The engine has checked that a page has no gap inside.
            raise ApiError("sequence_gap", details={"sequence_start": after + 1, "sequence_end": after + 1})
        self._keep(key, page)
        return page

    def encode(self, tenant_id: uuid.UUID, store_id: uuid.UUID, entries: list[Entry]) -> None:
        """Encode the entries that no call has wanted before. Raises payload_not_readable."""
        left = [entry for entry in entries if not entry.message]
        if not left:
            return
        events = [entry.event for entry in left]
        messages = ves_events(events, tenant_id, store_id, at_rest=self._at_rest, signer=self._signer)
        for entry, message in zip(left, messages, strict=True):
            entry.message = message.SerializeToString()

    def _keep(self, key: _Key, page: list[Entry]) -> None:
        size = sum(_STORED_AND_SENT * payload_bytes(entry.event) + _ENTRY_BYTES for entry in page)
        self._kept[key] = _Kept(page, size, time.monotonic())
        self._kept_bytes += size
        while self._kept_bytes > _KEPT_BYTES:
            self._drop()

    def _drop(self) -> None:
        _, dropped = self._kept.popitem(last=False)
        self._kept_bytes -= dropped.size


async def patiently(fetch: Callable[[], Awaitable[list[Any]]]) -> list[Any]:
    """Read; while the database is not reachable or busy, read again for up to 30 s. Raises ApiError."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return await fetch()
        except ApiError as error:
            if error.status < _UNAVAILABLE or error.retry_after is None or time.monotonic() > deadline:
                raise
        await asyncio.sleep(_RETRY_SECONDS)
