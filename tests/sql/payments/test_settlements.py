"""Parts of batches for the chain worker: planned once, fenced by a lease, moved from the state that was seen."""

from __future__ import annotations

from tests.sql.payments.settling import Settling, refused, settling, tx
from tests.sql.support import Agent, Edge, scalar

__all__ = ["settling"]


def test_a_batch_is_divided_into_parts_that_are_planned_once(
    settling: Settling, edge: Edge, agent: Agent
) -> None:
    settling.batch(edge, agent, 7)
    assert settling.plan(max_size=3) == 3
    assert settling.plan(max_size=3) == 0
    assert [len(settling.members(part)) for part in range(4)] == [3, 3, 1, 0]
    opened = settling.worker.execute(
        "select part, status, chain_id from ves.list_unplanned_settlements(84532001) where batch_id = %s order by part",
        [settling.batch_id],
    ).fetchall()
    assert opened == [(part, "prepared", 84532001) for part in range(3)]


def test_a_batch_is_settled_part_by_part_with_an_outcome_for_each_intent(
    settling: Settling, edge: Edge, agent: Agent
) -> None:
    settling.batch(edge, agent, 3)
    assert settling.plan(max_size=2) == 2
    first, second, third = settling.members(0) + settling.members(1)
    one, two = tx(), tx()
    assert settling.mark(0, "prepared", "broadcast", one) is True
    assert settling.mark(0, "prepared", "broadcast", one) is False
    assert settling.statuses() == ("submitted", ["batched"] * 3)
    refused("VE502", lambda: settling.settle(0, one, [first], []))
    refused("VE502", lambda: settling.settle(0, one, [first, second, third], []))
    refused("VE502", lambda: settling.settle(0, one, [first, second], [second]))
    assert settling.settle(0, one, [first], [second]) is True
    assert settling.settle(0, one, [first], [second]) is False
    assert settling.statuses() == ("submitted", ["settled", "failed", "batched"])
    settling.mark(1, "prepared", "broadcast", two)
    assert settling.mark(1, "broadcast", "unknown") is True
    assert settling.settle(1, two, [third], []) is True
    assert settling.statuses() == ("settled", ["settled", "failed", "settled"])
    assert settling.findings(agent) == []
    log = settling.superuser.execute(
        "select from_status, to_status, reason from ves_store.x402_status_log where subject_id = %s order by entry_id",
        [second],
    ).fetchall()
    assert log == [
        ("", "sequenced", None),
        ("sequenced", "batched", None),
        ("batched", "failed", "Transfer failed"),
    ]


def test_a_batch_whose_every_payment_failed_is_failed(settling: Settling, edge: Edge, agent: Agent) -> None:
    settling.batch(edge, agent, 2)
    settling.plan()
    sent = tx()
    settling.mark(0, "prepared", "broadcast", sent)
    settling.settle(0, sent, [], settling.members(0))
    assert settling.statuses() == ("failed", ["failed"] * 2)
    assert settling.findings(agent) == []


def test_a_part_that_is_ruled_out_gives_its_intents_back_under_a_new_number(
    settling: Settling, edge: Edge, agent: Agent
) -> None:
    settling.batch(edge, agent, 2)
    settling.plan()
    settling.mark(0, "prepared", "broadcast", tx())
    assert settling.mark(0, "broadcast", "failed") is True
    assert settling.statuses() == ("committed", ["batched"] * 2)
    refused("VE719", lambda: settling.settle(0, tx(), settling.members(0), []))
    assert settling.plan() == 2, "in halves: one of its intents may be why"
    assert settling.members(1) + settling.members(2) == settling.members(0)
    assert settling.findings(agent) == []


def test_a_step_is_made_only_from_the_state_that_was_seen(
    settling: Settling, edge: Edge, agent: Agent
) -> None:
    settling.batch(edge, agent, 1)
    settling.plan()
    refused("VE719", lambda: settling.mark(0, "broadcast", "unknown"))
    refused("VE719", lambda: settling.mark(0, "prepared", "unknown"))
    refused("VE007", lambda: settling.mark(0, "prepared", "broadcast"))
    refused("VE007", lambda: settling.mark(0, "prepared", "settled"))
    refused("VE719", lambda: settling.settle(0, tx(), settling.members(0), []))
    refused("VE702", lambda: settling.mark(9, "prepared", "failed"))
    first, second = tx(), tx()
    settling.mark(0, "prepared", "broadcast", first)
    assert settling.mark(0, "broadcast", "broadcast", second) is True
    assert settling.mark(0, "broadcast", "unknown") is True
    assert settling.mark(0, "unknown", "broadcast", first) is True


def test_a_worker_that_lost_its_lease_changes_nothing(settling: Settling, edge: Edge, agent: Agent) -> None:
    settling.batch(edge, agent, 1)
    settling.plan()
    settling.worker.execute("select ves.release_lease('x402_settlement', %s)", [settling.token])
    successor = scalar(settling.worker, "select ves.claim_lease('x402_settlement', 'another', 600)")
    refused("VE406", settling.plan)
    refused("VE406", lambda: settling.mark(0, "prepared", "broadcast", tx()))
    refused("VE406", lambda: settling.settle(0, tx(), settling.members(0), []))
    settling.token = successor
    assert settling.mark(0, "prepared", "broadcast", tx()) is True


def test_an_administrator_does_not_record_what_the_worker_is_settling(
    settling: Settling, edge: Edge, agent: Agent
) -> None:
    settling.batch(edge, agent, 1)
    settling.plan()
    record = "select ves.record_payment_settlement(%s, %s, %s, 1)"
    given = [agent.tenant_id, settling.batch_id, "ab" * 32]
    refused("VE715", lambda: edge.connection.execute(record, given))
    settling.mark(0, "prepared", "failed")
    edge.connection.execute(record, given)
    assert settling.statuses() == ("settled", ["settled"])
