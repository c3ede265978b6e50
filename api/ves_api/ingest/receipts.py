"""Write-behind queue that stores receipt signatures after the response.

The queue is bounded and a failed call is not retried: the receipts worker recreates missing signatures.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from ves_api.background import BackgroundTask
from ves_edge import arrays
from ves_edge.errors import ApiError
from ves_edge.gen import aio
from ves_edge.log import get_logger

if TYPE_CHECKING:
    import uuid

    from ves_api.database import Database
    from ves_api.ingest.signing import SignedBatch

_MAX_WAITING = 50_000
_MAX_STORED = 2_000
_GATHER_SECONDS = 1.0
_CLOSE_SECONDS = 5
_log = get_logger("receipts")


class ReceiptKeeper(BackgroundTask):
    """Owned by one event loop; uses at most one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[tuple[uuid.UUID, uuid.UUID, SignedBatch]] = deque()
        self._count = 0
        self._wake = asyncio.Event()

    def add(self, tenant_id: uuid.UUID, store_id: uuid.UUID, batch: SignedBatch) -> None:
        """Queue a batch's signatures; dropped when the queue is full."""
        if not batch.signatures or self._count >= _MAX_WAITING:
            return
        self._waiting.append((tenant_id, store_id, batch))
        self._count += len(batch.sequence_numbers)
        self._wake.set()

    async def close(self) -> None:
        """Flush the queue, for at most a few seconds, and stop."""
        await super().close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._flush()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_SECONDS)
            await self._flush()

    async def _flush(self) -> None:
        self._wake.clear()
        while self._waiting:
            await self._store(self._take())

    def _take(self) -> list[tuple[uuid.UUID, uuid.UUID, SignedBatch]]:
        """Dequeue the batches of the next call, at least one."""
        taken = [self._waiting.popleft()]
        count = len(taken[0][2].sequence_numbers)
        while self._waiting and count + len(self._waiting[0][2].sequence_numbers) <= _MAX_STORED:
            taken.append(self._waiting.popleft())
            count += len(taken[-1][2].sequence_numbers)
        return taken

    async def _store(self, batches: list[tuple[uuid.UUID, uuid.UUID, SignedBatch]]) -> None:
        numbers = [number for _, _, batch in batches for number in batch.sequence_numbers]
        tenants = [tenant for tenant, _, batch in batches for _ in batch.sequence_numbers]
        stores = [store for _, store, batch in batches for _ in batch.sequence_numbers]
        try:
            await aio.store_receipts(
                self._database,
                tenant_ids=arrays.UuidArray(tenants),
                store_ids=arrays.UuidArray(stores),
                sequence_numbers=arrays.Int8Array(numbers),
                receipt_hashes=b"".join([batch.hashes for _, _, batch in batches]),
                signatures=b"".join([batch.signatures for _, _, batch in batches]),
            )
        except ApiError as error:
            _log.warning("receipts_not_stored", code=error.sqlstate, receipts=len(numbers))
        self._count -= len(numbers)
