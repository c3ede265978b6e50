"""Commitments are anchored once, whatever crashes, reorgs or lies in between."""

from __future__ import annotations

import contextlib
from dataclasses import astuple, replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.chain.anchoring import NIL, Anchoring
from tests.chain.auditing import audit
from tests.chain.liar import liar
from tests.chain.system import CONFIRMATIONS, Crash, crash_while_sending
from tests.sql.support import scalar
from ves_contracts import deploy
from ves_edge.gen import aio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.chain.system import Ledger
    from tests.conftest import Database


@pytest.fixture
async def anchoring(database: Database, ledger: Ledger) -> AsyncIterator[Anchoring]:
    made = Anchoring(database, ledger)
    yield made
    await made.close()


def all_anchored(system: Anchoring, batches: list[Any]) -> bool:
    return set(system.statuses(batches)) == {"anchored"}


async def test_commitments_are_anchored_by_one_call_and_told_at_finality(anchoring: Anchoring) -> None:
    batches = anchoring.commit(3)
    worker = anchoring.worker()
    await anchoring.drive(worker, lambda: anchoring.outbox()[0][0] == "mined", mine=False)
    tx_hash = anchoring.row(batches[0])[1]
    for batch in batches:
        assert anchoring.row(batch) == ("submitted", tx_hash, False), "it is mined"
    anchoring.ledger.mine(CONFIRMATIONS - 1)
    await worker.step()
    anchoring.assert_anchored_once(batches)
    assert [status for status, *_ in anchoring.outbox()] == ["final"]


async def test_a_call_takes_no_more_than_its_threshold_the_oldest_first(anchoring: Anchoring) -> None:
    first, second, third = anchoring.commit(3)
    await anchoring.worker(threshold=2, interval_secs=3600).step()
    assert anchoring.statuses([first, second, third]) == ["submitted", "submitted", "pending"]


async def test_one_that_is_asked_for_does_not_wait_for_the_interval(anchoring: Anchoring) -> None:
    [first] = anchoring.commit()
    worker = anchoring.worker(interval_secs=3600)
    await worker.step()
    [second] = anchoring.commit()
    await worker.step()
    assert anchoring.statuses([first, second]) == ["submitted", "pending"]
    anchoring.superuser.execute("select ves.request_anchor(%s, %s)", [NIL, second])
    await worker.step()
    assert anchoring.statuses([second]) == ["submitted"]


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_while_sending_anchors_once(anchoring: Anchoring, after: bool) -> None:
    batches = anchoring.commit(2)
    worker = anchoring.worker()
    with crash_while_sending(after=after), pytest.raises(Crash):
        await anchoring.drive(worker, lambda: False)
    await anchoring.bury(worker)
    assert anchoring.statuses(batches) == ["submitted"] * 2
    await anchoring.drive(anchoring.worker(), lambda: all_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)
    assert len(anchoring.outbox()) == 1


@pytest.mark.parametrize(
    "call", ["plan_anchors", "sign_transaction", "mine_transaction", "finish_transaction"]
)
@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_around_any_step_of_the_database_anchors_once(
    anchoring: Anchoring, monkeypatch: pytest.MonkeyPatch, call: str, after: bool
) -> None:
    batches = anchoring.commit(2)
    worker = anchoring.worker()
    real = getattr(aio, call)

    async def crashing(*arguments: Any, **named: Any) -> None:
        if after:
            await real(*arguments, **named)
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(aio, call, crashing)
        with pytest.raises(Crash):
            await anchoring.drive(worker, lambda: False)
    await anchoring.bury(worker)
    await anchoring.drive(anchoring.worker(), lambda: all_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)
    assert len(anchoring.outbox()) == 1


@pytest.mark.parametrize("depth", [1, 2, 5])
async def test_a_reorg_before_finality_sends_the_same_bytes_again(anchoring: Anchoring, depth: int) -> None:
    batches = anchoring.commit(2)
    worker = anchoring.worker(confirmations=6)
    await anchoring.drive(worker, lambda: anchoring.outbox()[0][0] == "mined", mine=False)
    before = anchoring.row(batches[0])[1]
    anchoring.ledger.mine(depth - 1)
    anchoring.ledger.ask("anvil_reorg", depth, [])
    await anchoring.drive(worker, lambda: all_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)
    assert anchoring.row(batches[0])[1] == before
    assert anchoring.outbox()[0][1] == 1, "the same bytes"


async def test_a_reorg_below_the_final_depth_takes_anchored_back_and_mends_it(anchoring: Anchoring) -> None:
    batches = anchoring.commit()
    worker = anchoring.worker()
    await anchoring.drive(worker, lambda: all_anchored(anchoring, batches))
    [(block,)] = anchoring.superuser.execute(
        "select block_number from ves_store.chain_transactions"
    ).fetchall()
    anchoring.ledger.ask("anvil_reorg", anchoring.ledger.w3.eth.block_number - block + 1, [])
    watcher = anchoring.worker(reconcile_secs=0)
    told = []

    def has_come_back() -> bool:
        told.append(anchoring.row(batches[0])[2])
        return False in told and told[-1]

    await anchoring.drive(watcher, has_come_back)
    anchoring.assert_anchored_once(batches)


@pytest.mark.parametrize("steps", [1, 3])
async def test_a_nonce_that_a_reorg_takes_from_another_program_holds_no_anchor_up(
    anchoring: Anchoring, steps: int
) -> None:
    batches = anchoring.commit(2)
    worker = anchoring.worker(confirmations=6)
    before = anchoring.ledger.w3.eth.block_number
    anchoring.ledger.use_nonce(anchoring.ledger.anchorer)
    for _ in range(steps):
        await worker.step()
    anchoring.ledger.ask("anvil_reorg", anchoring.ledger.w3.eth.block_number - before, [])
    await anchoring.drive(worker, lambda: all_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)
    assert anchoring.outbox() == [("final", 1, None)]


async def test_what_somebody_else_anchored_with_the_same_content_counts(anchoring: Anchoring) -> None:
    batches = anchoring.commit(2)
    theirs = anchoring.contract.functions.anchorIfAbsent(astuple(anchoring.item(batches[0])))
    deploy.send(anchoring.ledger.w3, anchoring.ledger.account, theirs)
    await anchoring.drive(anchoring.worker(), lambda: all_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)


@pytest.mark.parametrize("changed", ["events_root", "state_root", "event_count"])
async def test_other_content_under_the_id_is_a_contradiction_and_never_told_as_anchored(
    anchoring: Anchoring, changed: str
) -> None:
    forged, honest = anchoring.commit(2)
    item = anchoring.item(forged)
    theirs = replace(item, **{changed: 7 if changed == "event_count" else bytes(range(32))})
    deploy.send(
        anchoring.ledger.w3,
        anchoring.ledger.account,
        anchoring.contract.functions.anchorIfAbsent(astuple(theirs)),
    )
    await anchoring.drive(anchoring.worker(), lambda: "anchored" in anchoring.statuses([honest]))
    assert anchoring.row(forged) == ("contradicted", None, False)
    anchoring.assert_anchored_once([honest])


async def test_a_worker_without_the_role_sends_nothing_and_says_why(anchoring: Anchoring) -> None:
    batches = anchoring.commit()
    role = anchoring.contract.functions.ANCHORER_ROLE().call()
    account, anchorer = anchoring.ledger.account, anchoring.ledger.anchorer.address
    deploy.send(anchoring.ledger.w3, account, anchoring.contract.functions.revokeRole(role, anchorer))
    worker = anchoring.worker()
    try:
        await worker.step()
        assert anchoring.outbox() == [("planned", 0, "AccessControlUnauthorizedAccount")]
        assert anchoring.statuses(batches) == ["planned"]
    finally:
        deploy.send(anchoring.ledger.w3, account, anchoring.contract.functions.grantRole(role, anchorer))
    await anchoring.drive(worker, lambda: all_anchored(anchoring, batches))
    anchoring.assert_anchored_once(batches)


async def test_a_reverted_call_is_planned_again_and_nothing_of_it_is_told(anchoring: Anchoring) -> None:
    batches = anchoring.commit()
    anchoring.ledger.ask("evm_setAutomine", False)
    worker = anchoring.worker()
    try:
        await worker.step()  # estimated and sent, not mined
        code = anchoring.ledger.w3.eth.get_code(anchoring.contract.address).to_0x_hex()
        anchoring.ledger.ask("anvil_setCode", anchoring.contract.address, "0x60006000fd")
        anchoring.ledger.mine()
    finally:
        anchoring.ledger.ask("evm_setAutomine", True)
    await anchoring.drive(worker, lambda: anchoring.outbox()[0][0] == "failed")
    anchoring.ledger.ask("anvil_setCode", anchoring.contract.address, code)
    assert anchoring.row(batches[0])[2] is False
    await anchoring.drive(worker, lambda: all_anchored(anchoring, batches))
    assert [status for status, *_ in anchoring.outbox()] == ["failed", "final"]
    anchoring.assert_anchored_once(batches)


async def test_a_node_that_lies_about_the_root_has_nothing_told_as_anchored(anchoring: Anchoring) -> None:
    """One of three nodes says that everything is anchored, while the contract has another root."""
    [forged] = anchoring.commit()
    item = replace(anchoring.item(forged), events_root=bytes(range(32)))
    deploy.send(
        anchoring.ledger.w3,
        anchoring.ledger.account,
        anchoring.contract.functions.anchorIfAbsent(astuple(item)),
    )

    def lie(request: Any, truth: Any) -> Any:
        told = truth()
        if request["method"] == "eth_call":
            told["result"] = "0x" + "00" * 31 + "01"
        return told

    with contextlib.ExitStack() as stack:
        url = stack.enter_context(liar(anchoring.ledger.url, lie))
        worker = anchoring.worker(urls=(url, anchoring.ledger.url, anchoring.ledger.url), quorum=2)
        await anchoring.drive(worker, lambda: anchoring.statuses([forged]) == ["contradicted"])
    assert anchoring.row(forged)[2] is False


async def test_an_address_without_an_anchor_contract_is_refused_before_anything_is_sent(
    anchoring: Anchoring,
) -> None:
    batches = anchoring.commit()
    worker = anchoring.worker(contract="0x" + "12" * 20)
    with pytest.raises(Exception, match="there is no anchor contract"):
        await worker.step()
    assert anchoring.statuses(batches) == ["pending"]
    assert anchoring.outbox() == []


async def test_an_auditor_checks_an_event_with_its_proof_and_the_chain_alone(
    anchoring: Anchoring, tmp_path: Path
) -> None:
    [batch], stream = anchoring.commit_together(5)
    proof = scalar(
        anchoring.superuser,
        "select json_build_object('batch_id', p.batch_id, 'leaf_hash', encode(p.leaf_hash, 'hex'), 'leaf_index', p.leaf_index,"
        " 'proof_path', (select json_agg(encode(n, 'hex')) from unnest(p.proof_path) as n))"
        " from ves.get_inclusion_proof(%s, %s, 4) as p",
        stream,
    )

    def status(**changes: Any) -> int:
        return audit(anchoring.ledger.url, anchoring.contract.address, proof | changes, tmp_path)

    assert status() == 1, "it is not anchored yet"
    await anchoring.drive(anchoring.worker(), lambda: all_anchored(anchoring, [batch]))
    assert status() == 0
    assert status(leaf_index=proof["leaf_index"] + 1) == 1
    assert status(leaf_hash="00" * 32) == 1
