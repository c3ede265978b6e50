"""Work from queues costs in proportion to their messages, also by plans made when the tables were empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import cloned
from tests.plans.explain import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from tests.support.cluster import Cluster

TENANT = "5e90e9ce-0000-4000-8000-00000000000a"
SUBSCRIBE = f"select ves.subscribe('{TENANT}', %(name)s, %(kind)s)"
# In the order of the workers: the first call takes the messages, the others what it made due.
CALLS = (
    "select * from ves.claim_cursors('receipts', 0)",
    "select * from ves.claim_cursors('commit', 10000)",
    "select ves.count_key_usage()",
    "select * from ves.get_receipt_work(10000, 0)",
    "select * from ves.claim_cursors('receipts', 10000)",
    f"select * from ves.fetch_ranges('{TENANT}', 'group', 'member', 1000)",
    f"select * from ves.read_queue('{TENANT}', 'queue', 1000)",
    f"select * from ves.read_feed('{TENANT}', 'feed', 0, 1000)",
)
MESSAGES = """
insert into pgmq.q_ves_commit (vt, message)
select now(), jsonb_build_object(
  'tenant_id', %(tenant)s::uuid, 'store_id', gen_random_uuid(), 'sequence_from', 1, 'sequence_to', 1)
from generate_series(1, %(messages)s)
"""
FEW = 200
# Twice as many pages for twice as many messages, and a level more in every tree.
GROWTH = 2.6


@pytest.fixture(scope="module")
def planned(engine: Cluster) -> Iterator[psycopg.Connection[Any]]:
    """A session whose plans were made on empty tables that the planner knows to be empty."""
    with cloned(engine, "t") as database, database.connect() as connection:
        for table in (
            "pgmq.q_ves_commit",
            "pgmq.q_ves_ranges",
            "ves_store.cursors",
            "ves_store.ves_events",
            "ves_store.feed_ranges",
        ):
            connection.execute(f"vacuum {table}")
        for kind in ("group", "queue", "feed"):
            # the second one's messages and cursors must cost the first one nothing
            for name in (kind, f"other {kind}"):
                connection.execute(SUBSCRIBE, {"name": name, "kind": kind})
        # the server makes a generic plan at the sixth call
        for _ in range(6):
            for call in CALLS:
                connection.execute(call)
        yield connection


def test_messages_on_a_queue_that_was_empty_cost_a_few_pages_and_rows_each(
    planned: psycopg.Connection[Any],
) -> None:
    recorder = Recorder(planned)

    def cost(messages: int) -> list[tuple[int, int]]:
        planned.execute(MESSAGES, {"tenant": TENANT, "messages": messages})
        found = []
        for call in CALLS:
            ran = recorder.record(lambda call=call: planned.execute(call))
            found.append((max(item.buffers for item in ran), max(item.rows for item in ran)))
        return found

    few, many = cost(FEW), cost(2 * FEW)
    assert {
        call: (a, b)
        for call, a, b in zip(CALLS, few, many, strict=True)
        if any(y > GROWTH * x + FEW for x, y in zip(a, b, strict=True))
    } == {}
    assert few[0][0] > FEW
