"""SECURITY.md's table of what each part could do if it turned hostile, tried line by line as that part."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, scalar, verify
from tests.support.cluster import ROOT
from ves import digests

if TYPE_CHECKING:
    from tests.conftest import Database

Connection = psycopg.Connection[Any]
ROW = re.compile(r"\| ([^|]+) \| [^|]+ \| [^|]+ \| ([^|]+) \|")
NAMED = re.compile(r"`((?:contracts/test|tests)/[\w/.]+)::(test_\w+)`")


def table() -> list[tuple[str, list[tuple[str, str]]]]:
    """Each part of the table with the tests that its line names."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = text.split("| part |")[1].split("\n\n")[0].splitlines()[2:]
    parsed = [ROW.fullmatch(row) for row in rows]
    assert all(parsed), [row for row, match in zip(rows, parsed, strict=True) if match is None]
    return [(match[1], NAMED.findall(match[2])) for match in parsed if match is not None]


@pytest.mark.parametrize(("part", "tests"), table())
def test_each_line_of_the_table_names_tests_that_exist(part: str, tests: list[tuple[str, str]]) -> None:
    assert tests, part
    for file, name in tests:
        assert re.search(rf"\b(def|function) {name}\(", (ROOT / file).read_text(encoding="utf-8")), (
            file,
            name,
        )


def checks(connection: Connection, agent: Agent) -> set[str]:
    return {row[0] for row in verify(connection, agent)}


def test_an_agent_signs_only_for_itself_and_a_revoked_key_signs_no_more(
    service: Connection, admin: Connection, edge: Edge
) -> None:
    agent, other = Agent(), Agent()
    for one in (agent, other):
        one.register(edge.connection)
    other.tenant_id = agent.tenant_id
    wrong = agent.event('{"amount":"a lie"}')
    forged = agent.event().but(agent_signature=other.event().envelope["agent_signature"])

    def send(*events: Any) -> list[str | None]:
        answer = scalar(service, "select ves.ingest_signed_request(%s)", [agent.body(*events)])
        return [None] * answer["eventsAccepted"] + [r["reason"] for r in answer["rejections"]]

    assert send(wrong, forged) == [None, "invalid_signature"]
    stored = scalar(
        admin,
        "select source_agent_id from ves.events where tenant_id = %s and event_id = %s",
        [agent.tenant_id, wrong.event_id],
    )
    assert stored == agent.agent_id
    admin.execute("select ves.revoke_agent_key(%s, %s, 1, 'stolen')", [agent.tenant_id, agent.agent_id])
    assert send(agent.event()) == ["agent_key_invalid: Agent key has been revoked"]


def test_an_event_that_the_api_did_not_verify_is_found(edge: Edge, admin: Connection) -> None:
    agent = Agent()
    agent.register(edge.connection)
    request = agent.prepare(agent.event())
    columns = edge.parameters(request)
    changed = bytearray(columns["digests"])
    changed[96] ^= 1
    edge.ingest(agent, agent.event(), digests=bytes(changed))
    assert {"signature", "leaf_hash"} & checks(admin, agent)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        edge.connection.execute("select * from ves_store.ves_events")


def test_events_that_no_worker_commits_are_seen_to_wait(
    edge: Edge, worker: Connection, admin: Connection
) -> None:
    agent = Agent()
    agent.register(edge.connection)
    edge.ingest(agent, agent.event())
    waiting = admin.execute("select * from ves.queue_metrics").fetchall()
    assert waiting
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        worker.execute("delete from pgmq.q_ves_commit")


def test_a_service_reads_every_tenant_and_writes_only_what_verifies(
    service: Connection, admin: Connection, edge: Edge, owner: Connection
) -> None:
    agent = Agent()
    agent.register(edge.connection)
    edge.ingest(agent, agent.event('{"read":"by anybody"}'))
    row = service.execute(
        "select * from ves.read_payloads(%s, %s, 1, 1)", [agent.tenant_id, agent.store_id]
    ).fetchone()
    assert "by anybody" in str(row)
    with service.transaction(force_rollback=True):
        service.execute("select ves.ingest_signed_request(%s)", [agent.body(agent.event())])
        holder = scalar(
            owner,
            "select count(*) from pg_stat_activity where usename = 'ves_service' and xact_start is not null",
        )
        assert holder >= 1
    for call in (
        f"select ves.create_commitment('{agent.tenant_id}', '{agent.store_id}', 1, 1)",
        f"select ves.register_schema('{agent.tenant_id}', 'a.b', 'false')",
        f"select ves.revoke_agent_key('{agent.tenant_id}', '{agent.agent_id}', 1, 'x')",
        "select ves.set_schema_validation_mode('disabled')",
        "select ves.set_limit('streams', 0)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            service.execute(call)
    assert checks(admin, agent) == set()


def test_an_auditor_reads_payloads_and_can_call_nothing_that_writes_or_locks(
    shared: Database, edge: Edge
) -> None:
    agent = Agent()
    agent.register(edge.connection)
    edge.ingest(agent, agent.event('{"read":"by the auditor"}'))
    with shared.connect("ves_reader") as reader:
        where = [agent.tenant_id, agent.store_id]
        row = reader.execute("select * from ves.read_payloads(%s, %s, 1, 1)", where).fetchone()
        assert "by the auditor" in str(row)
        volatile = reader.execute(
            "select p.proname from pg_proc as p where p.provolatile = 'v'"
            " and p.pronamespace in ('ves'::regnamespace, 'ves_int'::regnamespace, 'ves_store'::regnamespace)"
            " and has_schema_privilege(p.pronamespace, 'usage') and has_function_privilege(p.oid, 'execute')"
        ).fetchall()
        assert volatile == []
        for statement in (
            "select pg_advisory_lock(1)",
            "select lo_create(0)",
            "create temp table t (x int)",
            "lock table ves_store.ves_events in share mode",
            "select 1 from ves.events for share",
        ):
            with pytest.raises(psycopg.Error) as refusal, reader.transaction():
                reader.execute(statement)
            assert refusal.value.sqlstate in {"42501", "0A000", "42P01", "55000"}, statement


def test_a_receipt_that_nobody_signed_is_found(edge: Edge, worker: Connection, admin: Connection) -> None:
    agent = Agent()
    agent.register(edge.connection)
    edge.ingest(agent, agent.event())
    row = admin.execute(
        "select event_id, event_signing_hash from ves.get_receipts(%s, %s, 1, 1)",
        [agent.tenant_id, agent.store_id],
    ).fetchone()
    assert row is not None
    digest = digests.receipt_hash(agent.tenant_id, agent.store_id, row[0], 1, bytes(row[1]))
    worker.execute(
        "select ves.store_receipts(%s, %s, %s, %s, %s)",
        [[agent.tenant_id], [agent.store_id], [1], digest, secrets.token_bytes(64)],
    )
    assert checks(admin, agent) == {"receipt"}
    for call in (
        f"select ves.ingest_signed_request('{json.dumps({})}')",
        f"select ves.shred_payload('{agent.tenant_id}', '{agent.store_id}', 1, 'x')",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute(call)


def test_a_superusers_change_is_found_or_leaves_its_name(
    edge: Edge, admin: Connection, owner: Connection
) -> None:
    agent = Agent()
    agent.register(edge.connection)
    edge.ingest(agent, agent.event())
    where = [agent.tenant_id]
    owner.execute("set constraints all immediate")
    owner.execute("update ves_store.agent_signing_keys set valid_to = now() where tenant_id = %s", where)
    assert owner.execute(
        "select changed_by from ves_store.row_changes where tenant_id = %s order by number desc limit 1",
        where,
    ).fetchone() == ("postgres",)
    assert owner.execute("select finding from ves.verify_audit(%s)", where).fetchall() == []
    owner.execute("set session_replication_role = replica")
    owner.execute("update ves_store.agent_signing_keys set valid_to = null where tenant_id = %s", where)
    owner.execute("update ves_store.ves_events set entity_id = 'other' where tenant_id = %s", where)
    assert len(owner.execute("select finding from ves.verify_audit(%s)", where).fetchall()) == 1
    assert {"signature", "leaf_hash"} <= checks(owner, agent)


def test_what_an_administrators_key_does_is_in_the_audit_log_and_stays_there(
    edge: Edge, owner: Connection
) -> None:
    tenant, agent, key = uuid.uuid4(), uuid.uuid4(), secrets.token_hex(32)
    caller = {"tenant_id": tenant, "can_admin": True, "store_ids": [], "can_read": True, "can_write": True}
    owner.execute("set constraints all immediate")
    owner.execute("select ves.create_api_key(%s, %s, agent_id => %s)", [secrets.token_hex(32), tenant, agent])
    edge_context = json.dumps({"actor": "0011223344556677", "actor_type": "api_key"})
    with pytest.raises(psycopg.Error) as refusal:
        edge.connection.execute(
            "select ves.create_api_key(%s, %s, agent_id => %s, caller => %s, context => %s)",
            [key, uuid.uuid4(), agent, json.dumps(caller, default=str), edge_context],
        )
    assert refusal.value.sqlstate == "VE106"
    entry = owner.execute(
        "select action, database_role from ves.list_audit(%s) order by number desc limit 1", [tenant]
    ).fetchone()
    assert entry == ("api_key_created", "postgres")
    assert owner.execute("select finding from ves.verify_audit(%s)", [tenant]).fetchall() == []
    owner.execute("set session_replication_role = replica")
    owner.execute("delete from ves_store.audit_log where tenant_id = %s", [tenant])
    assert owner.execute("select finding from ves.verify_audit(%s)", [tenant]).fetchall() != []


def test_a_rewritten_chain_differs_from_a_head_that_was_kept(admin: Connection, owner: Connection) -> None:
    tenant = uuid.uuid4()
    for name in ("custom:one", "custom:two"):
        owner.execute("select ves.record_audit(%s, %s, null, null)", [name, tenant])
    owner.execute("set constraints all immediate")  # as the commit does: the head moves
    chain, number, kept = owner.execute(
        "select chain, number, hash from ves.list_chain_heads(%s)", [tenant]
    ).fetchone() or ("", 0, b"")
    assert (chain, number) == ("audit", 2)
    owner.execute("set session_replication_role = replica")
    owner.execute(
        "update ves_store.audit_log set actor = 'innocent' where tenant_id = %s and number = 2", [tenant]
    )
    owner.execute(
        "update ves_store.audit_log as a set hash = ves_int.audit_hash(a) where tenant_id = %s and number = 2",
        [tenant],
    )
    owner.execute(
        "update ves_store.audit_heads as h set hash = a.hash from ves_store.audit_log as a"
        " where h.tenant_id = %s and a.tenant_id = h.tenant_id and a.number = h.number",
        [tenant],
    )
    assert owner.execute("select finding from ves.verify_audit(%s)", [tenant]).fetchall() == []
    assert scalar(owner, "select ves.get_chain_hash(%s, 'audit', 2)", [tenant]) != kept


@pytest.mark.parametrize("actor_type", ["api_key", "jwt", "bootstrap", "public"])
def test_only_the_api_names_a_credential_as_the_actor(
    admin: Connection, edge: Edge, owner: Connection, actor_type: str
) -> None:
    tenant = uuid.uuid4()
    call = "select ves.record_audit('custom:x', %s, null, null, context => %s)"
    context = json.dumps({"actor": hashlib.sha256(b"x").hexdigest()[:16], "actor_type": actor_type})
    with pytest.raises(psycopg.Error) as refusal:
        admin.execute(call, [tenant, context])
    assert refusal.value.sqlstate == "VE105"
    edge.connection.execute(call, [tenant, context])
    admin.execute(call, [tenant, '{"actor": "somebody else"}'])
    actors = owner.execute(
        "select actor, actor_type from ves.list_audit(%s) order by number", [tenant]
    ).fetchall()
    assert [actor_type for _, actor_type in actors] == [actor_type, "database"]
    assert actors[1][0] == "ves_admin (somebody else)"
