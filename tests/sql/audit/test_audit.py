"""The audit log: an entry a row, chained per tenant, closed to change, honest about who wrote it."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

NIL = uuid.UUID(int=0)
RECORD = "select ves.record_audit(%s, %s, 'thing', 'x', %s, context => %s)"


def record(
    connection: psycopg.Connection[Any],
    tenant: uuid.UUID | None,
    action: str = "custom:probe",
    details: Any = None,
    context: Any = None,
) -> None:
    connection.execute(
        RECORD, [action, tenant, *(None if item is None else json.dumps(item) for item in (details, context))]
    )


@pytest.fixture
def superuser(shared: Database) -> Iterator[psycopg.Connection[Any]]:
    """One whose transactions are committed."""
    with shared.connect() as connection:
        yield connection


def entries(owner: psycopg.Connection[Any], tenant: uuid.UUID, columns: str) -> list[tuple[Any, ...]]:
    return owner.execute(
        f"select {columns} from ves_store.audit_log where tenant_id = %s order by number", [tenant]
    ).fetchall()


def findings(connection: psycopg.Connection[Any], tenant: uuid.UUID) -> list[tuple[int, str]]:
    return connection.execute("select number, finding from ves.verify_audit(%s)", [tenant]).fetchall()


def test_an_entry_keeps_what_the_edge_said_and_what_the_server_knows(
    edge: Edge, owner: psycopg.Connection[Any]
) -> None:
    tenant = uuid.uuid4()
    context = {
        "actor": "0123456789abcdef",
        "actor_type": "api_key",
        "request_id": "r-1",
        "ip_address": "192.0.2.7",
        "user_agent": "tester/1",
    }
    record(edge.connection, tenant, "login_success", {"n": 1}, context)
    columns = (
        "number, action, actor, actor_type, database_role, resource_type, resource_id, request_id, ip_address,"
        " user_agent, details, success, error_message"
    )
    told = (1, "login_success", "0123456789abcdef", "api_key", "ves_api", "thing", "x", "r-1", "192.0.2.7")
    assert entries(owner, tenant, columns) == [(*told, "tester/1", {"n": 1}, True, None)]


def test_without_context_the_actor_is_the_session_role(
    admin: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:
    tenant = uuid.uuid4()
    record(admin, tenant)
    assert entries(owner, tenant, "actor, actor_type, database_role, details") == [
        ("ves_admin", "database", "ves_admin", {})
    ]


def test_entries_of_no_tenant_belong_to_the_system(edge: Edge, owner: psycopg.Connection[Any]) -> None:
    name = f"custom:{uuid.uuid4()}"
    record(edge.connection, None, name)
    assert (name,) in entries(owner, NIL, "action")


@pytest.mark.parametrize(
    ("action", "context", "field"),
    [
        ("custom:", None, "action"),
        ("custom:Shout", None, "action"),
        ("login_successful", None, "action"),
        ("api_key_created", None, "action"),
        (None, None, "action"),
        ("custom:x", {"actor_type": "god"}, "context"),
        ("custom:x", {"actor_type": {"a": []}}, "context"),
        ("custom:x", [], "context"),
        ("custom:x", "me", "context"),
    ],
)
def test_an_unknown_action_or_context_is_refused_with_its_code(
    edge: Edge, action: str, context: Any, field: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        record(edge.connection, uuid.uuid4(), action, context=context)
    assert refusal.value.sqlstate == "VE007"
    assert json.loads(refusal.value.diag.message_detail or "") == {"field": field}


def test_a_failed_attempt_of_any_action_may_be_recorded(edge: Edge, owner: psycopg.Connection[Any]) -> None:
    tenant = uuid.uuid4()
    edge.connection.execute(
        "select ves.record_audit('api_key_created', %s, 'api_key', null, null, false, 'refused')", [tenant]
    )
    assert entries(owner, tenant, "success, error_message") == [(False, "refused")]


def test_long_texts_are_cut_and_any_text_is_kept_as_it_is(edge: Edge, owner: psycopg.Connection[Any]) -> None:
    tenant = uuid.uuid4()
    strange = "\u00e9\U0001f980'\"\\\n\x01"
    record(edge.connection, tenant, context={"actor": "a" * 5000, "user_agent": strange + "b" * 5000})
    assert entries(owner, tenant, "length(actor), user_agent") == [(256, (strange + "b" * 5000)[:512])]
    assert findings(owner, tenant) == []


def test_what_is_rolled_back_leaves_no_entry_and_no_gap(edge: Edge, owner: psycopg.Connection[Any]) -> None:
    tenant = uuid.uuid4()
    record(edge.connection, tenant)
    with edge.connection.transaction(force_rollback=True):
        record(edge.connection, tenant)
    record(edge.connection, tenant)
    assert entries(owner, tenant, "number") == [(1,), (2,)]
    assert findings(owner, tenant) == []


def test_the_hash_is_the_documented_bytes(edge: Edge, owner: psycopg.Connection[Any]) -> None:
    tenant = uuid.uuid4()
    record(edge.connection, tenant, details={"b": 1, "a": ["x"]}, context={"actor": "caf\u00e9"})
    record(edge.connection, tenant)
    texts = (
        "action, actor, actor_type, database_role, resource_type, resource_id, request_id, ip_address,"
        " user_agent, details::text, success::text, error_message"
    )
    previous = bytes(32)
    for number, identifier, moment, stored, *fields in entries(
        owner, tenant, f"number, id, timestamp, hash, {texts}"
    ):
        micros = round(moment.timestamp() * 1_000_000)
        preimage = b"VES_AUDIT_V1" + tenant.bytes + number.to_bytes(8, "big") + previous + identifier.bytes
        preimage += micros.to_bytes(8, "big")
        for field in fields:
            data = None if field is None else field.encode()
            preimage += b"\xff" * 4 if data is None else len(data).to_bytes(4, "big") + data
        previous = hashlib.sha256(preimage).digest()
        assert stored == previous


def test_the_switch_turns_the_log_off_and_on_and_is_itself_audited(database: Database) -> None:
    tenant = uuid.uuid4()
    count = "select count(*) from ves_store.audit_log where tenant_id = %s"
    with database.connect("ves_admin") as admin, database.connect() as owner:
        switch = "select ves.set_audit_log(%s)"
        assert scalar(admin, switch, [True]) is False
        assert scalar(admin, switch, [False]) is True
        assert scalar(admin, switch, [False]) is False
        record(admin, tenant)
        assert scalar(owner, count, [tenant]) == 0
        assert scalar(admin, switch, [True]) is True
        record(admin, tenant)
        assert scalar(owner, count, [tenant]) == 1
        told = entries(owner, NIL, "action, resource_id, details ->> 'after'")
        assert told[-2:] == [("config_updated", "enabled", "false"), ("config_updated", "enabled", "true")]
        assert owner.execute("select * from ves.verify_audit()").fetchall() == []


def test_no_session_setting_silences_the_log(edge: Edge, owner: psycopg.Connection[Any]) -> None:
    tenant = uuid.uuid4()
    edge.connection.execute("set ves.audit_log_enabled = off")
    record(edge.connection, tenant, context={"audit": False})
    assert entries(owner, tenant, "number") == [(1,)]


def test_a_new_signer_is_audited_once(edge: Edge, owner: psycopg.Connection[Any]) -> None:
    sequencer = uuid.uuid4()
    for _ in range(2):
        edge.connection.execute("select ves.register_signer(%s, 7, 'none', null)", [sequencer])
    found = owner.execute(
        "select action, details from ves_store.audit_log where tenant_id = %s and resource_id = %s",
        [NIL, str(sequencer)],
    ).fetchall()
    assert found == [("custom:signer_registered", {"key_version": 7, "algorithm": "none"})]


def test_a_transaction_moves_the_heads_of_its_chains_once_however_many_entries_it_writes(
    superuser: psycopg.Connection[Any],
) -> None:
    tenant = uuid.uuid4()
    updates: list[dict[str, int]] = []
    for keys in (1, 20, 0):  # the first makes the rows
        superuser.execute("select pg_stat_force_next_flush()")
        updates.append(
            dict(
                superuser.execute(
                    "select relname, n_tup_upd from pg_stat_user_tables"
                    " where relname in ('audit_heads', 'row_change_heads', 'row_counts')"
                ).fetchall()
            )
        )
        with superuser.transaction():
            for _ in range(keys):
                superuser.execute("select ves.create_api_key(%s, %s)", [secrets.token_hex(32), tenant])
    assert len(updates[2]) == 3
    assert {table: count - updates[1][table] for table, count in updates[2].items()} == dict.fromkeys(
        updates[2], 1
    )
    assert findings(superuser, tenant) == []
    kept = superuser.execute("select chain, number from ves.list_chain_heads(%s)", [tenant]).fetchall()
    assert kept == [("audit", 21), ("changes", 21)]


def test_what_a_savepoint_takes_back_is_no_part_of_the_chains(superuser: psycopg.Connection[Any]) -> None:
    tenant = uuid.uuid4()
    with superuser.transaction():
        for number in range(6):
            with superuser.transaction(force_rollback=number % 3 != 1):
                superuser.execute("select ves.create_api_key(%s, %s)", [secrets.token_hex(32), tenant])
                record(superuser, tenant)
    assert findings(superuser, tenant) == []
    kept = superuser.execute("select chain, number from ves.list_chain_heads(%s)", [tenant]).fetchall()
    assert kept == [("audit", 4), ("changes", 2)]
    rows = "select row_count from ves_store.row_counts where tenant_id = %s and table_name = 'api_keys'"
    assert scalar(superuser, rows, [tenant]) == 2


def test_instants_and_spans_in_an_entry_are_printed_the_same_in_every_session(
    superuser: psycopg.Connection[Any], agent: Agent
) -> None:
    key = [agent.tenant_id, agent.agent_id, agent.key_id]
    with superuser.transaction(force_rollback=True):
        superuser.execute("set local timezone to 'Pacific/Kiritimati'")
        superuser.execute("set local intervalstyle to 'iso_8601'")
        superuser.execute("select ves.schedule_key_rotation(%s, %s, %s, '2100-01-01T00:00:00Z')", key)
        superuser.execute("select ves.rotate_agent_key(%s, %s, %s, 2, %s)", [*key, Agent().public_key])
        superuser.execute("select ves.set_limit('rejections', max_age => '40 days')")
        superuser.execute("select ves.set_spending_limit(%s, 'usdc', 1, '50 days')", key[:1])
        details = entries(superuser, agent.tenant_id, "details") + entries(superuser, NIL, "details")
        history = superuser.execute("select metadata from ves.list_key_history(%s, %s)", key[:2]).fetchall()
    printed = json.dumps([details, history])
    assert '"2100-01-01T00:00:00+00:00"' in printed
    assert '"grace_until"' in printed
    assert "+14:00" not in printed
    assert '"40 days"' in printed
    assert '"50 days"' in printed
