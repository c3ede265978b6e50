"""Commitments in a database, a local chain, and an anchor worker that tests step by hand."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.chain.stepping import Stepping
from tests.chain.system import CHAIN_ID, CONFIRMATIONS, Ledger
from tests.sql.support import Agent, Edge, scalar
from tests.support.anvil import ANCHORER_KEY
from ves_contracts import calls, deploy
from ves_workers.chain.anchoring import AnchorWorker
from ves_workers.runtime.database import WorkerDatabase
from ves_workers.settings.chain import AnchorSettings, ChainSettings
from ves_workers.settings.process import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database

NIL = uuid.UUID(int=0)


class Anchoring(Stepping[AnchorWorker]):
    """What a test steps: `settings` and `anchor` are changed before the first worker is made."""

    kind = AnchorWorker

    def __init__(self, database: Database, ledger: Ledger) -> None:
        super().__init__(database, ledger)
        ledger.make_final(ledger.anchorer)
        self.contract: Any = deploy.contract(ledger.w3, "StateSetAnchor", ledger.addresses["anchor"])
        self.settings = ChainSettings(urls=(ledger.url,), chain_id=CHAIN_ID, timeout_secs=5, stuck_secs=3600)
        self.anchor = AnchorSettings(
            contract=self.contract.address.lower(), key=ANCHORER_KEY, interval_secs=0, confirmations=CONFIRMATIONS,
            reconcile_secs=3600,
        )  # fmt: skip

    def commit(self, count: int = 1) -> list[uuid.UUID]:
        """Commit each event of a new stream by itself."""
        agent = Agent()
        with self.database.connect("ves_api") as api:
            agent.register(api)
            Edge.open(api).ingest(agent, *agent.events(count))
            one = "select batch_id from ves.create_commitment(%s, %s, %s, %s)"
            return [scalar(api, one, [agent.tenant_id, agent.store_id, n, n]) for n in range(1, count + 1)]

    def commit_together(self, count: int) -> tuple[list[uuid.UUID], list[uuid.UUID]]:
        """Commit all events of a new stream at once: the commitment, and the stream's tenant and store."""
        agent = Agent()
        stream = [agent.tenant_id, agent.store_id]
        with self.database.connect("ves_api") as api:
            agent.register(api)
            Edge.open(api).ingest(agent, *agent.events(count))
            one = "select batch_id from ves.create_commitment(%s, %s, 1, %s)"
            return [scalar(api, one, [*stream, count])], stream

    def worker(
        self, database: Callable[[Settings], WorkerDatabase] | None = None, **changes: Any
    ) -> AnchorWorker:
        """A new worker; `changes` are of its settings for the anchor, or of those for the chain."""
        anchor = {name: changes.pop(name) for name in list(changes) if hasattr(self.anchor, name)}
        chain = replace(self.settings, anchor=replace(self.anchor, **anchor), **changes)
        return self.start(chain, database)

    def statuses(self, batches: list[uuid.UUID]) -> list[str]:
        return [self.row(batch)[0] for batch in batches]

    def row(self, batch: uuid.UUID) -> tuple[str, str | None, bool]:
        """Status, transaction, and whether it is told as anchored."""
        found = self.superuser.execute(
            "select status, '0x' || encode(chain_tx_hash, 'hex'), anchored_at is not null from ves.get_anchor(%s, %s)",
            [NIL, batch],
        ).fetchone()
        assert found is not None
        return found

    def item(self, batch: uuid.UUID, **changes: Any) -> calls.Commitment:
        """The commitment as the contract takes it, or a forgery of it."""
        row = self.superuser.execute(
            "select tenant_id, store_id, merkle_root, new_state_root, sequence_start, sequence_end, leaf_count"
            " from ves.get_commitment(%s, %s)",
            [NIL, batch],
        ).fetchone()
        assert row is not None
        words = [calls.uuid_word(batch), calls.uuid_word(row[0]), calls.uuid_word(row[1])]
        return replace(calls.Commitment(*words, *row[2:]), **changes)

    def assert_anchored_once(self, batches: list[uuid.UUID]) -> None:
        """Database and chain agree: each commitment is in the contract with its root, by one log."""
        for batch in batches:
            status, tx_hash, is_anchored = self.row(batch)
            assert (status, is_anchored) == ("anchored", True)
            item = self.item(batch)
            assert self.contract.functions.verifyEventsRoot(item.batch_id, item.events_root).call()
            logs = self.contract.events.CommitmentAnchored().get_logs(
                from_block=0, argument_filters={"batchId": item.batch_id}
            )
            assert len(logs) == 1
            assert tx_hash is not None
