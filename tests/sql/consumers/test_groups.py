"""Consumer groups: members share the streams of a tenant, and an event is acknowledged once."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

Connection = psycopg.Connection[Any]
LEASE_LOST, NOT_FOUND, BEYOND = "VE406", "VE640", "VE405"


@dataclass
class Group:
    """The group `billing` of a tenant whose agent writes to several streams."""

    service: Connection
    edge: Edge
    owner: Connection
    agent: Agent = field(default_factory=Agent)

    def subscribe(self, kind: str = "group") -> bool:
        return bool(
            scalar(self.service, "select ves.subscribe(%s, 'billing', %s)", [self.agent.tenant_id, kind])
        )

    def append(self, count: int, store: uuid.UUID | None = None) -> uuid.UUID:
        self.agent.store_id = store or uuid.uuid4()
        self.edge.ingest(self.agent, *self.agent.events(count))
        return self.agent.store_id

    def fetch(self, member: str = "a", **named: Any) -> list[tuple[uuid.UUID, int, int, int]]:
        extra = "".join(f", {name} => %({name})s" for name in named)
        return self.service.execute(
            f"select * from ves.fetch_ranges(%(tenant)s, 'billing', %(member)s{extra})",
            {"tenant": self.agent.tenant_id, "member": member, **named},
        ).fetchall()

    def ack(self, store: uuid.UUID, token: int, done_to: int) -> int:
        return int(
            scalar(
                self.service,
                "select ves.ack(%s, 'billing', %s, %s, %s)",
                [self.agent.tenant_id, store, token, done_to],
            )
        )

    def slots(self, member: str) -> int:
        return int(
            scalar(
                self.owner,
                "select count(*) from ves_store.subscription_slots where tenant_id = %s and member = %s",
                [self.agent.tenant_id, member],
            )
        )

    def expire(self, member: str) -> None:
        """As if the member had not called for the whole of its lease."""
        self.owner.execute(
            "update ves_store.subscription_members set expires_at = now() - interval '1 second'"
            " where tenant_id = %s and member = %s",
            [self.agent.tenant_id, member],
        )


@pytest.fixture
def group(database: Database) -> Iterator[Group]:
    with (
        database.connect("ves_api") as api,
        database.connect("ves_service") as service,
        database.connect() as owner,
    ):
        made = Group(service, Edge.open(api), owner)
        made.agent.register(api)
        yield made


def refused(state: str, call: Any, *arguments: Any, **named: Any) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        call(*arguments, **named)
    assert refusal.value.sqlstate == state


def test_streams_of_before_and_after_the_subscription_are_given_from_their_first_event(group: Group) -> None:
    before = group.append(3)
    assert group.subscribe()
    assert not group.subscribe(), "a second call finds it"
    after = group.append(2)
    found = {(store, done, up_to) for store, done, up_to, _ in group.fetch()}
    assert found == {(before, 0, 3), (after, 0, 2)}
    assert group.fetch() == [], "what is claimed is not given out twice"


def test_what_is_acknowledged_never_comes_back_and_the_rest_does(group: Group) -> None:
    store = group.append(5)
    group.subscribe()
    ((_, _, up_to, token),) = group.fetch(max_events=3)
    assert up_to == 3
    assert group.ack(store, token, 2) == 2
    assert [row[1:3] for row in group.fetch()] == [(2, 5)]
    assert group.ack(store, token, 5) == 5
    assert group.ack(store, token, 1) == 5, "a position never falls"
    assert group.fetch() == []
    group.append(1, store)
    assert [row[1:3] for row in group.fetch()] == [(5, 6)]


def test_a_range_that_is_not_acknowledged_in_time_is_given_out_again(group: Group) -> None:
    store = group.append(2)
    group.subscribe()
    group.fetch()
    group.owner.execute(
        "update ves_store.cursors set due_at = now(), claimed_until = now() where store_id = %s", [store]
    )
    assert [row[:3] for row in group.fetch()] == [(store, 0, 2)]


def test_members_share_the_slots_evenly_as_they_come_and_go(group: Group) -> None:
    group.subscribe()
    members = [f"m{n}" for n in range(8)]
    for _ in range(3):
        for member in members:
            group.fetch(member)
    assert [group.slots(member) for member in members] == [8] * 8
    assert scalar(group.service, "select ves.leave(%s, 'billing', 'm0')", [group.agent.tenant_id])
    group.expire("m1")
    for _ in range(3):
        for member in members[2:]:
            group.fetch(member)
    shares = [group.slots(member) for member in members[2:]]
    assert sum(shares) == 64
    assert max(shares) <= 11


def test_a_stream_is_of_one_member_at_a_time(group: Group) -> None:
    stores = {group.append(1) for _ in range(40)}
    group.subscribe()
    group.fetch("a", max_streams=0)
    group.fetch("b", max_streams=0)
    group.fetch("a", max_streams=0)
    group.fetch("b", max_streams=0)
    of_a = {row[0] for row in group.fetch("a", max_streams=100)}
    of_b = {row[0] for row in group.fetch("b", max_streams=100)}
    assert of_a | of_b == stores
    assert not of_a & of_b
    assert of_a
    assert of_b


def test_the_streams_of_a_dead_member_are_taken_over_and_its_late_acknowledgement_is_refused(
    group: Group,
) -> None:
    store = group.append(4)
    group.subscribe()
    ((_, _, _, stale),) = group.fetch("dead")
    group.ack(store, stale, 1)
    group.fetch("dead")
    assert group.fetch("heir") == []
    group.expire("dead")
    ((_, after, up_to, token),) = group.fetch("heir")
    assert (after, up_to) == (1, 4), "from where the dead member acknowledged"
    refused(LEASE_LOST, group.ack, store, stale, 4)
    assert group.ack(store, token, 4) == 4


def test_a_token_of_a_subscription_that_was_made_anew_is_refused(group: Group) -> None:
    store = group.append(4)
    group.subscribe()
    ((_, _, _, stale),) = group.fetch("before")
    group.service.execute("select ves.unsubscribe(%s, 'billing')", [group.agent.tenant_id])
    group.subscribe()
    assert [row[:3] for row in group.fetch("after")] == [(store, 0, 4)]
    refused(LEASE_LOST, group.ack, store, stale, 4)


def test_a_member_that_renews_its_lease_in_an_open_transaction_holds_up_nobody(
    group: Group, database: Database
) -> None:
    group.append(1)
    group.subscribe()
    group.fetch("slow")
    group.expire("slow")
    with database.connect("ves_service") as other:
        other.autocommit = False
        other.execute("select ves.fetch_ranges(%s, 'billing', 'slow')", [group.agent.tenant_id])
        group.service.execute("set lock_timeout to '100ms'")
        assert group.fetch("quick") == [], "its slots are not free"
        other.rollback()
    assert len(group.fetch("quick")) == 1


def test_an_acknowledgement_in_an_open_transaction_holds_up_no_other_consumer(
    group: Group, database: Database
) -> None:
    store = group.append(2)
    group.subscribe()
    ((_, _, _, token),) = group.fetch()
    claim = "select store_id, done_to, head_sequence from ves.claim_cursors('receipts', 100, 0)"
    with database.connect("ves_service") as other, database.connect("ves_worker") as worker:
        worker.execute("set lock_timeout to '100ms'")
        other.autocommit = False
        other.execute("select ves.ack(%s, 'billing', %s, %s, 1)", [group.agent.tenant_id, store, token])
        strange = group.append(1)
        group.append(3, store)
        assert sorted(worker.execute(claim).fetchall()) == sorted([(store, 0, 5), (strange, 0, 1)])
        other.commit()
    assert sorted(row[:3] for row in group.fetch()) == sorted([(store, 1, 5), (strange, 0, 1)])


def test_what_an_open_transaction_has_fetched_or_removed_holds_up_no_worker(
    group: Group, database: Database
) -> None:
    group.subscribe()
    group.fetch()
    store = group.append(2)
    stranger = Group(group.service, group.edge, group.owner)
    with database.connect("ves_api") as api:
        stranger.agent.register(api)
    strange = stranger.append(1)
    claim = "select store_id, done_to, head_sequence from ves.claim_cursors('receipts', 100, 0)"
    with database.connect("ves_service") as other, database.connect("ves_worker") as worker:
        worker.execute("set lock_timeout to '100ms'")
        other.autocommit = False
        other.execute("select ves.fetch_ranges(%s, 'billing', 'a')", [group.agent.tenant_id])
        group.append(3, store)
        assert worker.execute(claim).fetchall() == [(strange, 0, 1)], (
            "its tenant's wake-ups are held, no others"
        )
        other.commit()
        assert worker.execute(claim).fetchall() == [(store, 0, 5), (strange, 0, 1)]
        other.execute("select ves.unsubscribe(%s, 'billing')", [group.agent.tenant_id])
        group.append(1, store)
        assert (store, 0, 6) in worker.execute(claim).fetchall()
        other.rollback()
    group.fetch()
    behind = "select events_behind from ves.list_subscriptions(%s)"
    assert scalar(group.service, behind, [group.agent.tenant_id]) == 6


def test_a_subscription_is_opened_when_nobody_makes_a_cursor_that_it_needs(
    group: Group, database: Database
) -> None:
    group.subscribe()
    store = group.append(1)
    with database.connect() as other:
        other.autocommit = False
        other.execute("select ves_int.take_wake_ups()")
        group.append(1, store)
        group.owner.execute("delete from pgmq.q_ves_commit where (message ->> 'sequence_to')::bigint = 2")
        assert group.fetch() == []
        other.commit()
    assert [row[:3] for row in group.fetch()] == [(store, 0, 2)]


def test_an_expired_member_whose_streams_nobody_took_may_still_acknowledge(group: Group) -> None:
    store = group.append(1)
    group.subscribe()
    ((_, _, _, token),) = group.fetch("slow")
    group.expire("slow")
    assert group.ack(store, token, 1) == 1


def test_an_acknowledgement_and_a_takeover_wait_for_each_other(group: Group, database: Database) -> None:
    store = group.append(2)
    group.subscribe()
    ((_, _, _, token),) = group.fetch("a")
    group.expire("a")
    with database.connect("ves_service") as other:
        other.autocommit = False
        other.execute("select ves.ack(%s, 'billing', %s, %s, 2)", [group.agent.tenant_id, store, token])
        assert group.fetch("b") == [], "the slot that is being acknowledged is left alone"
        other.commit()
    assert group.fetch("b") == [], "and then there is nothing left to do"


def test_a_result_and_its_acknowledgement_are_one_transaction(group: Group, database: Database) -> None:
    store = group.append(2)
    group.subscribe()
    ((_, _, _, token),) = group.fetch()
    with database.connect("ves_service") as other:
        other.autocommit = False
        other.execute("select ves.ack(%s, 'billing', %s, %s, 2)", [group.agent.tenant_id, store, token])
        other.rollback()
    assert group.ack(store, token, 1) == 1


def test_another_tenants_streams_cannot_be_read_or_acknowledged(group: Group) -> None:
    store = group.append(1)
    group.subscribe()
    ((_, _, _, token),) = group.fetch()
    stranger = Group(group.service, group.edge, group.owner)
    stranger.agent.register(group.edge.connection)
    refused(NOT_FOUND, stranger.fetch)
    stranger.subscribe()
    assert stranger.fetch() == []
    for guess in (0, token, token + 1):
        with pytest.raises(psycopg.Error):
            stranger.ack(store, guess, 1)
    assert group.ack(store, token, 1) == 1


def test_an_event_that_a_member_cannot_handle_is_retried_as_a_dead_letter(group: Group) -> None:
    store = group.append(3)
    group.subscribe()
    ((_, _, _, token),) = group.fetch()
    tenant = group.agent.tenant_id
    reject = "select ves.reject_event(%s, 'billing', %s, %s, 2, %s, 'no route')"
    letter = scalar(group.service, reject, [tenant, store, token, "handler_error"])
    assert scalar(group.service, reject, [tenant, store, token, "handler_error"]) == letter, "a repeat"
    refused(LEASE_LOST, group.service.execute, reject, [tenant, store, token + 1, "unknown"])
    refused("VE007", group.service.execute, reject, [tenant, store, token, "nonsense"])
    assert group.ack(store, token, 3) == 3, "the stream goes on"
    claim = (
        "select dead_letter_id, token, store_id, sequence_number from ves.claim_dead_letters(%s, 'billing')"
    )
    settle = "select ves.settle_dead_letter(%s, 'billing', %s, %s, %s)"
    assert group.service.execute(claim, [tenant]).fetchall() == [], "due in a minute"
    for attempt, (reason, status) in enumerate((("unknown", "pending"), (None, "resolved")), start=1):
        group.owner.execute("update pgmq.q_ves_dead_letters set vt = now()")
        assert group.service.execute(claim, [tenant]).fetchall() == [(letter, attempt, store, 2)]
        refused(LEASE_LOST, group.service.execute, settle, [tenant, letter, attempt - 1, None])
        assert scalar(group.service, settle, [tenant, letter, attempt, reason]) == status
    refused("VE642", group.service.execute, settle, [tenant, 0, 1, None])


def test_a_group_has_as_many_members_as_it_may_and_those_that_are_gone_do_not_count(group: Group) -> None:
    group.subscribe()
    group.owner.execute("select ves.set_limit('subscription_members', 2)")
    for member in ("a", "b", "b"):
        group.fetch(member)
    refused("VE912", group.fetch, "c")
    group.owner.execute("select ves.set_limit('subscription_members', 1)")
    group.fetch("a")
    group.expire("a")
    group.expire("b")
    group.fetch("c")
    refused("VE912", group.fetch, "b")


@pytest.mark.parametrize(
    "name", ["", "a\nb", "a\x1b[2J", "\x7f", "a\u0085b", "a\u2028b", "a\u202eb", "n" * 65]
)
def test_a_name_that_cannot_be_shown_as_it_is_is_refused(group: Group, name: str) -> None:
    refused("VE007", group.service.execute, "select ves.subscribe(%s, %s)", [group.agent.tenant_id, name])
    group.subscribe()
    refused("VE007", group.fetch, name)
    assert group.fetch("Kasse 1: übrig…") == []


def test_an_acknowledgement_beyond_the_head_is_refused(group: Group) -> None:
    store = group.append(1)
    group.subscribe()
    ((_, _, _, token),) = group.fetch()
    refused(BEYOND, group.ack, store, token, 2)


def test_a_subscription_is_not_opened_by_the_transaction_that_makes_it(
    group: Group, database: Database
) -> None:
    store = group.append(1)
    group.owner.execute("select ves_int.take_wake_ups()")
    with database.connect("ves_service") as other:
        other.autocommit = False
        other.execute("select ves.subscribe(%s, 'billing')", [group.agent.tenant_id])
        assert (
            other.execute(
                "select * from ves.fetch_ranges(%s, 'billing', 'a')", [group.agent.tenant_id]
            ).fetchall()
            == []
        )
        other.commit()
    assert [row[0] for row in group.fetch()] == [store]


def test_a_stream_that_begins_while_a_subscription_is_made_is_not_missed(
    group: Group, database: Database
) -> None:
    """Its wake-up is taken by a session that cannot see the subscription, before that commits."""
    with database.connect("ves_service") as other:
        other.autocommit = False
        other.execute("select ves.subscribe(%s, 'billing')", [group.agent.tenant_id])
        store = group.append(1)
        group.owner.execute("select ves_int.take_wake_ups()")
        other.commit()
    assert [row[0] for row in group.fetch()] == [store]


def test_a_name_is_of_one_kind_and_what_is_removed_is_gone(group: Group) -> None:
    group.append(1)
    group.subscribe()
    refused("VE641", group.subscribe, "queue")
    group.fetch()
    rows = group.service.execute(
        "select name, kind, members, streams_behind, events_behind from ves.list_subscriptions(%s)",
        [group.agent.tenant_id],
    ).fetchall()
    assert rows == [("billing", "group", ["a"], 1, 1)]
    remove = "select ves.unsubscribe(%s, 'billing')"
    assert scalar(group.service, remove, [group.agent.tenant_id]) is True
    assert scalar(group.service, remove, [group.agent.tenant_id]) is False
    refused(NOT_FOUND, group.fetch)
    left = "select count(*) from ves_store.cursors where tenant_id = %s and consumer like 'sub/%%'"
    assert scalar(group.owner, left, [group.agent.tenant_id]) == 0
    actions = group.owner.execute(
        "select action from ves.list_audit(%s) order by number", [group.agent.tenant_id]
    ).fetchall()
    assert actions[-2:] == [("custom:subscribed",), ("custom:unsubscribed",)]
