"""Anchoring in the engine: what waits, what a call of the outbox makes of it, and what an outside service may say."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Database

CHAIN, GWEI = 84532001, 10**9
CONTRACT = "0x" + "cd" * 20
BLOCK = b"\x01" * 32
NIL = uuid.UUID(int=0)


def refused(code: str, call: Callable[[], Any]) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        call()
    assert refusal.value.sqlstate == code


class Anchors:
    """The calls of the anchor worker, and the commitments of one stream."""

    def __init__(self, worker: psycopg.Connection[Any], edge: Edge, agent: Agent) -> None:
        self.worker, self.api, self.agent = worker, edge.connection, agent
        self.token = scalar(worker, "select ves.claim_lease('chain_anchor', 'test', 600)")
        self.sender = "0x" + (uuid.uuid4().bytes + bytes(4)).hex()
        opened = ["chain_anchor", self.token, CHAIN, self.sender, 0]
        worker.execute("select ves.open_chain_account(%s, %s, %s, %s, %s)", opened)
        stream = [agent.tenant_id, agent.store_id]
        self.ids: list[uuid.UUID] = [
            scalar(self.api, "select batch_id from ves.create_commitment(%s, %s, %s, %s)", [*stream, n, n])
            for n in (1, 2, 3)
        ]

    def pending(self) -> list[uuid.UUID]:
        """Those of this stream, in the order in which they would be taken."""
        rows = self.worker.execute("select batch_id from ves.list_pending_anchors(max_rows => 5000)")
        return [batch for (batch,) in rows.fetchall() if batch in self.ids]

    def plan(self, *batches: uuid.UUID) -> int:
        given = [self.token, CHAIN, self.sender, CONTRACT, b"call", list(batches)]
        call = scalar(self.worker, "select ves.plan_anchors(%s, %s, %s, %s, %s, %s)", given)
        found: int = scalar(
            self.worker,
            "select transaction_id from ves.list_open_transactions('chain_anchor', %s, 0, 1000)"
            " where reference_id = %s",
            [CHAIN, call],
        )
        return found

    def sign(self, row: int, nonce: int, tx: bytes) -> None:
        given = [self.token, row, 1, nonce, tx, b"raw" + tx, 21000, GWEI, GWEI // 10]
        self.worker.execute("select ves.sign_transaction(%s, %s, %s, %s, %s, %s, %s, %s, %s)", given)

    def step(self, row: int, before: str, after: str) -> None:
        self.worker.execute(
            "select ves.step_transaction(%s, %s, %s, %s, 'why')", [self.token, row, before, after]
        )

    def mine(self, row: int, tx: bytes) -> None:
        given = [self.token, row, tx, 7, BLOCK]
        self.worker.execute("select ves.mine_transaction(%s, %s, %s, %s, %s)", given)

    def finish(
        self, row: int, settled: list[uuid.UUID], failed: list[uuid.UUID] | None = None, *, ok: bool = True
    ) -> None:
        failed = failed or []
        given = [self.token, row, BLOCK, ok, settled, failed, ["another root"] * len(failed)]
        self.worker.execute(
            "select ves.finish_transaction(%s, %s, %s, 21000, %s, settled => %s, failed => %s, reasons => %s)",
            given,
        )

    def anchor(self, batch: uuid.UUID) -> tuple[str, bytes | None, int | None, bool]:
        """Status, hash, block, and whether the commitment is told as anchored."""
        row = self.api.execute(
            "select status, chain_tx_hash, chain_block_number, anchored_at is not null from ves.get_anchor(%s, %s)",
            [self.agent.tenant_id, batch],
        ).fetchone()
        assert row is not None
        return row

    def record(self, batch: uuid.UUID, tx: bytes, chain_id: int = 5) -> bool:
        return bool(scalar(self.api, "select ves.record_anchor(%s, %s, %s, 9)", [batch, tx, chain_id]))


def new_hash() -> bytes:
    return uuid.uuid4().bytes * 2


@pytest.fixture
def anchors(edge: Edge, worker: psycopg.Connection[Any], agent: Agent, shared: Database) -> Iterator[Anchors]:
    edge.ingest(agent, *agent.events(3))
    made = Anchors(worker, edge, agent)
    yield made
    worker.execute("select ves.release_lease('chain_anchor', %s)", [made.token])


def test_a_commitment_waits_from_the_moment_it_is_made_the_oldest_first(anchors: Anchors) -> None:
    assert anchors.pending() == anchors.ids
    assert anchors.anchor(anchors.ids[0]) == ("pending", None, None, False)


def test_one_that_was_asked_for_comes_first_and_asking_again_changes_nothing(anchors: Anchors) -> None:
    first, second, third = anchors.ids
    ask = "select ves.request_anchor(%s, %s)"
    assert scalar(anchors.api, ask, [anchors.agent.tenant_id, third]) is True
    assert scalar(anchors.api, ask, [NIL, third]) is True
    assert scalar(anchors.api, ask, [uuid.uuid4(), third]) is False
    assert anchors.pending() == [third, first, second]


def test_a_call_goes_from_plan_to_anchored_and_the_hash_is_shown_before_the_finality(
    anchors: Anchors,
) -> None:
    first, second, third = anchors.ids
    row, tx = anchors.plan(first, second), new_hash()
    assert anchors.pending() == [third]
    assert anchors.anchor(first) == ("planned", None, None, False)
    anchors.sign(row, 0, tx)
    assert anchors.anchor(first) == ("submitted", tx, None, False)
    anchors.step(row, "signed", "broadcast")
    anchors.mine(row, tx)
    assert anchors.anchor(second) == ("submitted", tx, 7, False)
    anchors.step(row, "mined", "broadcast")
    assert anchors.anchor(second) == ("submitted", tx, None, False), "a reorg took the block"
    anchors.mine(row, tx)
    anchors.finish(row, [first, second])
    assert anchors.anchor(first) == anchors.anchor(second) == ("anchored", tx, 7, True)
    shown = "select chain_id, chain_tx_hash, chain_block_number from ves.get_commitment(%s, %s)"
    assert anchors.api.execute(shown, [NIL, first]).fetchone() == (CHAIN, tx, 7)


def test_a_reorg_below_the_final_depth_takes_back_that_it_is_anchored(anchors: Anchors) -> None:
    first = anchors.ids[0]
    row, tx = anchors.plan(first), new_hash()
    anchors.sign(row, 0, tx)
    anchors.mine(row, tx)
    anchors.finish(row, [first])
    anchors.step(row, "final", "broadcast")
    assert anchors.anchor(first) == ("submitted", tx, None, False)


def test_what_a_reverted_call_was_for_waits_again(anchors: Anchors) -> None:
    first = anchors.ids[0]
    row, tx = anchors.plan(first), new_hash()
    anchors.sign(row, 0, tx)
    anchors.mine(row, tx)
    anchors.finish(row, [], ok=False)
    assert anchors.anchor(first) == ("pending", None, None, False)
    assert anchors.pending() == anchors.ids
    again = anchors.plan(first)
    assert again != row


def test_another_root_on_the_chain_is_never_told_as_anchored(anchors: Anchors) -> None:
    first, second, _ = anchors.ids
    row, tx = anchors.plan(first, second), new_hash()
    anchors.sign(row, 0, tx)
    anchors.mine(row, tx)
    anchors.finish(row, [first], [second])
    assert anchors.anchor(second) == ("contradicted", None, None, False)
    counted = "select commitments from ves.count_anchors() where status = 'contradicted'"
    assert scalar(anchors.worker, counted) >= 1
    assert scalar(anchors.api, "select ves.request_anchor(%s, %s)", [NIL, second]) is True
    assert anchors.anchor(second)[0] == "pending", "an operator has it tried again"


def test_an_outcome_names_every_commitment_of_the_call_once(anchors: Anchors) -> None:
    first, second, third = anchors.ids
    row, tx = anchors.plan(first, second), new_hash()
    anchors.sign(row, 0, tx)
    anchors.mine(row, tx)
    for settled, failed in (
        ([first], []),
        ([first, first], []),
        ([first, second, third], []),
        ([first], [first]),
    ):
        refused("VE502", lambda s=settled, f=failed: anchors.finish(row, s, f))  # type: ignore[misc]


def test_what_is_not_pending_cannot_be_planned_a_second_time(anchors: Anchors) -> None:
    first, second, _ = anchors.ids
    anchors.plan(first)
    refused("VE722", lambda: anchors.plan(first, second))
    refused("VE722", anchors.plan)
    assert anchors.anchor(second)[0] == "pending"


def test_a_worker_whose_lease_is_gone_plans_nothing(anchors: Anchors) -> None:
    anchors.token -= 1
    refused("VE406", lambda: anchors.plan(anchors.ids[0]))
    anchors.token += 1


def test_an_outside_service_records_a_transaction_once(anchors: Anchors) -> None:
    first, second, third = anchors.ids
    tx = new_hash()
    assert anchors.record(first, tx) is True
    assert anchors.record(first, tx) is False
    assert anchors.anchor(first) == ("anchored", tx, 9, True)
    refused("VE723", lambda: anchors.record(first, new_hash()))
    refused("VE007", lambda: anchors.record(second, b"short"))
    refused("VE007", lambda: anchors.record(second, tx, 2**32))
    refused("VE605", lambda: anchors.record(uuid.uuid4(), tx))
    row, ours = anchors.plan(second, third), new_hash()
    assert anchors.record(second, tx) is True, "nothing of ours is sent yet"
    anchors.sign(row, 0, ours)
    refused("VE723", lambda: anchors.record(third, tx))
    anchors.mine(row, ours)
    anchors.finish(row, [third])
    assert anchors.anchor(second) == ("anchored", tx, 9, True)
    assert anchors.anchor(third) == ("anchored", ours, 7, True)


def test_a_legacy_commitment_waits_and_is_anchored_too(anchors: Anchors) -> None:
    writer = Writer(anchors.api)
    writer.ingest(Legacy(), Legacy())
    made = anchors.api.execute(
        "select batch_id, events_root, new_state_root from ves.create_legacy_commitment(%s, %s, 1, 2)",
        writer.stream,
    ).fetchone()
    assert made is not None
    listed = (
        "select is_legacy, events_root, new_state_root, sequence_start, sequence_end, event_count"
        " from ves.list_pending_anchors(include_legacy => %s, max_rows => 5000) where batch_id = %s"
    )
    assert anchors.worker.execute(listed, [False, made[0]]).fetchone() is None
    assert anchors.worker.execute(listed, [True, made[0]]).fetchone() == (True, *made[1:], 1, 2, 2)
    refused("VE605", lambda: anchors.record(made[0], new_hash()))
    row, tx = anchors.plan(made[0]), new_hash()
    anchors.sign(row, 0, tx)
    anchors.mine(row, tx)
    anchors.finish(row, [made[0]])
    shown = "select chain_tx_hash, anchored_at is not null from ves.get_legacy_commitment(%s, %s)"
    assert anchors.api.execute(shown, [NIL, made[0]]).fetchone() == (tx, True)
