"""Workers of a chain that tests step by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ves_workers.chain.worker import ChainWorker
from ves_workers.runtime.database import WorkerDatabase
from ves_workers.settings.process import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chain.system import Ledger
    from tests.conftest import Database
    from ves_workers.settings.chain import ChainSettings

W = TypeVar("W", bound=ChainWorker)
MOST_STEPS = 60


def connection(settings: Settings) -> WorkerDatabase:
    return WorkerDatabase(settings, "ves-worker-test")


class Stepping(Generic[W]):
    """A database, a chain, and the workers of one lease; `kind` is their class."""

    kind: type[Any]

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self.database, self.ledger = database, ledger
        self.superuser = database.connect()
        self.workers: list[W] = []

    def start(self, chain: ChainSettings, database: Callable[[Settings], WorkerDatabase] | None = None) -> W:
        """A new worker; the lease of the one before, which may be dead, has expired."""
        self.superuser.execute(
            "update ves_store.leases set expires_at = now() where name = %s and holder is not null",
            [self.kind.lease],
        )
        settings = Settings(database_url=self.database.url("ves_worker"), chain=chain)
        made: W = self.kind((database or connection)(settings), settings)
        self.workers.append(made)
        return made

    async def bury(self, worker: W) -> None:
        """End the connections of a dead worker; it gives no lease back."""
        self.workers.remove(worker)
        await worker._chain.close()
        await worker._db.close()

    async def close(self) -> None:
        for worker in self.workers:
            await worker.close()
        self.superuser.close()

    async def drive(self, worker: W, done: Callable[[], bool], *, mine: bool = True) -> None:
        """Step, and let the chain go on, until the condition holds."""
        for _ in range(MOST_STEPS):
            await worker.step()
            if done():
                return
            if mine:
                self.ledger.mine()
        raise AssertionError(f"not within {MOST_STEPS} steps: {self.outbox()}")

    def outbox(self) -> list[tuple[str, int, str | None]]:
        """State, attempts and reason of each transaction."""
        return self.superuser.execute(
            "select status, attempt, reason from ves_store.chain_transactions order by transaction_id"
        ).fetchall()
