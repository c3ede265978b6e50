"""What callers make grow has a limit; one row more is refused, whoever asks."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, scalar

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sql.support import Edge

Connection = psycopg.Connection[Any]
RETAINED = {"rejections", "rejected_events", "revoked_api_keys", "settled_dead_letters"}
# judged by tests/sql/dead_letters and consumers: rows of one consumer in one stream, and of one group
OF_CONSUMERS = {"open_dead_letters", "subscription_members"}


def mint(admin: Connection, tenant: uuid.UUID, agent: uuid.UUID | None = None) -> None:
    admin.execute("select ves.create_api_key(%s, %s, agent_id => %s)", [secrets.token_hex(32), tenant, agent])


class Makers:
    """One maker for each limited kind: makes one row more in the tenant."""

    def __init__(self, edge: Edge, admin: Connection) -> None:
        self.edge, self.admin = edge, admin
        self.agent = Agent()
        self.agent.register(edge.connection)
        self.tenant = self.agent.tenant_id

    def streams(self) -> None:
        self.agent.store_id = uuid.uuid4()
        self.edge.ingest(self.agent, self.agent.event())

    def legacy_streams(self) -> None:
        Writer(self.edge.connection, self.tenant, uuid.uuid4()).ingest(Legacy())

    def api_keys(self) -> None:
        mint(self.admin, self.tenant)

    def api_keys_per_agent(self) -> None:
        mint(self.admin, self.tenant, self.agent.agent_id)

    def agent_keys(self) -> None:
        other = Agent()
        other.tenant_id = self.tenant
        other.register(self.edge.connection)

    def agent_keys_per_agent(self) -> None:
        self.edge.connection.execute(
            "select ves.store_agent_key(%s, %s, %s, %s, 1::smallint, null, null, null, null, null)",
            [self.tenant, self.agent.agent_id, 2 + secrets.randbelow(1 << 30), secrets.token_bytes(32)],
        )

    def payer_addresses(self) -> None:
        """Of another agent each time, so that the limit of an agent is not met."""
        other = Agent()
        other.tenant_id = self.tenant
        other.register(self.edge.connection)
        self._bind(other)

    def payer_addresses_per_agent(self) -> None:
        self._bind(self.agent)

    def _bind(self, agent: Agent) -> None:
        address = "0x" + secrets.token_hex(20)
        bind = "select ves.bind_payer_address(%s, %s, %s, %s)"
        self.admin.execute(bind, [self.tenant, agent.agent_id, agent.key_id, address])

    def schemas(self) -> None:
        self.admin.execute(
            "select ves.register_schema(%s, 'a.b', '{}', compatibility => 'none')", [self.tenant]
        )

    def encryption_groups(self) -> str:
        name = secrets.token_hex(4)
        group: str = scalar(self.admin, "select ves.create_encryption_group(%s, %s)", [self.tenant, name])
        return group

    def group_members(self) -> None:
        group = (
            scalar(
                self.admin,
                "select min(g.group_id::text)::uuid from ves.list_encryption_groups(%s) as g",
                [self.tenant],
            )
            or self.encryption_groups()
        )
        self.admin.execute("select ves.add_group_member(%s, %s, %s)", [self.tenant, group, uuid.uuid4()])

    def compliance_proofs(self) -> None:
        event = self.agent.event()
        self.edge.ingest(self.agent, event)
        self.edge.connection.execute(
            """select ves.store_compliance_proof(
              %s, %s, 'plonk', 1, 'p', '{}', sha256(''), gen_random_uuid(), 'x', null,
              sha256('STATESET_VES_COMPLIANCE_PROOF_HASH_V1x'), sha256(''), null, null, 'not_applicable')""",
            [self.tenant, event.event_id],
        )

    def subscriptions(self) -> None:
        self.admin.execute("select ves.subscribe(%s, %s)", [self.tenant, secrets.token_hex(4)])

    def validity_proofs(self) -> None:
        self.edge.ingest(self.agent, self.agent.event())
        batch = scalar(
            self.admin,
            "select batch_id from ves.commit_next(%s, %s)",
            [self.tenant, self.agent.store_id],
        )
        self.edge.connection.execute(
            "select ves.submit_validity_proof(%s, %s, 'plonk', 1, 'x')", [self.tenant, batch]
        )


LIMITED = sorted(name for name in vars(Makers) if not name.startswith("_"))


@pytest.fixture
def makers(edge: Edge, admin: Connection) -> Makers:
    return Makers(edge, admin)


@pytest.mark.parametrize("name", LIMITED)
def test_one_row_more_than_the_limit_is_refused_and_a_greater_limit_lets_it_pass(
    makers: Makers, admin: Connection, owner: Connection, name: str
) -> None:
    make: Callable[[], Any] = getattr(makers, name)
    make()
    there = rows(owner, name, makers)
    before = scalar(admin, "select max_rows from ves.list_limits() where name = %s", [name])
    try:
        assert scalar(admin, "select ves.set_limit(%s, %s)", [name, there + 1]) is True
        make()
        with pytest.raises(psycopg.Error) as refusal:
            make()
        assert refusal.value.sqlstate == "VE912"
        detail = refusal.value.diag.message_detail or ""
        assert f'"quota": "{name}"' in detail
        assert f'"limit": {there + 1}' in detail
        assert rows(owner, name, makers) == there + 1
        admin.execute("select ves.set_limit(%s, %s)", [name, there + 2])
        make()
        assert rows(owner, name, makers) == there + 2
    finally:
        admin.execute("select ves.set_limit(%s, %s)", [name, before])


def rows(owner: Connection, name: str, makers: Makers) -> int:
    """Rows of the kind that the tenant (or the agent) has, by counting them."""
    table = scalar(
        owner,
        "select t.tgrelid::regclass::text from pg_trigger as t"
        " where t.tgname = 't80_require_room' and %s = any(string_to_array(encode(t.tgargs, 'escape'), '\\000'))",
        [name],
    )
    also = " and agent_id = %s" if name.endswith("_per_agent") else ""
    found: int = scalar(
        owner,
        f"select count(*) from {table} where tenant_id = %s{also}",
        [makers.tenant, *([makers.agent.agent_id] if also else [])],
    )
    return found


def test_the_limits_are_those_of_the_triggers_and_of_the_retention(owner: Connection) -> None:
    given = owner.execute(
        "select distinct a.name from pg_trigger as t"
        " cross join unnest(string_to_array(encode(t.tgargs, 'escape'), '\\000')) as a (name)"
        " where t.tgname = 't80_require_room' and a.name <> ''"
    ).fetchall()
    stored = owner.execute("select name, max_rows, max_age from ves_store.limits").fetchall()
    assert sorted(name for (name,) in given) == LIMITED
    assert sorted(name for name, _, _ in stored) == sorted({*LIMITED, *RETAINED, *OF_CONSUMERS})
    assert {name for name, _, age in stored if age is not None} == RETAINED


def test_the_counts_are_those_of_the_rows(makers: Makers, admin: Connection, owner: Connection) -> None:
    for name in LIMITED:
        getattr(makers, name)()
    admin.execute("select ves.delete_encryption_group(%s, %s)", [makers.tenant, makers.encryption_groups()])
    counted = dict(
        owner.execute(
            "select table_name, row_count from ves_store.row_counts where tenant_id = %s", [makers.tenant]
        ).fetchall()
    )
    assert len(counted) > 10
    assert counted == {
        table: scalar(
            owner,
            # a counter counts from its first event on
            "select count(*) from (select 1 as current_sequence) as absent cross join lateral"
            f" (select from ves_store.{table} where tenant_id = %s and current_sequence > 0) as r",
            [makers.tenant],
        )
        for table in counted
    }


def test_a_refused_stream_does_not_stop_the_others_of_its_tenant(makers: Makers, admin: Connection) -> None:
    makers.streams()
    known = makers.agent.store_id
    try:
        admin.execute("select ves.set_limit('streams', 1)")
        with pytest.raises(psycopg.Error):
            makers.streams()
        makers.agent.store_id = known
        answer = makers.edge.ingest(makers.agent, makers.agent.event())
        assert answer.head == 2
    finally:
        admin.execute("select ves.set_limit('streams', 100000)")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("nothing", {"max_rows": 1}),
        ("streams", {"max_rows": -1}),
        ("streams", {"max_age": "1 day"}),
        ("rejections", {"max_age": "0"}),
    ],
)
def test_a_limit_that_cannot_be_is_refused(admin: Connection, name: str, given: dict[str, Any]) -> None:
    named = ", ".join(f"{key} => %s" for key in given)
    with pytest.raises(psycopg.Error) as refusal:
        admin.execute(f"select ves.set_limit(%s, {named})", [name, *given.values()])
    assert refusal.value.sqlstate == "VE007"


def test_a_change_of_a_limit_is_audited_and_no_change_is_none(admin: Connection) -> None:
    before = scalar(admin, "select max_rows from ves.list_limits() where name = 'schemas'")
    assert scalar(admin, "select ves.set_limit('schemas', %s)", [before]) is False
    assert scalar(admin, "select ves.set_limit('schemas', 5)") is True
    try:
        row = admin.execute(
            "select action, resource_id, details from ves.list_audit(resource_type => 'limit', newest_first => true, max_rows => 1)"
        ).fetchone()
        assert row is not None
        assert row[:2] == ("config_updated", "schemas")
        assert (row[2]["before"]["max_rows"], row[2]["after"]["max_rows"]) == (before, 5)
    finally:
        admin.execute("select ves.set_limit('schemas', %s)", [before])
