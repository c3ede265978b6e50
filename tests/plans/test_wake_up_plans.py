"""Wake-ups of cursors that another transaction holds cost each as much, however many there are."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from tests.plans.explain import Recorder
from tests.sql.support import scalar

if TYPE_CHECKING:
    from tests.conftest import Database

FEW, MANY = 50, 200
TELL = "select ves_int.note_heads(%s, %s, %s, array_fill(now(), array[%s]), array_fill(false, array[%s]))"


def rows_of_a_take(database: Database, recorder: Recorder, count: int) -> int:
    """Rows that the server looked at while so many held streams were told of."""
    superuser = recorder.connection
    tenants, stores = [[uuid.uuid4() for _ in range(count)] for _ in range(2)]
    superuser.execute(TELL, [tenants, stores, [1] * count, count, count])
    superuser.execute("delete from pgmq.q_ves_commit")
    with database.connect() as holder, holder.transaction():
        holder.execute("select from ves_store.cursors where tenant_id = any(%s) for update", [tenants])
        ran = recorder.record(lambda: superuser.execute(TELL, [tenants, stores, [2] * count, count, count]))
    assert scalar(superuser, "select count(*) from pgmq.q_ves_commit") == count
    return sum(plan.rows for plan in ran)


def test_four_times_as_many_held_cursors_cost_four_times_as_many_rows(database: Database) -> None:
    with database.connect() as superuser:
        recorder = Recorder(superuser)
        rows_of_a_take(database, recorder, FEW)  # what a session does once
        few, many = (rows_of_a_take(database, recorder, count) for count in (FEW, MANY))
    assert many / few <= 1.25 * MANY / FEW, (few, many)


def test_a_tenant_finds_its_wake_ups_among_very_many_of_others_while_no_call_looks_at_more_than_10_000(
    database: Database,
) -> None:
    mine = uuid.uuid4()
    tell = (
        "insert into pgmq.q_ves_commit (vt, message) select now(), jsonb_build_object('tenant_id',"
        " coalesce(%s, gen_random_uuid()), 'store_id', gen_random_uuid(), 'sequence_to', 1) from generate_series(1, %s)"
    )
    with database.connect() as superuser:
        for tenant, count in ((mine, 1), (None, 15_000), (mine, 1), (None, 15_000), (mine, 1)):
            superuser.execute(tell, [tenant, count])
        recorder, taken, most = Recorder(superuser), 0, 0
        for _ in range(1_000):
            ran = recorder.record(
                lambda: superuser.execute("select ves_int.take_wake_ups(of_tenant => %s)", [mine])
            )
            most = max(most, *(plan.rows for plan in ran if "delete from pgmq.q_ves_commit" in plan.query))
            waiting = "select count(*) from pgmq.q_ves_commit where message ->> 'tenant_id' = %s::text"
            taken = 3 - scalar(superuser, waiting, [mine])
            if taken == 3:
                break
        assert taken == 3
        assert most < 12_000
