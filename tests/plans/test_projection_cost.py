"""A batch of events costs the same, however many entities of their stream are projected already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sql.projection_support import Happened, Store
from tests.sql.support import Edge, scalar

if TYPE_CHECKING:
    from tests.conftest import Database

BATCH = 50
BATCHES = 40
# The index of the larger table has another level: a page more for each look-up and each new entry.
LEVEL = 2
PROJECT = """
explain (analyze, buffers, format json)
select * from ves.project_events('legacy_projection', array[%s::uuid], array[%s::uuid], %s)"""


def test_a_batch_touches_as_many_pages_when_many_entities_exist(database: Database) -> None:
    measured = []
    with (
        database.connect("ves_api") as api,
        database.connect("ves_worker") as worker,
        database.connect() as owner,
    ):
        store = Store(Edge.open(api), worker)
        for batch in range(BATCHES):
            made = [Happened("order.created", f"{batch}/{n}", {"customer_id": "c"}) for n in range(BATCH)]
            changed = [Happened("order.confirmed", f"{batch - 1}/{n}") for n in range(BATCH if batch else 0)]
            store.append(*made, *changed)
            (plan,) = scalar(worker, PROJECT, [*store.ids, 2 * BATCH])
            measured.append(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])
            if batch == BATCHES // 2:
                owner.execute("vacuum analyze ves_store.projections, ves_store.events")
        assert scalar(owner, "select count(*) from ves_store.projections") == BATCH * BATCHES
    assert max(measured[-5:]) <= min(measured[5:10]) + LEVEL * 2 * BATCH, measured
