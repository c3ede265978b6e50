"""Payment intents and batches as the log tells them (x402 A8), equal to what the tables hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.projection_support import Happened, Store
from tests.sql.support import scalar
from tests.support.payments import payment_rows

if TYPE_CHECKING:
    import psycopg

    from tests.conftest import Database
    from tests.sql.support import Edge

TX = "0x" + "ab" * 32
INTENTS = """
  select intent_id::text, status, amount, asset, network, payer_address, payee_address, valid_until, sequence_number,
    batch_id::text, tx_hash, block_number
  from ves_store.x402_payment_intents where tenant_id = %s and store_id = %s
"""
BATCH = """
  select batch_id::text, status, network, payment_count, encode(merkle_root, 'hex'), encode(new_state_root, 'hex'),
    sequence_start, sequence_end, tx_hash, block_number
  from ves_store.x402_payment_batches where tenant_id = %s and store_id = %s
"""


@pytest.fixture
def store(edge: Edge, worker: psycopg.Connection[Any]) -> Store:
    return Store(edge, worker)


def submit(store: Store, count: int) -> None:
    rows = payment_rows(store.agent, count)
    store.edge.connection.execute("select ves.append_payment_intents(%s, %s, %s)", [*store.ids, rows])


def test_payments_and_their_batch_are_projected_as_they_are_stored(store: Store, shared: Database) -> None:
    submit(store, 3)
    create = "select batch_id from ves.create_payment_batch(%s, %s, 'set_chain', max_size => 2)"
    batch_id = scalar(store.edge.connection, create, store.ids)
    settle = "select ves.record_payment_settlement(%s, %s, tx_hash => %s, block_number => 7)"
    store.edge.connection.execute(settle, [store.agent.tenant_id, batch_id, TX])
    assert store.project()[2] is None

    with shared.connect() as superuser:
        intents = superuser.execute(INTENTS, store.ids).fetchall()
        [batch] = superuser.execute(BATCH, store.ids).fetchall()
    projected = store.entities("x402_payment")
    assert sorted(row[1] for row in intents) == ["sequenced", "settled", "settled"]
    assert set(projected) == {row[0] for row in intents}
    members = (
        "x402_payment_id", "status", "amount", "asset", "network", "payer_address", "payee_address", "valid_until",
        "sequence_number", "batch_id", "tx_hash", "block_number",
    )  # fmt: skip
    for row in intents:
        assert tuple(projected[row[0]][name] for name in members) == row
        assert projected[row[0]]["reason"] is None
    members = (
        "x402_batch_id", "status", "network", "payment_count", "merkle_root", "new_state_root", "sequence_start",
        "sequence_end", "tx_hash", "block_number",
    )  # fmt: skip
    found = store.entity("x402_batch", str(batch_id))
    assert tuple(found[name] for name in members) == batch


def test_a_payment_fails_with_its_reason_and_then_nothing_more_happens_to_it(
    store: Store, shared: Database
) -> None:
    created = {"amount": 2**63 - 1, "asset": "dai", "payer_address": "0xAB", "colour": "red"}
    store.after(
        Happened("x402_payment.created", payload=created),
        Happened("x402_payment.sequenced", payload={"sequence_number": 1}),
        Happened("x402_payment.batched", payload={"batch_id": "b"}),
        Happened("x402_payment.failed", payload={"batch_id": "b", "reason": "Insufficient allowance"}),
        Happened("x402_payment.settled", payload={"tx_hash": TX}),
    )
    found = store.entity("x402_payment")
    assert (found["status"], found["reason"], found["version"]) == ("failed", "Insufficient allowance", 4)
    assert (found["amount"], found["tx_hash"]) == (2**63 - 1, None)
    assert "colour" not in found
    with shared.connect() as superuser:
        [(_, reason, message)] = store.rejections(superuser)
    assert (reason, message) == ("INVALID_STATE_TRANSITION", "Failed→Settled")


def test_an_intent_that_nobody_batched_expires(store: Store) -> None:
    store.after(
        Happened("x402_payment.created"),
        Happened("x402_payment.sequenced"),
        Happened("x402_payment.expired", payload="17"),
    )
    assert store.entity("x402_payment")["status"] == "expired"


def test_a_batch_whose_transactions_were_lost_is_submitted_again(store: Store) -> None:
    store.after(
        Happened("x402_batch.created"),
        Happened("x402_batch.committed"),
        Happened("x402_batch.submitted", payload={"tx_hash": "0x1"}),
        Happened("x402_batch.submitted", payload={"tx_hash": "0x2"}),
    )
    found = store.entity("x402_batch")
    assert (found["status"], found["tx_hash"]) == ("submitted", "0x2")
