"""Write-behind queue that stores receipt signatures after the response.

The queue is bounded and a failed call is not retried: the receipts worker recreates missing signatures.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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


@dataclass(slots=True)
class _Stream:
    """Queue of one stream: parallel lists of sequence numbers, 32-byte hashes and 64-byte signatures."""

    numbers: list[int] = field(default_factory=list)
    hashes: list[bytes] = field(default_factory=list)
    signatures: list[bytes] = field(default_factory=list)


class ReceiptKeeper:
    """Owned by one event loop; uses at most one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[tuple[uuid.UUID, uuid.UUID], _Stream] = {}
        self._count = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the background flush."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    def add(self, tenant_id: uuid.UUID, store_id: uuid.UUID, batch: SignedBatch) -> None:
        """Queue a batch's signatures; dropped when the queue is full."""
        if not batch.signatures or self._count >= _MAX_WAITING:
            return
        stream = self._waiting.setdefault((tenant_id, store_id), _Stream())
        stream.numbers += batch.sequence_numbers
        stream.hashes.append(batch.hashes)
        stream.signatures.append(batch.signatures)
        self._count += len(batch.sequence_numbers)
        self._wake.set()

    async def close(self) -> None:
        """Flush the queue, for at most a few seconds, and stop."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
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
        waiting, self._waiting = self._waiting, {}
        for (tenant_id, store_id), stream in waiting.items():
            hashes, signatures = b"".join(stream.hashes), b"".join(stream.signatures)
            for start in range(0, len(stream.numbers), _MAX_STORED):
                end = start + _MAX_STORED
                numbers = stream.numbers[start:end]
                try:
                    await aio.store_receipts(
                        self._database,
                        tenant_id=tenant_id,
                        store_id=store_id,
                        sequence_numbers=arrays.Int8Array([arrays.int8s(numbers)]),
                        receipt_hashes=hashes[32 * start : 32 * end],
                        signatures=signatures[64 * start : 64 * end],
                    )
                except ApiError as error:
                    _log.warning("receipts_not_stored", code=error.sqlstate, receipts=len(numbers))
                self._count -= len(numbers)
