"""Work from the queue costs in proportion to its messages, also by plans made when the tables were empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import cloned
from tests.plans.explain import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.support.cluster import Cluster

# In the order of the workers: the first call takes the messages, the others what it made due.
CALLS = (
    "select * from ves.claim_cursors('receipts', 0)",
    "select * from ves.claim_cursors('commit', 10000)",
    "select ves.count_key_usage()",
    "select * from ves.get_receipt_work(10000, 0)",
    "select * from ves.claim_cursors('receipts', 10000)",
)
MESSAGES = """
insert into pgmq.q_ves_commit (vt, message)
select now(), jsonb_build_object(
  'tenant_id', gen_random_uuid(), 'store_id', gen_random_uuid(), 'sequence_from', 1, 'sequence_to', 1)
from generate_series(1, %s)
"""
FEW = 200
# Twice as many pages for twice as many messages, and a level more in every tree.
GROWTH = 2.6


@pytest.fixture(scope="module")
def planned(engine: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A session whose plans were made on empty tables that the planner knows to be empty."""
    with cloned(engine, "t") as database, database.connect() as connection:
        for table in ("pgmq.q_ves_commit", "ves_store.cursors", "ves_store.ves_events"):
            connection.execute(f"vacuum {table}")
        # the server makes a generic plan at the sixth call
        for _ in range(6):
            for call in CALLS:
                connection.execute(call)
        yield connection


def test_messages_on_a_queue_that_was_empty_cost_a_few_pages_each(planned: psycopg.Connection[Any]) -> None:
    recorder = Recorder(planned)

    def pages(messages: int) -> list[int]:
        planned.execute(MESSAGES, [messages])
        touched = []
        for call in CALLS:
            ran = recorder.record(lambda call=call: planned.execute(call))
            touched.append(max(item.buffers for item in ran))
        return touched

    few, many = pages(FEW), pages(2 * FEW)
    assert {call: (a, b) for call, a, b in zip(CALLS, few, many, strict=True) if b > GROWTH * a + FEW} == {}
    assert few[0] > FEW
