"""What an operator does with dead letters: look, retry, retry many, discard, purge; each change is audited."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import psycopg
import pytest

from tests.sql.dead_letters.test_retries import Consumer, consumer
from tests.sql.support import scalar

__all__ = ["consumer"]


def call(consumer: Consumer, function: str, *arguments: Any) -> Any:
    marks = ", ".join(["%s"] * (len(arguments) + 1))
    return scalar(consumer.owner, f"select ves.{function}({marks})", [consumer.agent.tenant_id, *arguments])


def refused(state: str, consumer: Consumer, function: str, *arguments: Any) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        call(consumer, function, *arguments)
    assert refusal.value.sqlstate == state


def actions(consumer: Consumer) -> list[tuple[Any, ...]]:
    return consumer.owner.execute(
        "select action, resource_id from ves.list_audit(%s) where action like '%%dead_letter%%'",
        [consumer.agent.tenant_id],
    ).fetchall()


def test_a_refused_event_is_retried_when_its_cause_is_repaired(consumer: Consumer) -> None:
    letter = consumer.fail(1, "invariant_violation")
    consumer.break_entity("a", "invariant_violation")
    call(consumer, "retry_dead_letter", letter)
    assert consumer.retry() == [(1, "failed")], "one attempt"
    consumer.repair()
    call(consumer, "retry_dead_letter", letter)
    assert consumer.retry() == [(1, "resolved")]
    assert actions(consumer) == [("dead_letter_retried", str(letter))] * 2


def test_many_failed_ones_are_retried_by_consumer_and_reason(consumer: Consumer) -> None:
    for number, reason in (
        (1, "invariant_violation"),
        (2, "invalid_state_transition"),
        (3, "invariant_violation"),
    ):
        consumer.fail(number, reason)
    assert call(consumer, "retry_dead_letters", None, "another") == 0
    assert call(consumer, "retry_dead_letters", None, "test", "invariant_violation") == 2
    assert sorted(consumer.retry()) == [(1, "resolved"), (3, "resolved")]
    assert consumer.rows()[1] == (2, "failed")
    assert actions(consumer) == [("dead_letter_retried", None)]


def test_a_discarded_event_is_skipped_and_those_behind_it_are_handled(consumer: Consumer) -> None:
    letter = consumer.fail(1)
    consumer.park(3, "a")
    consumer.park(5, "a")
    call(consumer, "discard_dead_letter", letter)
    assert consumer.retry() == [(3, "resolved"), (5, "resolved")]
    assert consumer.handled() == [("a", 3), ("a", 5)]
    assert actions(consumer) == [("custom:dead_letter_discarded", str(letter))]


def test_only_pending_and_failed_ones_are_changed_by_an_operator(consumer: Consumer) -> None:
    letter = consumer.fail(1)
    consumer.park(3, "a")
    (parked,) = consumer.owner.execute(
        "select dead_letter_id from ves_store.dead_letter_events where status = 'parked'"
    ).fetchone() or (None,)
    for function in ("retry_dead_letter", "discard_dead_letter"):
        refused("VE643", consumer, function, parked)
        refused("VE642", consumer, function, 0)
    consumer.pass_time()
    consumer.retry()
    for function in ("retry_dead_letter", "discard_dead_letter"):
        refused("VE643", consumer, function, letter)


def test_another_tenants_dead_letters_are_neither_seen_nor_changed(consumer: Consumer) -> None:
    letter = consumer.fail(1)
    consumer.agent.tenant_id = uuid.uuid4()
    refused("VE642", consumer, "retry_dead_letter", letter)
    assert call(consumer, "retry_dead_letters") == 0
    listed = consumer.owner.execute("select * from ves.list_dead_letters(%s)", [consumer.agent.tenant_id])
    assert listed.fetchall() == []


def test_a_purge_deletes_settled_ones_that_are_old_and_no_other(consumer: Consumer) -> None:
    consumer.fail(1)
    consumer.fail(2, "invariant_violation")
    consumer.pass_time()
    consumer.retry()
    assert call(consumer, "purge_dead_letters") == 0, "it was settled just now"
    assert call(consumer, "purge_dead_letters", None, dt.timedelta(0)) == 1
    assert consumer.rows() == [(2, "failed")]
    refused("VE007", consumer, "purge_dead_letters", None, dt.timedelta(-1))
    assert actions(consumer) == [("dead_letter_purged", None)]


def test_open_ones_are_counted_by_consumer_status_and_reason(consumer: Consumer) -> None:
    consumer.fail(1)
    consumer.park(3, "a")
    consumer.park(5, "a")
    consumer.fail(2, "invariant_violation")
    counted = consumer.owner.execute(
        "select consumer, status, reason, letters, due from ves.count_dead_letters(%s)",
        [consumer.agent.tenant_id],
    ).fetchall()
    assert counted == [
        ("test", "failed", "invariant_violation", 1, 0),
        ("test", "parked", None, 2, 0),
        ("test", "pending", "handler_error", 1, 0),
    ]
