"""What the workers of a chain have in common: a lease, an account and its outbox (chain 8).

Any number of processes may run one; the holder of its lease works, the others look again.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from ves_edge.log import get_logger
from ves_workers.chain.outbox import Outbox, Work
from ves_workers.chain.rpc import Chain
from ves_workers.runtime.lease import Lease

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ves_workers.chain.signer import Signer
    from ves_workers.runtime.database import WorkerDatabase
    from ves_workers.settings.chain import ChainSettings

LEASE_SECS = 30


class ChainWorker(Work):
    """Each step plans what is due and takes every open transaction one step further."""

    name: str
    lease: str

    def __init__(
        self, database: WorkerDatabase, settings: ChainSettings, signer: Signer, circuits: str
    ) -> None:
        self._db = database
        self._log = get_logger("workers", worker=self.name)
        self._chain = Chain(
            settings.urls, settings.chain_id, settings.quorum, settings.timeout_secs, circuits
        )
        self._lease = Lease(database, self.lease, LEASE_SECS)
        self._outbox = Outbox(database, self._chain, signer, settings, self._lease, self)
        self._opened = 0  # under which token of the lease the outbox is open
        self.poll_seconds = settings.poll_ms / 1000

    async def is_due(self) -> bool:
        """Return whether to look at the chain in this step; the lease may not be held."""
        return True

    def counters(self) -> Mapping[str, int]:
        """Return what was signed, replaced with higher fees, final, reverted and taken back by reorgs since the start."""
        return self._outbox.totals

    async def close(self) -> None:
        """Give the lease back and close the connections."""
        await self._lease.release()
        await self._chain.close()
        await self._db.close()

    async def step(self) -> bool:
        """Plan and advance; False, because what comes next depends on the chain's time."""
        with self._lease.step():
            if await self.is_due() and await self._has_lease():
                await self.plan(self._lease.token)
                await self._outbox.advance()
        return False

    async def _has_lease(self) -> bool:
        if not await self._lease.hold():
            return False
        if self._opened != self._lease.token:
            await self._outbox.open()
            self._opened = self._lease.token
        return True

    @abstractmethod
    async def plan(self, token: int) -> None:
        """Put what is due into the outbox, under the lease's token."""
