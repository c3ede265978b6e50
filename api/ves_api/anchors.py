"""What the anchor operations need beside the database: reads of the contract, and waiting for the anchor worker."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from ves_api.waiting import Waiting
from ves_api.x402.chain import ChainUnreachableError
from ves_edge.errors import ApiError
from ves_edge.gen import aio

if TYPE_CHECKING:
    import uuid

    from ves_api.database import Database
    from ves_api.x402.chain import ChainReads
    from ves_edge.gen.records import GetAnchorRow

_POLL_SECONDS = 0.2
_WORD_BYTES = 32
# isAnchored(bytes32) and verifyEventsRoot(bytes32,bytes32) of the contract (chain 2).
_IS_ANCHORED, _VERIFY_ROOT = bytes.fromhex("4f0b5801"), bytes.fromhex("5fb58a3a")


class Anchors:
    """Owned by one event loop. The API sends nothing: it asks in the database, and the anchor worker sends."""

    def __init__(self, database: Database, chain: ChainReads | None, contract: str, patience: float) -> None:
        self._database, self._contract, self._patience = database, contract, patience
        self._chain = chain if contract else None
        self._waiting = Waiting(self._list_told, _POLL_SECONDS)

    @property
    def is_configured(self) -> bool:
        """Whether there are a chain and an anchor contract on it."""
        return self._chain is not None

    async def anchor(
        self, tenant_id: uuid.UUID, batch_id: uuid.UUID, events_root: bytes
    ) -> tuple[bool, GetAnchorRow]:
        """Ask for a commitment to be anchored and wait until a block has its transaction, and the contract this root.

        False with what was recorded before, if something was. Raises ApiError: anchor_contradicted, and anchor_pending
        when it takes longer than the caller waits or the contract cannot be read.
        """
        found = await self._look(tenant_id, batch_id)
        if found.chain_tx_hash is not None:
            return False, found
        await aio.request_anchor(self._database, tenant_id=tenant_id, batch_id=batch_id)
        try:
            async with asyncio.timeout(self._patience):
                while True:
                    await self._waiting.wait(batch_id)
                    found = await self._look(tenant_id, batch_id)
                    if found.status == "contradicted":
                        raise ApiError("anchor_contradicted")
                    with contextlib.suppress(ApiError):
                        if found.chain_block_number is not None and await self.is_on_chain(
                            tenant_id, batch_id, events_root
                        ):
                            return True, found
        except TimeoutError:
            found = await self._look(tenant_id, batch_id)
            details = {"status": found.status, "reason": found.reason or ""}
            raise ApiError("anchor_pending", details=details, retry_after=1) from None

    async def _list_told(self, batch_ids: list[uuid.UUID]) -> list[tuple[uuid.UUID, None]]:
        rows = await aio.list_told_anchors(self._database, batch_ids=batch_ids)
        return [(row.batch_id, None) for row in rows]

    async def _look(self, tenant_id: uuid.UUID, batch_id: uuid.UUID) -> GetAnchorRow:
        rows = await aio.get_anchor(self._database, tenant_id=tenant_id, batch_id=batch_id)
        if not rows:
            raise ApiError("commitment_not_found", resource_id=str(batch_id))
        return rows[0]

    async def is_on_chain(self, tenant_id: uuid.UUID, batch_id: uuid.UUID, events_root: bytes | None) -> bool:
        """Whether the contract has a commitment with this root; with None, whether it has one at all. The tenant asks.

        Raises ApiError chain_unavailable when no node answers in time, or the address is of no anchor contract.
        """
        assert self._chain is not None  # noqa: S101 - the operation has refused
        word = batch_id.bytes.ljust(_WORD_BYTES, b"\0")
        data = _IS_ANCHORED + word if events_root is None else _VERIFY_ROOT + word + events_root
        try:
            [answer] = await self._chain.call((self._contract, data), turn=tenant_id)
        except ChainUnreachableError:
            answer = None
        if answer is None or len(answer) != _WORD_BYTES:
            raise ApiError("chain_unavailable", retry_after=1)
        return any(answer)
