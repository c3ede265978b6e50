"""Encryption groups: who is a recipient now, with which key, and what happened before (VES 8, 18)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, scalar
from ves import bundles, hpke

if TYPE_CHECKING:
    from tests.conftest import Database

KEM = bytes(range(74)) * 16
RECIPIENTS = "select agent_id, key_id from ves.get_group_recipient_keys(%s, %s)"


class Group:
    """A group in a tenant of its own; members have X25519 keys."""

    def __init__(self, admin: psycopg.Connection[Any], name: str = "finance") -> None:
        self.admin = admin
        self.tenant_id = uuid.uuid4()
        self.group_id = self.make(name)

    def make(self, name: str, **named: Any) -> uuid.UUID:
        extra = "".join(f", {key} => %({key})s" for key in named)
        group_id: uuid.UUID = scalar(
            self.admin,
            f"select ves.create_encryption_group(%(tenant)s, %(name)s{extra})",
            {"tenant": self.tenant_id, "name": name, **named},
        )
        return group_id

    def key(self, agent_id: uuid.UUID, number: int, algorithm: int = 2) -> bytes:
        public_key = hpke.public_key(uuid.uuid4().bytes * 2)
        bundle = bundles.encode_key_bundle(ml_kem_768=KEM) if algorithm in (4, 6) else None
        self.admin.execute(
            "select ves.register_agent_key(%s, %s, %s, %s, %s::smallint, %s)",
            [self.tenant_id, agent_id, number, public_key, algorithm, bundle],
        )
        return public_key

    def member(self, number: int | None = None) -> uuid.UUID:
        """A fresh member, with a key of this number if there is one."""
        agent_id = uuid.uuid4()
        if number is not None:
            self.key(agent_id, number)
        self.add(agent_id)
        return agent_id

    def add(self, agent_id: uuid.UUID, **named: Any) -> None:
        extra = "".join(f", {key} => %({key})s" for key in named)
        self.admin.execute(
            f"select ves.add_group_member(%(tenant)s, %(group)s, %(agent)s{extra})",
            {"tenant": self.tenant_id, "group": self.group_id, "agent": agent_id, **named},
        )

    def remove(self, agent_id: uuid.UUID, by: uuid.UUID | None = None) -> None:
        self.admin.execute(
            "select ves.remove_group_member(%s, %s, %s, %s)", [self.tenant_id, self.group_id, agent_id, by]
        )

    def recipients(self) -> list[tuple[Any, ...]]:
        return self.admin.execute(RECIPIENTS, [self.tenant_id, self.group_id]).fetchall()

    def history(self) -> list[tuple[Any, ...]]:
        return self.admin.execute(
            "select action, target_agent_id from ves.list_group_history(%s, %s) order by entry_id",
            [self.tenant_id, self.group_id],
        ).fetchall()


@pytest.fixture
def group(admin: psycopg.Connection[Any]) -> Group:
    return Group(admin)


def refused(call: Any, *arguments: Any, **named: Any) -> str | None:
    with pytest.raises(psycopg.Error) as caught:
        call(*arguments, **named)
    return caught.value.sqlstate


def test_recipients_are_the_members_with_their_newest_keys(group: Group) -> None:
    first, second = group.member(5), group.member(2)
    assert group.recipients() == [(second, 2), (first, 5)]
    group.key(second, 9)
    assert group.recipients() == [(first, 5), (second, 9)]


def test_a_removed_member_is_no_recipient_of_later_payloads(group: Group) -> None:
    stays, goes = group.member(1), group.member(2)
    group.remove(goes)
    assert group.recipients() == [(stays, 1)]
    assert refused(group.remove, goes) == "VE211"
    can = "select ves.can_agent_decrypt_from_group(%s, %s, %s)"
    told = [scalar(group.admin, can, [group.tenant_id, group.group_id, agent]) for agent in (stays, goes)]
    assert told == [True, False]


@pytest.mark.parametrize("how", ["revoked", "rotated"])
def test_a_key_that_is_retired_gives_way_to_the_other_one(group: Group, how: str) -> None:
    member = group.member(1)
    group.key(member, 2)
    if how == "revoked":
        group.admin.execute("select ves.revoke_agent_key(%s, %s, 2)", [group.tenant_id, member])
    else:
        group.admin.execute("select ves.rotate_agent_key(%s, %s, 2, 1)", [group.tenant_id, member])
    assert group.recipients() == [(member, 1)]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\x1b[2J", "a\u0085b", "a\u202eb", "ü" * 256])
def test_a_group_has_a_name_that_can_be_shown_as_it_is(group: Group, name: str) -> None:
    assert refused(group.make, name) == "VE007"
    group.make("ü" * 255)


def test_a_member_without_a_usable_key_is_named_without_one(group: Group) -> None:
    never, revoked, future = group.member(), group.member(3), uuid.uuid4()
    group.admin.execute("select ves.revoke_agent_key(%s, %s, 3)", [group.tenant_id, revoked])
    group.admin.execute(
        "select ves.register_agent_key(%s, %s, 4, %s, 2::smallint, null, %s)",
        [group.tenant_id, future, hpke.public_key(bytes(32)), dt.datetime(2100, 1, 1, tzinfo=dt.UTC)],
    )
    group.add(future)
    assert sorted(group.recipients()) == sorted([(never, None), (revoked, None), (future, None)])


def test_a_member_can_ask_for_one_of_its_keys_while_that_is_active(group: Group) -> None:
    member = group.member(1)
    group.key(member, 2)
    group.add(member, encryption_key_id=1)
    assert group.recipients() == [(member, 1)]
    group.admin.execute("select ves.revoke_agent_key(%s, %s, 1)", [group.tenant_id, member])
    assert group.recipients() == [(member, 2)]
    assert refused(group.add, member, encryption_key_id=8) == "VE203"


def test_each_kind_of_encryption_key_is_given_with_its_parts(group: Group) -> None:
    members = {algorithm: uuid.uuid4() for algorithm in (2, 4, 6)}
    keys = {}
    for algorithm, agent in members.items():
        keys[algorithm] = group.key(agent, algorithm, algorithm)
        group.add(agent)
    rows = group.admin.execute(
        "select key_algorithm, x25519_public_key, ml_kem_768_public_key, status"
        " from ves.get_group_recipient_keys(%s, %s)",
        [group.tenant_id, group.group_id],
    ).fetchall()
    assert rows == [
        (2, keys[2], None, "active"),
        (4, None, KEM, "active"),
        (6, keys[6], KEM, "active"),
    ]


def test_a_signing_key_is_never_sealed_to(group: Group, admin: psycopg.Connection[Any]) -> None:
    signer = Agent(group.tenant_id)
    signer.register(admin)
    group.add(signer.agent_id)
    assert group.recipients() == [(signer.agent_id, None)]
    assert refused(group.add, signer.agent_id, encryption_key_id=1) == "VE203"


def test_two_members_with_one_key_number_are_refused_because_a_payload_names_numbers_only(
    group: Group,
) -> None:
    group.member(1)
    second = group.member(1)
    with pytest.raises(psycopg.Error) as caught:
        group.recipients()
    assert (caught.value.sqlstate, caught.value.diag.message_detail) == ("VE212", '{"key_id": 1}')
    group.key(second, 2)
    assert [row[1] for row in group.recipients()] == [1, 2]


def test_an_inactive_group_has_no_recipients(group: Group) -> None:
    member = group.member(1)
    update = "select ves.update_encryption_group(%s, %s, is_active => %s)"
    group.admin.execute(update, [group.tenant_id, group.group_id, False])
    assert group.recipients() == []
    group.admin.execute(update, [group.tenant_id, group.group_id, True])
    assert group.recipients() == [(member, 1)]


def test_only_an_admin_member_changes_the_group_and_a_member_may_leave(group: Group) -> None:
    boss, plain, other = group.member(), group.member(), group.member()
    group.add(boss, role="admin")
    newcomer = uuid.uuid4()
    assert refused(group.add, newcomer, added_by=plain) == "VE105"
    assert refused(group.add, newcomer, added_by=newcomer) == "VE105"
    assert refused(group.remove, other, plain) == "VE105"
    group.add(newcomer, added_by=boss)
    group.remove(other, boss)
    group.remove(plain, plain)
    assert {row[0] for row in group.recipients()} == {boss, newcomer}


def test_the_history_tells_every_change_and_outlives_the_group(group: Group) -> None:
    member = group.member(1)
    group.add(member)
    group.add(member, role="admin")
    group.add(member, role="admin", encryption_key_id=1)
    group.admin.execute(
        "select ves.update_encryption_group(%s, %s, 'text')", [group.tenant_id, group.group_id]
    )
    group.remove(member)
    delete = "select ves.delete_encryption_group(%s, %s)"
    group.admin.execute(delete, [group.tenant_id, group.group_id])
    assert group.history() == [
        ("group_created", None),
        ("member_added", member),
        ("member_role_changed", member),
        ("member_key_refreshed", member),
        ("group_updated", None),
        ("member_removed", member),
        ("group_deleted", None),
    ]
    assert refused(group.admin.execute, delete, [group.tenant_id, group.group_id]) == "VE210"
    assert refused(group.recipients) == "VE210"
    assert refused(group.add, member) == "VE210"


def test_changes_are_in_the_audit_log(group: Group, owner: psycopg.Connection[Any]) -> None:
    member = group.member()
    rows = owner.execute(
        "select action, resource_id, details ->> 'agent_id' from ves_store.audit_log where tenant_id = %s"
        " order by number",
        [group.tenant_id],
    ).fetchall()
    assert rows == [
        ("custom:encryption_group_created", str(group.group_id), None),
        ("custom:encryption_member_added", str(group.group_id), str(member)),
    ]


def test_the_maker_becomes_the_first_admin_member(group: Group) -> None:
    maker = uuid.uuid4()
    made = group.make("made", created_by=maker)
    rows = group.admin.execute(
        "select agent_id, role from ves.list_group_members(%s, %s)", [group.tenant_id, made]
    ).fetchall()
    assert rows == [(maker, "admin")]


def test_groups_are_listed_by_name_with_their_members_counted(group: Group) -> None:
    group.make("audit")
    member = group.member()
    group.add(member, role="admin")
    group.member()
    listing = "select name, member_count, admin_count from ves.list_encryption_groups(%s{})"
    assert group.admin.execute(listing.format(""), [group.tenant_id]).fetchall() == [
        ("audit", 0, 0),
        ("finance", 2, 1),
    ]
    mine = group.admin.execute(listing.format(", null, %s"), [group.tenant_id, member]).fetchall()
    assert mine == [("finance", 2, 1)]


@pytest.mark.parametrize("name", ["", "   ", "x" * 256])
def test_a_bad_name_is_refused(group: Group, name: str) -> None:
    assert refused(group.make, name) == "VE007"


def test_a_name_is_taken_once_in_a_tenant(group: Group) -> None:
    assert refused(group.make, " finance ") == "VE302"
    group.make("x" * 255)
    assert refused(group.make, None) == "VE008"


def test_another_tenant_finds_nothing(group: Group) -> None:
    group.member(1)
    stranger = Group(group.admin)
    stranger.group_id = group.group_id
    assert refused(stranger.recipients) == "VE210"
    assert refused(stranger.add, uuid.uuid4()) == "VE210"
    assert refused(stranger.remove, uuid.uuid4()) == "VE210"
    assert stranger.history() == []
    for function in ("list_group_members", "list_encryption_groups"):
        assert (
            group.admin.execute(
                f"select * from ves.{function}(%s, %s)", [stranger.tenant_id, group.group_id]
            ).fetchall()
            == []
        )


def test_the_view_of_encryption_keys_has_them_with_their_status(group: Group, shared: Database) -> None:
    member = group.member(7)
    group.key(member, 8, 6)
    group.admin.execute("select ves.revoke_agent_key(%s, %s, 7)", [group.tenant_id, member])
    with shared.connect("ves_reader") as reader:
        rows = reader.execute(
            "select key_id, key_algorithm, status, public_key_bundle from ves.agent_encryption_keys"
            " where tenant_id = %s order by key_id",
            [group.tenant_id],
        ).fetchall()
    assert rows == [(7, 2, "revoked", None), (8, 6, "active", bundles.encode_key_bundle(ml_kem_768=KEM))]
