"""Stored history refuses every change, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.rows import fill_outbox, fill_payments
from tests.sql.support import scalar

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.sql.support import Agent, Edge

HISTORY = [
    "ves_events",
    "ves_sequencer_receipts",
    "ves_commitments",
    "ves_commitment_nodes",
    "ves_rejections",
    "events",
    "commitments",
    "commitment_nodes",
    "ves_compliance_proofs",
    "ves_compliance_witnesses",
    "ves_validity_proofs",
    "audit_log",
    "key_rotation_audit_log",
    "group_key_audit_log",
    "row_changes",
    "chain_attempts",
    "chain_transaction_log",
    "x402_batch_nodes",
    "x402_payer_addresses",
    "x402_settlement_nonces",
    "x402_status_log",
    "migrations",
]
# A column of each table that has no tenant.
OTHER_COLUMNS = {"migrations": "name", "chain_attempts": "attempt", "chain_transaction_log": "attempt"}
CHANGES = {
    "update": "update ves_store.{table} set {column} = {column}",
    "delete": "delete from ves_store.{table}",
    "truncate": "truncate ves_store.{table} cascade",
}


def change_of(table: str, change: str) -> str:
    """A statement that changes every row of the table without changing a value."""
    return CHANGES[change].format(table=table, column=OTHER_COLUMNS.get(table, "tenant_id"))


@pytest.fixture
def filled(edge: Edge, admin: psycopg.Connection[Any], owner: psycopg.Connection[Any], agent: Agent) -> Agent:
    """A stream with a row in every history table."""
    fill_payments(edge, admin, agent)
    fill_outbox(owner)
    event = agent.event()
    edge.ingest(agent, event, agent.event(), agent.event().but(payload_plain_hash="0x" + "11" * 32))
    edge.seal(agent)
    edge.connection.execute("select ves.create_commitment(%s, %s, 1, 2)", [agent.tenant_id, agent.store_id])
    edge.connection.execute("select ves.record_audit('login_success', %s, null, null)", [agent.tenant_id])
    writer = Writer(edge.connection, agent.tenant_id, agent.store_id)
    writer.ingest(Legacy(), Legacy())
    writer.commit(1, 2)
    edge.connection.execute("select ves.create_encryption_group(%s, 'g')", [agent.tenant_id])
    batch = scalar(
        edge.connection,
        "select batch_id from ves.list_commitments(%s, %s)",
        [agent.tenant_id, agent.store_id],
    )
    edge.connection.execute(
        "select ves.submit_validity_proof(%s, %s, 'plonk', 1, 'x')", [agent.tenant_id, batch]
    )
    for witness in (None, bytes(32)):
        edge.connection.execute(
            """select ves.store_compliance_proof(
              %s, %s, 'plonk', 1, 'p', '{}', sha256(''), gen_random_uuid(), 'x', null,
              sha256('STATESET_VES_COMPLIANCE_PROOF_HASH_V1x'), sha256(''), %s, null, 'not_applicable')""",
            [agent.tenant_id, event.event_id, witness],
        )
    fill_payments(edge, admin, agent)
    return agent


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("actor", ["postgres", "ves_owner"])
def test_history_refuses_every_change_even_from_its_owner(
    filled: Agent, owner: psycopg.Connection[Any], actor: str, table: str, change: str
) -> None:
    owner.execute(f"set role {actor}")
    before = scalar(owner, f"select count(*) from ves_store.{table}")
    assert before > 0
    with pytest.raises(psycopg.Error) as refusal, owner.transaction():
        owner.execute(change_of(table, change))
    assert refusal.value.sqlstate == "VE501"
    assert f'"operation": "{change}"' in (refusal.value.diag.message_detail or "")
    assert scalar(owner, f"select count(*) from ves_store.{table}") == before


@pytest.mark.parametrize("role", ["ves_api", "ves_worker", "ves_service", "ves_reader", "ves_admin"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("table", HISTORY)
def test_history_is_closed_to_the_edges_by_grant(
    shared: Database, role: str, table: str, change: str
) -> None:
    with shared.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(change_of(table, change))


def test_a_merge_or_an_upsert_is_a_change_too(filled: Agent, owner: psycopg.Connection[Any]) -> None:
    for statement in (
        "merge into ves_store.ves_events as e using (select 1) as x on true when matched then delete",
        (
            "insert into ves_store.ves_commitments select c.* from ves_store.ves_commitments as c"
            " on conflict (batch_id, tenant_id) do update set leaf_count = 1"
        ),
    ):
        with pytest.raises(psycopg.Error) as refusal, owner.transaction():
            owner.execute(statement)
        assert refusal.value.sqlstate == "VE501"


def test_the_append_only_tables_are_those_that_say_so(owner: psycopg.Connection[Any]) -> None:
    guarded = owner.execute(
        """select c.relname from pg_class as c
        where c.relnamespace = 'ves_store'::regnamespace and (
          select count(*) from pg_trigger as t join pg_proc as p on p.oid = t.tgfoid
          where t.tgrelid = c.oid and p.proname ~ '__refuse_change$' and t.tgenabled = 'O') = 2
        order by 1"""
    ).fetchall()
    assert [row[0] for row in guarded] == sorted(
        [*HISTORY, "shredded_payloads"]
    )  # tests/sql/at_rest tries the last one


def test_key_bytes_never_change_and_no_key_is_forgotten(edge: Edge, agent: Agent, shared: Database) -> None:
    for role in ("ves_api", "ves_admin", "ves_worker"):
        with shared.connect(role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update ves_store.agent_signing_keys set public_key = public_key")
    with pytest.raises(psycopg.Error) as refusal:
        agent.register(edge.connection)
    assert refusal.value.sqlstate == "VE301"
