"""A rejection costs the same, however many dead letters its consumer has open in the stream; so does a retry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plans.explain import Recorder
from tests.sql.projection_support import Happened, Store
from tests.sql.support import Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.conftest import Database

FEW, MANY = 100, 3_000
BATCH = 50
# Indexes of the larger table have another level: a page more for each look-up and each new entry.
LEVEL = 15
REJECT = """
select ves_int.dead_letters('projection', %s, %s, true, array_agg(n), array_agg('schema_validation'::text),
  array_agg('why'::text)) from generate_series(%s::bigint + 1, %s::bigint + %s) as n"""


class Rejecting:
    """A legacy stream of events that the projectors reject."""

    def __init__(self, store: Store, owner: psycopg.Connection[Any]) -> None:
        self.store, self.owner = store, owner
        self.open = 0
        for _ in range(0, MANY + 500, 500):
            store.append(*(Happened("order.created") for _ in range(500)))

    def reject_to(self, count: int) -> None:
        self.owner.execute(REJECT, [*self.store.ids, self.open, self.open, count - self.open])
        self.open = count
        self.owner.execute("vacuum analyze ves_store.dead_letter_events, ves_store.dead_letter_counts")

    def pages(self, statement: str, arguments: list[Any]) -> int:
        """Pages that a call touches the second time, when catalogs and plans are cached."""
        for _ in range(2):
            with self.owner.transaction(force_rollback=True):
                (plan,) = scalar(
                    self.owner, f"explain (analyze, buffers, format json) {statement}", arguments
                )
        return int(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])

    def pages_of_a_batch(self) -> int:
        return self.pages(REJECT, [*self.store.ids, self.open, self.open, BATCH])

    def pages_of_a_retry(self) -> int:
        self.owner.execute("update pgmq.q_ves_dead_letters set vt = now()")
        self.owner.execute("vacuum analyze pgmq.q_ves_dead_letters")
        return self.pages("select * from ves.retry_next_dead_letter()", [])


@pytest.fixture
def rejecting(database: Database) -> Iterator[Rejecting]:
    with (
        database.connect("ves_api") as api,
        database.connect("ves_worker") as worker,
        database.connect() as owner,
    ):
        yield Rejecting(Store(Edge.open(api), worker), owner)


def test_a_rejection_and_a_retry_touch_as_many_pages_when_many_are_open(rejecting: Rejecting) -> None:
    measured = []
    for count in (FEW, MANY):
        rejecting.reject_to(count)
        measured.append((rejecting.pages_of_a_batch() / BATCH, rejecting.pages_of_a_retry()))
    (batch_few, retry_few), (batch_many, retry_many) = measured
    assert batch_many <= batch_few + LEVEL
    assert retry_many <= retry_few + 2 * LEVEL
    assert retry_many < 2_500


def test_messages_of_letters_that_were_discarded_cost_the_next_retry_as_many_pages_each(
    rejecting: Rejecting,
) -> None:
    discard = (
        "update ves_store.dead_letter_events set status = 'discarded', next_retry_at = null, message_id = null,"
        " settled_at = now() where status = 'pending'"
    )
    measured = []
    for count in (FEW, 10 * FEW):
        rejecting.owner.execute("delete from ves_store.dead_letter_events")
        rejecting.owner.execute("delete from pgmq.q_ves_dead_letters")
        rejecting.open = 0
        rejecting.reject_to(count)
        rejecting.owner.execute(discard)
        measured.append(rejecting.pages_of_a_retry() / count)
    assert measured[1] < 1.5 * measured[0]


def test_a_projector_stops_adding_exactly_at_the_limit(rejecting: Rejecting) -> None:
    rejecting.owner.execute("select ves.set_limit('open_dead_letters', %s)", [FEW])
    rejecting.owner.execute(REJECT, [*rejecting.store.ids, 0, 0, FEW - 1])
    rejecting.owner.execute(REJECT, [*rejecting.store.ids, FEW - 1, FEW - 1, 10])
    found = scalar(rejecting.owner, "select array_agg(sequence_number) from ves_store.dead_letter_events")
    assert sorted(found) == list(range(1, FEW + 1))


def test_single_additions_of_one_transaction_touch_as_many_pages_each(rejecting: Rejecting) -> None:
    one = (
        "select ves_int.dead_letter('projection', %s, %s, true, %s::bigint, 'schema_validation', null, false)"
    )
    recorder, measured = Recorder(rejecting.owner), {}
    with rejecting.owner.transaction():
        for number in range(1, 1_001):
            ran = recorder.record(
                lambda number=number: rejecting.owner.execute(one, [*rejecting.store.ids, number])
            )
            measured[number] = sum(statement.buffers for statement in ran)
    assert measured[1_000] <= measured[100] + 4 * LEVEL, (measured[100], measured[1_000])
    counts = "select count(*), sum(c.letters) from ves_store.dead_letter_counts as c"
    assert rejecting.owner.execute(counts).fetchone() == (1, 1_000)


def test_letters_settled_while_a_snapshot_is_held_are_not_passed_by_the_next_ones(
    database: Database, rejecting: Rejecting
) -> None:
    one = "select ves_int.dead_letter('projection', %s, %s, true, %s::bigint, 'invariant_violation')"
    settle = (
        "update ves_store.dead_letter_events set status = 'discarded', settled_at = now()"
        " where dead_letter_id = %s"
    )
    passed = "select pg_stat_get_xact_tuples_returned('ves_store.dead_letter_counts_pkey'::regclass)"
    entries = []
    with database.connect() as holder, holder.transaction():
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select pg_current_xact_id()")
        for number in range(1, 301):
            with rejecting.owner.transaction():
                before = scalar(rejecting.owner, passed)
                letter = scalar(rejecting.owner, one, [*rejecting.store.ids, number])
                rejecting.owner.execute(settle, [letter])
                entries.append(scalar(rejecting.owner, passed) - before)
    assert max(entries) < 10
