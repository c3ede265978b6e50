"""What a chain does to an honest anchorer: drops, low fees, nonces that others use, gaps between nonces."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.chain.anchoring import Anchoring

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from uuid import UUID

    from tests.chain.system import Ledger
    from tests.conftest import Database


@pytest.fixture
async def anchoring(database: Database, ledger: Ledger) -> AsyncIterator[Anchoring]:
    made = Anchoring(database, ledger)
    yield made
    await made.close()


def are_anchored(anchoring: Anchoring, batches: list[UUID]) -> Callable[[], bool]:
    return lambda: set(anchoring.statuses(batches)) == {"anchored"}


def attempts(anchoring: Anchoring) -> list[Any]:
    """Fees and raw bytes of each attempt, in the order in which they were signed."""
    return anchoring.superuser.execute(
        "select max_fee, priority_fee, raw from ves_store.chain_attempts order by transaction_id, attempt"
    ).fetchall()


async def test_a_dropped_anchor_is_sent_again(anchoring: Anchoring) -> None:
    batches = anchoring.commit(2)
    anchoring.ledger.automine(on=False)
    try:
        worker = anchoring.worker()
        await anchoring.drive(worker, lambda: anchoring.outbox()[0][0] == "broadcast", mine=False)
        anchoring.ledger.ask("anvil_dropAllTransactions")
    finally:
        anchoring.ledger.automine(on=True)
    await anchoring.drive(anchoring.worker(), are_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)
    assert anchoring.outbox() == [("final", 1, None)], "the same bytes"


async def test_a_stuck_anchor_is_replaced_with_the_same_nonce_up_to_the_cap(anchoring: Anchoring) -> None:
    batches = anchoring.commit()
    anchoring.ledger.automine(on=False)
    try:
        worker = anchoring.worker(stuck_secs=0)
        for _ in range(12):
            await worker.step()
        rows = attempts(anchoring)
        assert len(rows) > 3
        assert all(new[fee] >= old[fee] * 1.1 for old, new in pairwise(rows) for fee in range(2)), (
            "nodes want a tenth more"
        )
        nonces = "select count(distinct nonce) from ves_store.chain_transactions"
        assert anchoring.superuser.execute(nonces).fetchone() == (1,)
        capped = anchoring.worker(stuck_secs=0, max_fee=int(rows[-1][0]))
        for _ in range(4):
            await capped.step()
        assert anchoring.outbox()[0][1] == len(rows), "no attempt above the cap"
    finally:
        anchoring.ledger.automine(on=True)
        anchoring.ledger.mine()
    await anchoring.drive(anchoring.worker(), are_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)


async def test_a_replaced_anchor_may_be_the_one_in_the_block(anchoring: Anchoring) -> None:
    [batch] = anchoring.commit()
    anchoring.ledger.automine(on=False)
    try:
        worker = anchoring.worker(stuck_secs=0)
        await anchoring.drive(worker, lambda: anchoring.outbox()[0][1] == 2, mine=False)
        anchoring.ledger.ask("anvil_dropAllTransactions")
        sent = anchoring.ledger.w3.eth.send_raw_transaction(attempts(anchoring)[0][2])
    finally:
        anchoring.ledger.mine()
        anchoring.ledger.automine(on=True)
    await anchoring.drive(anchoring.worker(), are_anchored(anchoring, [batch]))
    anchoring.assert_anchored_once([batch])
    assert anchoring.row(batch)[1] == sent.to_0x_hex(), "the hash is that of the attempt in the block"


async def test_commitments_whose_nonce_another_program_used_are_planned_again(anchoring: Anchoring) -> None:
    batches = anchoring.commit(2)
    anchoring.ledger.automine(on=False)
    try:
        worker = anchoring.worker()
        await anchoring.drive(worker, lambda: anchoring.outbox()[0][0] == "broadcast", mine=False)
        anchoring.ledger.ask("anvil_dropAllTransactions")
        anchoring.ledger.use_nonce(anchoring.ledger.anchorer)
    finally:
        anchoring.ledger.automine(on=True)
    await anchoring.drive(worker, are_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)
    assert [state for state, *_ in anchoring.outbox()] == ["replaced", "final"]


async def test_nonces_that_were_used_while_no_anchor_worker_ran_are_passed_over(anchoring: Anchoring) -> None:
    first = anchoring.commit()
    await anchoring.drive(anchoring.worker(), are_anchored(anchoring, first))
    for _ in range(3):
        anchoring.ledger.use_nonce(anchoring.ledger.anchorer)
    anchoring.ledger.make_final(anchoring.ledger.anchorer)
    second = anchoring.commit()
    await anchoring.drive(anchoring.worker(), are_anchored(anchoring, second))
    anchoring.assert_anchored_once(first + second)
    assert [state for state, *_ in anchoring.outbox()] == ["final", "final"]


async def test_a_gap_that_a_dropped_anchor_leaves_is_filled_and_those_behind_it_follow(
    anchoring: Anchoring,
) -> None:
    """Two calls are sent; nodes forget the one with the lower nonce, so the other cannot be mined."""
    batches = anchoring.commit(2)
    anchoring.ledger.automine(on=False)
    try:
        worker = anchoring.worker(threshold=1)
        await anchoring.drive(
            worker, lambda: [s for s, *_ in anchoring.outbox()] == ["broadcast", "broadcast"], mine=False
        )
        lower = anchoring.row(batches[0])[1]
        anchoring.ledger.ask("anvil_dropTransaction", lower)
        anchoring.ledger.mine()
        assert anchoring.statuses(batches) == ["submitted", "submitted"]
    finally:
        anchoring.ledger.automine(on=True)
    await anchoring.drive(anchoring.worker(threshold=1), are_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)
    assert anchoring.outbox() == [("final", 1, None), ("final", 1, None)], "the same bytes"
