"""A subscription that is removed leaves nothing behind, whoever reads it meanwhile; wake-ups are taken in small parts."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.sql.consumers.test_groups import NOT_FOUND, Group, group, refused
from tests.sql.support import scalar
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from tests.conftest import Database

__all__ = ["group"]
WAITS = "select wait_event_type = 'Lock' from pg_stat_activity where pid = %s"


@pytest.mark.parametrize(
    ("kind", "take"),
    [
        ("group", "fetch_ranges(%s, 'billing', 'a')"),
        ("queue", "read_queue(%s, 'billing')"),
        ("feed", "read_feed(%s, 'billing')"),
    ],
)
def test_nothing_is_left_of_a_subscription_that_is_removed_while_it_is_read(
    group: Group, database: Database, kind: str, take: str
) -> None:
    tenant = [group.agent.tenant_id]
    group.subscribe(kind)
    with database.connect("ves_service") as other, ThreadPoolExecutor() as pool:
        assert other.execute(f"select * from ves.{take}", tenant).fetchall() == [], "it is opened"
        group.append(1)
        with other.transaction():
            assert other.execute(f"select * from ves.{take}", tenant).fetchall() != []
            removal = pool.submit(scalar, group.service, "select ves.unsubscribe(%s, 'billing')", tenant)
            wait_until(lambda: scalar(group.owner, WAITS, [group.service.info.backend_pid]))
        assert removal.result() is True
    for rows in ("ves_store.cursor_keys", "ves_store.cursors"):
        assert scalar(group.owner, f"select count(*) from {rows} where starts_with(consumer, 'sub/')") == 0
    for rows in ("pgmq.q_ves_ranges", "ves_store.feed_ranges"):
        assert scalar(group.owner, f"select count(*) from {rows}") == 0


def test_a_member_that_comes_while_its_subscription_is_removed_is_told_so(
    group: Group, database: Database
) -> None:
    group.subscribe()
    group.fetch()
    with database.connect("ves_service") as other, ThreadPoolExecutor() as pool:
        with other.transaction():
            other.execute("select ves.unsubscribe(%s, 'billing')", [group.agent.tenant_id])
            late = pool.submit(refused, NOT_FOUND, group.fetch, "late")
            wait_until(lambda: scalar(group.owner, WAITS, [group.service.info.backend_pid]))
        late.result()


def test_a_call_takes_wake_ups_in_parts_until_its_time_is_over(group: Group) -> None:
    put = (
        "insert into pgmq.q_ves_commit (vt, message) select now(), jsonb_build_object('tenant_id', %s::uuid,"
        " 'store_id', gen_random_uuid(), 'sequence_from', 1, 'sequence_to', 1) from generate_series(1, 1200)"
    )
    for most_time, taken in (("0", [500, 500, 200, 0]), ("1 hour", [1200, 0])):
        group.owner.execute(put, [group.agent.tenant_id])
        take = f"select ves_int.take_wake_ups(most_time => '{most_time}')"
        assert [scalar(group.owner, take) for _ in taken] == taken
    group.owner.execute(put, [group.agent.tenant_id])
    assert scalar(group.owner, "select ves_int.take_wake_ups(700)") == 700


def test_no_cursor_is_made_for_a_subscription_that_is_gone(group: Group) -> None:
    made = "select ves_int.make_cursors(array[%s::uuid], array[%s::uuid], array['sub/0/7'])"
    assert scalar(group.owner, made, [group.agent.tenant_id, uuid.uuid4()]) is False


def test_dead_letters_go_with_their_subscription(group: Group) -> None:
    store, tenant = group.append(3), group.agent.tenant_id
    group.subscribe()
    ((_, _, _, token),) = group.fetch()
    reject = "select ves.reject_event(%s, 'billing', %s, %s, %s, %s)"
    for number, reason in enumerate(("handler_error", "unknown", "invariant_violation"), start=1):
        group.service.execute(reject, [tenant, store, token, number, reason])
    (settled,) = group.owner.execute(
        "update ves_store.dead_letter_events set status = 'discarded', next_retry_at = null, message_id = null,"
        " settled_at = now() where tenant_id = %s and reason = 'unknown' returning 1",
        [tenant],
    ).fetchall()
    assert settled == (1,)
    assert scalar(group.service, "select ves.unsubscribe(%s, 'billing')", [tenant]) is True
    for rows in (
        "ves_store.dead_letter_events as r where r.tenant_id = %s",
        "ves_store.dead_letter_counts as r where r.tenant_id = %s",
        "pgmq.q_ves_dead_letters as r where r.message ->> 'tenant_id' = %s::text",
    ):
        assert scalar(group.owner, f"select count(*) from {rows}", [tenant]) == 0
    (details,) = group.owner.execute(
        "select a.details ->> 'dead_letters' from ves.list_audit(%s) as a order by a.number desc limit 1",
        [tenant],
    ).fetchall()
    assert details == ("3",)
