"""Subscriptions of kind queue and feed: ranges once and in order, by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sql.consumers.test_groups import LEASE_LOST, NOT_FOUND, Group, group, refused
from tests.sql.support import scalar

if TYPE_CHECKING:
    from tests.conftest import Database

__all__ = ["group"]


def read(group: Group, **named: Any) -> list[tuple[Any, ...]]:
    extra = "".join(f", {name} => %({name})s" for name in named)
    return group.service.execute(
        f"select * from ves.read_queue(%(tenant)s, 'billing'{extra})",
        {"tenant": group.agent.tenant_id, **named},
    ).fetchall()


def finish(group: Group, message: int, token: int) -> None:
    group.service.execute(
        "select ves.finish_range(%s, 'billing', %s, %s)", [group.agent.tenant_id, message, token]
    )


def feed(group: Group, after: int = 0, max_ranges: int = 100) -> list[tuple[Any, ...]]:
    return group.service.execute(
        "select * from ves.read_feed(%s, 'billing', %s, %s)", [group.agent.tenant_id, after, max_ranges]
    ).fetchall()


def test_messages_name_ranges_that_follow_each_other(group: Group) -> None:
    store = group.append(3)
    group.subscribe("queue")
    ((message, token, *found),) = read(group)
    assert found == [store, 1, 3]
    group.append(2, store)
    assert read(group) == [], "the ranges of a stream come one at a time"
    group.append(4, store)
    finish(group, message, token)
    ((message, token, *found),) = read(group)
    assert found == [store, 4, 9], "a message that nobody has read is extended"
    finish(group, message, token)
    assert read(group) == []


def test_messages_hold_ids_and_numbers_only(group: Group) -> None:
    group.append(1)
    group.subscribe("queue")
    read(group)
    (message,) = group.owner.execute("select message from pgmq.q_ves_ranges").fetchone()  # type: ignore[misc]
    assert set(message) == {"subscription_id", "tenant_id", "store_id", "sequence_from", "sequence_to"}


def test_a_message_whose_reader_died_is_given_out_again_and_its_old_token_is_refused(group: Group) -> None:
    group.append(1)
    group.subscribe("queue")
    ((message, stale, *_),) = read(group)
    group.owner.execute("update pgmq.q_ves_ranges set vt = now()")
    ((again, token, *_),) = read(group)
    assert again == message
    refused(LEASE_LOST, finish, group, message, stale)
    finish(group, message, token)
    refused(LEASE_LOST, finish, group, message, token)


def test_two_readers_never_have_one_stream(group: Group, database: Database) -> None:
    stores = {group.append(1) for _ in range(20)}
    group.subscribe("queue")
    found = [row[2] for row in read(group, max_ranges=12)] + [row[2] for row in read(group, max_ranges=12)]
    assert len(found) == 20
    assert set(found) == stores


def test_a_busy_stream_does_not_keep_the_messages_of_others_waiting(group: Group) -> None:
    busy, quiet = sorted((group.append(1), group.append(1)), key=str)
    group.subscribe("queue")
    assert {row[2] for row in read(group)} == {busy, quiet}
    group.owner.execute("update pgmq.q_ves_ranges set vt = now()")
    seen = []
    for _ in range(2):
        ((message, token, store, *_),) = read(group, max_ranges=1)
        finish(group, message, token)
        seen.append(store)
        group.append(1, busy)
    assert sorted(seen, key=str) == [busy, quiet]


def test_a_queue_and_a_feed_of_another_tenant_are_unknown(group: Group) -> None:
    stranger = Group(group.service, group.edge, group.owner)
    group.append(1)
    group.subscribe("queue")
    ((message, token, *_),) = read(group)
    refused(NOT_FOUND, read, stranger)
    stranger.subscribe("queue")
    assert read(stranger) == []
    refused(LEASE_LOST, finish, stranger, message, token)
    refused(NOT_FOUND, feed, stranger)


def test_a_feed_has_every_event_of_the_tenant_once_in_one_order_for_all_readers(group: Group) -> None:
    group.subscribe("feed")
    stores = [group.append(2) for _ in range(3)]
    first = feed(group)
    group.append(3, stores[0])
    new = group.append(1)
    whole = feed(group)
    assert whole[: len(first)] == first, "what was numbered stays"
    assert [row[0] for row in whole] == list(range(1, len(whole) + 1))
    events = [(store, n) for _, store, start, end in whole for n in range(start, end + 1)]
    assert len(events) == len(set(events)) == 10
    for store in {*stores, new}:
        numbers = [n for other, n in events if other == store]
        assert numbers == list(range(1, len(numbers) + 1))
    pages, after = [], 0
    while page := feed(group, after, 2):
        pages += page
        after = page[-1][0]
    assert pages == whole


def test_a_feed_follows_numbers_so_a_slow_transaction_is_not_skipped(
    group: Group, database: Database
) -> None:
    """The first stream's transaction is older and commits later than the second's, which is numbered first."""
    group.subscribe("feed")
    slow, fast = group.append(1), group.append(1)
    assert {row[1] for row in feed(group)} == {slow, fast}
    with database.connect("ves_api") as other:
        other.autocommit = False
        group.agent.store_id = slow
        type(group.edge)(other, group.edge.signer_id).ingest(group.agent, *group.agent.events(2))
        group.append(1, fast)
        assert [row[1:] for row in feed(group, 2)] == [(fast, 2, 2)]
        other.commit()
    assert [row[1:] for row in feed(group, 3)] == [(slow, 2, 3)]


def test_two_readers_extend_a_feed_without_a_gap_or_a_twin(group: Group, database: Database) -> None:
    group.subscribe("feed")
    store = group.append(2)
    with database.connect("ves_service") as other:
        other.autocommit = False
        one = other.execute("select * from ves.read_feed(%s, 'billing')", [group.agent.tenant_id]).fetchall()
        assert [row[1:] for row in one] == [(store, 1, 2)]
        later = group.append(1)
        assert feed(group) == [], "numbers become visible in their order"
        other.commit()
    assert [row[:2] for row in feed(group)] == [(1, store), (2, later)]
    assert scalar(group.owner, "select count(*) from ves_store.feed_ranges") == 2
