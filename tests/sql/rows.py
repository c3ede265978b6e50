"""A stream with a row in every table of protocol meaning, for tests that look at stored rows."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, Edge, scalar
from tests.support.payments import payment_rows

if TYPE_CHECKING:
    import psycopg

    from tests.conftest import Database


def fill(database: Database) -> Agent:
    """Write the rows, each by the role that writes it, and return the agent of the stream."""
    with (
        database.connect("ves_api") as api,
        database.connect("ves_admin") as admin,
        database.connect("ves_worker") as worker,
        database.connect() as superuser,
    ):
        edge = Edge.open(api)
        agent = Agent()
        agent.register(edge.connection)
        events = [
            agent.event(f'{{"n":{n}}}', entity_id=f"P-{n}", command_id=uuid.uuid4(), base_version=0)
            for n in range(1, 6)
        ]
        edge.ingest(agent, *events, agent.event().but(payload_plain_hash="0x" + "11" * 32))
        edge.seal(agent)
        stream = [agent.tenant_id, agent.store_id]
        for start, end in ((1, 2), (3, 4)):
            edge.connection.execute("select ves.create_commitment(%s, %s, %s, %s)", [*stream, start, end])
        writer = Writer(edge.connection, *stream)
        writer.ingest(*[Legacy(command_id=uuid.uuid4()) for _ in range(4)])
        writer.commit(1, 2)
        writer.commit(3, 4)
        batch = scalar(
            edge.connection, "select min(batch_id::text) from ves.list_commitments(%s, %s)", stream
        )
        edge.connection.execute(
            "select ves.submit_validity_proof(%s, %s, 'plonk', 1, 'x')", [agent.tenant_id, batch]
        )
        for witness in (None, bytes(32)):
            edge.connection.execute(
                """select ves.store_compliance_proof(
                  %s, %s, 'plonk', 1, 'p', '{}', sha256(''), gen_random_uuid(), 'x', null,
                  sha256('STATESET_VES_COMPLIANCE_PROOF_HASH_V1x'), sha256(''), %s, null, 'not_applicable')""",
                [agent.tenant_id, events[1].event_id, witness],
            )
        group = scalar(edge.connection, "select ves.create_encryption_group(%s, 'g')", [agent.tenant_id])
        for statement, more in (
            (
                "select ves.create_api_key(encode(sha256(%s::text::bytea), 'hex'), %s, rate_limit => 60)",
                [group, agent.tenant_id],
            ),
            ("select ves.add_group_member(%s, %s, %s)", [agent.tenant_id, group, agent.agent_id]),
            ("select ves.register_schema(%s, 'order.checked', '{}')", [agent.tenant_id]),
            ("select ves.set_commit_policy(%s, %s, 'manual', 7)", stream),
            (
                "select ves.set_key_rotation_policy(%s, null, 'signing', max_age_hours => 99)",
                [agent.tenant_id],
            ),
            (
                "select ves.schedule_key_rotation(%s, %s, 1, now() + interval '1 day')",
                [agent.tenant_id, agent.agent_id],
            ),
            ("select ves.subscribe(%s, 'all')", [agent.tenant_id]),
            ("select ves.shred_payload(%s, %s, 4, 'asked')", stream),
        ):
            admin.execute(statement, more)
        fill_payments(edge, admin, agent)
        superuser.execute(
            "insert into ves_store.tenant_projectors values (%s, %s, 'p', 'a.b', now())",
            [agent.tenant_id, agent.store_id],
        )
        superuser.execute("select ves.record_anchor(%s, sha256(''), 1)", [batch])
        worker.execute("select ves.get_receipt_work(min_age_seconds => 0)")
        return agent


def fill_payments(edge: Edge, admin: psycopg.Connection[Any], agent: Agent) -> None:
    """Two intents of a registered address, one of them settleable and settled, and a limit for the agent."""
    stream = [agent.tenant_id, agent.store_id]
    payer = "0x" + "ab" * 20
    admin.execute(
        "select ves.set_spending_limit(%s, 'usdc', 9000000, '1 day', agent_id => %s)",
        [agent.tenant_id, agent.agent_id],
    )
    admin.execute("select ves.bind_payer_address(%s, %s, 1, %s)", [agent.tenant_id, agent.agent_id, payer])
    for contract in ("0x" + "cd" * 20, None):
        admin.execute("select ves.set_settlement_contract('set_chain', %s)", [contract])
        rows = payment_rows(agent, 1, payer_address=payer, payer_public_key=None)
        edge.connection.execute("select ves.append_payment_intents(%s, %s, %s)", [*stream, rows])
    batch = scalar(
        edge.connection,
        "select (ves.create_payment_batch(%s, %s, 'set_chain', max_size => 1)).batch_id",
        stream,
    )
    edge.connection.execute(
        "select ves.record_payment_settlement(%s, %s, repeat('ab', 32), 7, 21000)", [agent.tenant_id, batch]
    )


def fill_outbox(superuser: psycopg.Connection[Any]) -> None:
    """An account of the chain worker with a planned transaction and an attempt of it; a payment of the facilitator."""
    superuser.execute(
        "insert into ves_store.x402_exact_batches (chain_id, settlement_contract, token_address, status, payment_count,"
        " merkle_root, created_at, updated_at) values (1, 'c', 't', 'prepared', 1, sha256(''), now(), now())"
    )
    superuser.execute(
        "insert into ves_store.x402_exact_payments (tenant_id, chain_id, settlement_contract, token_address, payer_address,"
        " payee_address, amount, valid_after, valid_before, nonce, signature, digest, status, created_at, updated_at)"
        " select gen_random_uuid(), 1, a, a, a, a, 1, 0, 9, sha256(uuid_send(gen_random_uuid())), 's', sha256(''),"
        " 'recorded', now(), now() from concat('0x', repeat('ab', 20)) as a"
    )
    superuser.execute("insert into ves_store.x402_origins values (gen_random_uuid(), 'https://s.example')")
    superuser.execute(
        "insert into ves_store.x402_resources select o.tenant_id, o.origin, o.origin, 'GET', 2, 'n', '0x' || repeat('ab', 20),"
        " '{}', now() from ves_store.x402_origins as o on conflict do nothing"
    )
    sender = "0x" + uuid.uuid4().hex + "00000000"
    superuser.execute("insert into ves_store.chain_accounts values (1, %s, 'x402_settlement', 0)", [sender])
    superuser.execute(
        "with t as (insert into ves_store.chain_transactions (chain_id, sender, kind, tenant_id, reference_id, part,"
        " to_address, calldata, status, created_at, updated_at) values (1, %(sender)s, 'settlement', gen_random_uuid(),"
        " gen_random_uuid(), 0, %(sender)s, '', 'planned', now(), now()) returning transaction_id)"
        " insert into ves_store.chain_attempts select transaction_id, 1, sha256(%(sender)s::text::bytea), 'raw', 1, 1, 1,"
        " now() from t",
        {"sender": sender},
    )
