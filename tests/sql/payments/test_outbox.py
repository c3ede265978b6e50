"""The outbox of raw transactions: what is stored before it is sent, which steps there are, and what a settlement makes of them."""

from __future__ import annotations

import uuid
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from tests.sql.payments.settling import Settling, refused, settling
from tests.sql.support import Agent, Edge, scalar

__all__ = ["settling"]

CHAIN, GWEI = 84532001, 10**9
CONTRACT = "0x" + "cd" * 20
BLOCK, OTHER_BLOCK = b"\x01" * 32, b"\x02" * 32


def new_hash() -> bytes:
    return uuid.uuid4().bytes * 2


def text(digest: bytes) -> str:
    return "0x" + digest.hex()


class Outbox:
    """The calls of the chain worker for one account."""

    def __init__(self, settling: Settling) -> None:
        self.settling, self.worker = settling, settling.worker
        self.sender = "0x" + (uuid.uuid4().bytes + bytes(4)).hex()
        self.open(0)

    def open(self, count: int, lease: str = "x402_settlement") -> int:
        given = [lease, self.settling.token, CHAIN, self.sender, count]
        return int(scalar(self.worker, "select ves.open_chain_account(%s, %s, %s, %s, %s)", given))

    def plan(self, part: int = 0, calldata: bytes = b"call", sender: str | None = None) -> int:
        target = [self.settling.tenant_id, self.settling.batch_id, part]
        given = [self.settling.token, CHAIN, sender or self.sender, *target, CONTRACT, calldata]
        call = "select ves.plan_transaction(%s, %s, %s, 'settlement', %s, %s, %s, %s, %s)"
        return int(scalar(self.worker, call, given))

    def sign(self, row: int, attempt: int, nonce: int, tx: bytes, fee: int = GWEI) -> bool:
        given = [self.settling.token, row, attempt, nonce, tx, b"raw" + tx, 21000, fee, fee // 10]
        return bool(
            scalar(self.worker, "select ves.sign_transaction(%s, %s, %s, %s, %s, %s, %s, %s, %s)", given)
        )

    def step(self, row: int, before: str, after: str, reason: str | None = None) -> bool:
        given = [self.settling.token, row, before, after, reason]
        return bool(scalar(self.worker, "select ves.step_transaction(%s, %s, %s, %s, %s)", given))

    def mine(self, row: int, tx: bytes, block: bytes = BLOCK) -> bool:
        given = [self.settling.token, row, tx, 7, block]
        return bool(scalar(self.worker, "select ves.mine_transaction(%s, %s, %s, %s, %s)", given))

    def finish(self, row: int, *, block: bytes = BLOCK, succeeded: bool = True, **outcome: Any) -> bool:
        given = [self.settling.token, row, block, 21000, succeeded]
        named = "".join(f", {name} => %s" for name in outcome)
        call = f"select ves.finish_transaction(%s, %s, %s, %s, %s{named})"
        return bool(scalar(self.worker, call, [*given, *outcome.values()]))

    def row(self, row: int) -> dict[str, Any]:
        call = "select * from ves.list_open_transactions('x402_settlement', %s, 3600, 1000)"
        with self.worker.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            found = {line["transaction_id"]: line for line in cursor.execute(call, [CHAIN]).fetchall()}
        return found.get(row, {})

    def log(self, row: int) -> list[tuple[str, str]]:
        return self.settling.superuser.execute(
            "select from_status, to_status from ves_store.chain_transaction_log where transaction_id = %s"
            " order by entry_id",
            [row],
        ).fetchall()

    def part(self, part: int = 0) -> tuple[str, str | None]:
        """State and transaction of a part of the batch."""
        found = self.settling.superuser.execute(
            "select status, tx_hash from ves_store.x402_settlements where batch_id = %s and part = %s",
            [self.settling.batch_id, part],
        ).fetchone()
        assert found is not None
        return found


@pytest.fixture
def outbox(settling: Settling, edge: Edge, agent: Agent) -> Outbox:
    settling.batch(edge, agent, 2)
    settling.plan()
    return Outbox(settling)


def test_a_payment_goes_from_plan_to_settled_with_each_step_in_the_log(outbox: Outbox) -> None:
    row, tx = outbox.plan(), new_hash()
    assert outbox.part() == ("prepared", None)
    assert outbox.sign(row, 1, 0, tx) is True
    assert outbox.part() == ("broadcast", text(tx))
    assert outbox.step(row, "signed", "broadcast") is True
    assert outbox.mine(row, tx) is True
    assert outbox.settling.statuses() == ("submitted", ["batched"] * 2)
    first, second = outbox.settling.members(0)
    outcome = {"settled": [first], "failed": [second], "reasons": ["Insufficient allowance"]}
    assert outbox.finish(row, **outcome) is True
    assert outbox.finish(row, **outcome) is False
    assert outbox.settling.statuses() == ("settled", ["settled", "failed"])
    states = ["", "planned", "signed", "broadcast", "mined", "final"]
    assert outbox.log(row) == list(pairwise(states))


def test_the_raw_bytes_are_stored_before_a_node_may_have_them(outbox: Outbox) -> None:
    row, tx = outbox.plan(), new_hash()
    outbox.sign(row, 1, 0, tx)
    stored = outbox.row(row)
    assert (stored["status"], stored["raw"], stored["tx_hashes"]) == ("signed", b"raw" + tx, [tx])
    assert outbox.sign(row, 1, 0, tx) is False


def test_what_it_is_for_is_in_the_outbox_once(outbox: Outbox) -> None:
    row = outbox.plan()
    assert outbox.plan(calldata=b"another") == row
    assert outbox.row(row)["calldata"] == b"call"


def test_nonces_are_given_in_order_and_only_by_the_account(outbox: Outbox, edge: Edge, agent: Agent) -> None:
    row, tx = outbox.plan(), new_hash()
    refused("VE721", lambda: outbox.sign(row, 1, 1, tx))
    outbox.sign(row, 1, 0, tx)
    assert outbox.open(0) == 1
    assert outbox.open(5) == 5, "something else used the key"
    outbox.settling.batch(edge, agent, 1)
    outbox.settling.plan()
    second = outbox.plan()
    refused("VE721", lambda: outbox.sign(second, 1, 1, new_hash()))
    assert outbox.sign(second, 1, 5, new_hash()) is True


def test_a_replacement_has_the_same_nonce_and_fees_a_tenth_higher(outbox: Outbox) -> None:
    row, first, second = outbox.plan(), new_hash(), new_hash()
    outbox.sign(row, 1, 0, first)
    outbox.step(row, "signed", "broadcast")
    refused("VE007", lambda: outbox.sign(row, 2, 0, second, GWEI + GWEI // 20))
    refused("VE721", lambda: outbox.sign(row, 2, 1, second, 2 * GWEI))
    refused("VE721", lambda: outbox.sign(row, 3, 0, second, 2 * GWEI))
    assert outbox.sign(row, 2, 0, second, GWEI + GWEI // 8) is True
    assert outbox.row(row)["tx_hashes"] == [first, second]
    assert outbox.part() == ("broadcast", text(second))
    assert outbox.mine(row, first) is True, "any attempt may be the one in the block"
    assert outbox.part() == ("broadcast", text(first))
    refused("VE721", lambda: outbox.sign(row, 3, 0, new_hash(), 9 * GWEI))


def test_a_reorg_takes_it_back_and_another_block_holds_it(outbox: Outbox) -> None:
    row, tx = outbox.plan(), new_hash()
    outbox.sign(row, 1, 0, tx)
    outbox.mine(row, tx)
    assert outbox.step(row, "mined", "broadcast", "its block is gone") is True
    assert outbox.row(row)["block_hash"] is None
    outbox.mine(row, tx)
    assert outbox.mine(row, tx, OTHER_BLOCK) is True
    refused("VE721", lambda: outbox.finish(row, block=BLOCK, settled=outbox.settling.members(0)))
    assert outbox.finish(row, block=OTHER_BLOCK, settled=outbox.settling.members(0)) is True


def test_a_reorg_deeper_than_the_final_depth_leaves_the_payments_settled(outbox: Outbox) -> None:
    row, tx = outbox.plan(), new_hash()
    outbox.sign(row, 1, 0, tx)
    outbox.mine(row, tx)
    outbox.finish(row, settled=outbox.settling.members(0))
    assert outbox.step(row, "final", "broadcast", "two nodes lost its block") is True
    assert outbox.settling.statuses() == ("settled", ["settled"] * 2)
    outbox.mine(row, tx, OTHER_BLOCK)
    assert outbox.finish(row, block=OTHER_BLOCK, settled=outbox.settling.members(0)) is True
    assert outbox.part() == ("settled", text(tx))


def test_unknown_is_neither_failed_nor_settled_and_resolves_both_ways(outbox: Outbox) -> None:
    row, tx = outbox.plan(), new_hash()
    outbox.sign(row, 1, 0, tx)
    assert outbox.step(row, "signed", "unknown", "nodes disagree") is True
    assert outbox.part() == ("unknown", text(tx))
    assert outbox.settling.statuses() == ("submitted", ["batched"] * 2)
    assert outbox.settling.plan() == 0, "its intents are not free"
    assert outbox.step(row, "unknown", "broadcast") is True
    outbox.step(row, "broadcast", "unknown")
    assert outbox.mine(row, tx) is True
    assert outbox.part() == ("broadcast", text(tx))


@pytest.mark.parametrize("end", ["replaced", "failed"])
def test_what_is_ruled_out_frees_its_payments_for_another_part(outbox: Outbox, end: str) -> None:
    row, tx = outbox.plan(), new_hash()
    outbox.sign(row, 1, 0, tx)
    if end == "replaced":
        outbox.step(row, "signed", "unknown")
        assert outbox.step(row, "unknown", "replaced") is True
    else:
        outbox.mine(row, tx)
        assert outbox.finish(row, succeeded=False, reason="EnforcedPause") is True
    assert outbox.part() == ("failed", text(tx))
    assert outbox.settling.statuses() == ("committed", ["batched"] * 2)
    assert outbox.settling.plan() == 2, "in halves"
    assert outbox.plan(part=1) != row


@pytest.mark.parametrize("end", ["replaced", "failed"])
def test_the_payments_of_a_call_that_came_to_nothing_are_planned_in_halves(
    settling: Settling, edge: Edge, agent: Agent, end: str
) -> None:
    settling.batch(edge, agent, 5)
    settling.plan(max_size=4)
    outbox = Outbox(settling)
    first = settling.members(0)
    row, tx = outbox.plan(), new_hash()
    if end == "failed":
        outbox.sign(row, 1, 0, tx)
        outbox.mine(row, tx)
        assert outbox.finish(row, succeeded=False, reason="reverted") is True
    else:
        assert outbox.step(row, "planned", "replaced", "out of gas") is True
        refused("VE721", lambda: outbox.sign(row, 1, 0, tx))
    assert outbox.part()[0] == "failed"
    assert settling.plan() == 2
    assert [settling.members(part) for part in (2, 3)] == [first[:2], first[2:]]
    assert len(settling.members(1)) == 1, "the other part goes on"


def test_why_a_plan_waits_is_kept(outbox: Outbox) -> None:
    row = outbox.plan()
    assert outbox.step(row, "planned", "planned", "EnforcedPause") is True
    assert outbox.step(row, "planned", "planned", "EnforcedPause") is False
    assert outbox.row(row)["reason"] == "EnforcedPause"


def test_a_step_is_refused_from_another_state_or_to_a_wrong_one(outbox: Outbox) -> None:
    row, tx, token = outbox.plan(), new_hash(), outbox.settling.token
    refused("VE721", lambda: outbox.step(row, "signed", "broadcast"))
    refused("VE721", lambda: outbox.step(row, "planned", "broadcast"))
    refused("VE721", lambda: outbox.mine(row, tx))
    refused("VE007", lambda: outbox.step(row, "planned", "final"))
    refused("VE720", lambda: outbox.step(0, "planned", "planned"))
    refused("VE007", lambda: outbox.plan(sender="0x" + "00" * 20))
    outbox.settling.token = scalar(outbox.worker, "select ves.claim_lease('another', 'test', 600)")
    refused("VE007", lambda: outbox.open(0, "another"))
    outbox.worker.execute("select ves.release_lease('another', %s)", [outbox.settling.token])
    outbox.settling.token = token
    outbox.sign(row, 1, 0, tx)
    refused("VE007", lambda: outbox.mine(row, new_hash()))
    refused("VE721", lambda: outbox.step(row, "signed", "replaced"))


def test_a_worker_that_lost_its_lease_signs_nothing(outbox: Outbox) -> None:
    row = outbox.plan()
    token = outbox.settling.token
    outbox.worker.execute("select ves.release_lease('x402_settlement', %s)", [token])
    successor = scalar(outbox.worker, "select ves.claim_lease('x402_settlement', 'another', 600)")
    refused("VE406", lambda: outbox.open(0))
    refused("VE406", outbox.plan)
    refused("VE406", lambda: outbox.sign(row, 1, 0, new_hash()))
    refused("VE406", lambda: outbox.step(row, "planned", "planned", "x"))
    outbox.settling.token = successor
    assert outbox.sign(row, 1, 0, new_hash()) is True


def test_what_waits_for_finality_takes_no_place_from_what_is_to_be_sent(
    settling: Settling, edge: Edge, agent: Agent
) -> None:
    settling.batch(edge, agent, 2)
    assert settling.plan(max_size=1) == 2
    outbox, tx = Outbox(settling), new_hash()
    mined = outbox.plan(0)
    outbox.sign(mined, 1, 0, tx)
    outbox.mine(mined, tx)
    listed = "select part from ves.list_unplanned_settlements(%s, 1000) where batch_id = %s"
    assert outbox.worker.execute(listed, [CHAIN, settling.batch_id]).fetchall() == [(1,)]
    planned = outbox.plan(1)
    call = "select transaction_id from ves.list_open_transactions('x402_settlement', %s, max_rows => 1) where sender = %s"
    assert outbox.worker.execute(call, [CHAIN, outbox.sender]).fetchall() == [(mined,), (planned,)]


def three(settling: Settling, edge: Edge, agent: Agent) -> tuple[Outbox, list[int]]:
    """An outbox with the calls of three parts of a batch."""
    settling.batch(edge, agent, 3)
    assert settling.plan(max_size=1) == 3
    outbox = Outbox(settling)
    return outbox, [outbox.plan(part) for part in range(3)]


FIRST = "select transaction_id from ves.list_open_transactions('x402_settlement', %s, max_rows => 1) where sender = %s"


def test_calls_that_cannot_be_signed_take_turns_with_the_others(
    settling: Settling, edge: Edge, agent: Agent
) -> None:
    outbox, planned = three(settling, edge, agent)
    tried = []
    for _ in range(7):
        tried.append(scalar(outbox.worker, FIRST, [CHAIN, outbox.sender]))
        outbox.step(tried[-1], "planned", "planned", "it reverts")
    assert tried == [*planned, *planned, planned[0]]


def test_transactions_whose_outcome_cannot_be_read_take_turns_with_the_others(
    settling: Settling, edge: Edge, agent: Agent
) -> None:
    outbox, rows = three(settling, edge, agent)
    hashes = {row: new_hash() for row in rows}
    for nonce, (row, tx) in enumerate(hashes.items()):
        outbox.sign(row, 1, nonce, tx)
        outbox.mine(row, tx)
    looked_at = []
    for _ in range(7):
        looked_at.append(scalar(outbox.worker, FIRST, [CHAIN, outbox.sender]))
        assert outbox.mine(looked_at[-1], hashes[looked_at[-1]]) is False
    assert looked_at == [*rows, *rows, rows[0]]
