"""Work of the payments and settlement workers for many tenants: whoever has the most of it, or locks his streams, delays no other."""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, scalar
from tests.support.payments import payment_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

PAYER, CHAIN = "0x" + "ab" * 20, 84532001
TOKENS = {"usdc": "0x" + "c1" * 20, "usdt": "0x" + "c2" * 20}
NOW = "update ves_store.x402_payment_intents set valid_until = {}, sequenced_at = now() - '1 hour'::interval where store_id = %s"


class Store:
    """A busy tenant with three stores and a quiet one with one, in a database of their own."""

    def __init__(self, database: Database, opened: list[psycopg.Connection[Any]]) -> None:
        self.superuser, self.api, self.worker, self.admin = opened
        self.database = database
        self.busy, self.quiet = Agent(), Agent()
        self.admin.execute("select ves.set_settlement_contract('set_chain', '0x' || repeat('cd', 20))")
        for asset, address in TOKENS.items():
            self.admin.execute("select ves.set_payment_token('set_chain', %s, %s)", [asset, address])
        for agent in (self.busy, self.quiet):
            agent.register(self.api)
            bound = [agent.tenant_id, agent.agent_id, PAYER]
            self.admin.execute("select ves.bind_payer_address(%s, %s, 1, %s)", bound)
        self.stores = [replace(self.busy, store_id=uuid.uuid4()) for _ in range(3)]

    def append(self, agent: Agent, count: int = 1, **members: Any) -> None:
        rows = payment_rows(agent, count, **{"payer_address": PAYER, "payer_public_key": None, **members})
        given = [agent.tenant_id, agent.store_id, rows]
        self.api.execute("select ves.append_payment_intents(%s, %s, %s)", given)

    def batch(self, agent: Agent) -> None:
        given = [agent.tenant_id, agent.store_id]
        self.api.execute("select ves.create_payment_batch(%s, %s, 'set_chain')", given)

    def record(self, agent: Agent, *, ends: int = 2**40, token: str = TOKENS["usdc"]) -> uuid.UUID:
        """An EIP-3009 payment, as the facilitator records it."""
        recorded: uuid.UUID = scalar(
            self.api,
            "select payment_id from ves.record_exact_payment(%s, %s, %s, %s, %s, %s, '1', '0', %s, %s, %s, %s)",
            [
                agent.tenant_id, CHAIN, "0x" + "cd" * 20, token, PAYER, "0x" + "ef" * 20, str(ends), secrets.token_bytes(32),
                bytes(65), bytes(32),
            ],
        )  # fmt: skip
        return recorded

    def withdraw(self, payment_id: uuid.UUID) -> None:
        assert scalar(self.api, "select ves.withdraw_exact_payment(%s)", [payment_id]) is True

    def lease(self) -> int:
        return int(scalar(self.worker, "select ves.claim_lease('x402_settlement', 'test', 600)"))

    def tenants(self, query: str, *given: Any) -> list[str]:
        names = {self.busy.tenant_id: "busy", self.quiet.tenant_id: "quiet"}
        return [names[tenant] for (tenant,) in self.superuser.execute(query, given).fetchall()]

    def locked(self, agent: Agent) -> Any:
        """A transaction that holds the row of the agent's stream."""
        other = self.database.connect()
        other.autocommit = False
        other.execute(
            "select from ves_store.ves_sequence_counters where store_id = %s for update", [agent.store_id]
        )
        return other


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    with (
        database.connect() as superuser,
        database.connect("ves_api") as api,
        database.connect("ves_worker") as worker,
        database.connect("ves_admin") as admin,
    ):
        yield Store(database, [superuser, api, worker, admin])


BATCHED = "select tenant_id from ves_store.x402_payment_batches order by created_at, batch_id"


def test_batches_are_made_in_turns_and_a_locked_stream_takes_no_place(store: Store) -> None:
    for agent in [*store.stores, store.quiet]:
        store.append(agent)
        store.superuser.execute(NOW.format("valid_until"), [agent.store_id])
    due = "select ves.batch_due_payments(array['set_chain'], max_batches => %s)"
    with store.locked(store.stores[0]):
        assert scalar(store.worker, due, [2]) == 2
    assert sorted(store.tenants(BATCHED)) == ["busy", "quiet"]
    assert scalar(store.worker, due, [2]) == 2
    assert sorted(store.tenants(BATCHED)) == ["busy"] * 3 + ["quiet"]


def test_a_locked_stream_takes_no_place_from_what_expires(store: Store) -> None:
    first, quiet = store.stores[0], store.quiet
    for agent, past in ((first, 7200), (quiet, 3600)):
        store.append(agent)
        store.superuser.execute(
            "update ves_store.x402_payment_intents set valid_until = %s, created_at = created_at - '3 hours'::interval"
            " where store_id = %s",
            [int(time.time()) - past, agent.store_id],
        )
    expire = "select ves.expire_payment_intents(1)"
    with store.locked(first):
        assert scalar(store.worker, expire) == 1
        expired = "select tenant_id from ves_store.x402_payment_intents where status = 'expired'"
        assert store.tenants(expired) == ["quiet"]
    assert scalar(store.worker, expire) == 1


def test_parts_are_made_in_turns_and_only_those_of_the_chain(store: Store) -> None:
    for agent in [*store.stores, store.quiet]:
        store.append(agent)
        store.batch(agent)
    token = store.lease()
    plan = "select ves.plan_settlements(%s, %s, max_batches => 2)"
    assert scalar(store.worker, plan, [token, CHAIN + 1]) == 0
    assert scalar(store.worker, plan, [token, CHAIN]) == 2
    assert sorted(store.tenants("select tenant_id from ves_store.x402_settlements")) == ["busy", "quiet"]


def test_parts_of_a_token_that_cannot_be_read_take_no_place_from_those_of_another(store: Store) -> None:
    store.append(store.busy, 3)
    store.append(store.busy, 1, asset="usdt")
    store.batch(store.busy)
    scalar(store.worker, "select ves.plan_settlements(%s, %s, max_size => 1)", [store.lease(), CHAIN])
    listed = "select token_address from ves.list_unplanned_settlements(%s, max_rows => %s)"
    found = store.worker.execute(listed, [CHAIN, 2]).fetchall()
    assert sorted(token for (token,) in found) == sorted(TOKENS.values())
    assert len(store.worker.execute(listed, [CHAIN, 100]).fetchall()) == 4
    assert store.worker.execute(listed, [CHAIN + 1, 100]).fetchall() == []


def test_what_is_in_the_outbox_is_listed_no_more(store: Store) -> None:
    store.append(store.busy)
    store.batch(store.busy)
    store.record(store.busy)
    token, sender = store.lease(), "0x" + "ee" * 20
    scalar(store.worker, "select ves.plan_settlements(%s, %s)", [token, CHAIN])
    scalar(store.worker, "select ves.plan_exact_batches(%s, %s, max_wait_ms => 0)", [token, CHAIN])
    scalar(
        store.worker,
        "select ves.open_chain_account('x402_settlement', %s, %s, %s, 0)",
        [token, CHAIN, sender],
    )
    for kind, listed in (
        ("settlement", "select tenant_id, batch_id from ves.list_unplanned_settlements(%s)"),
        (
            "authorizations",
            f"select '{uuid.UUID(int=0)}'::uuid, batch_id from ves.list_unplanned_exact_batches(%s)",
        ),
    ):
        [(tenant_id, batch_id)] = store.worker.execute(listed, [CHAIN]).fetchall()
        call = "select ves.plan_transaction(%s, %s, %s, %s, %s, %s, 0, %s, 'call')"
        scalar(store.worker, call, [token, CHAIN, sender, kind, tenant_id, batch_id, "0x" + "cd" * 20])
        assert store.worker.execute(listed, [CHAIN]).fetchall() == []


def test_a_refused_part_fails_its_intents_and_nothing_is_sent_for_it(store: Store) -> None:
    store.append(store.busy, 2)
    store.batch(store.busy)
    token = store.lease()
    scalar(store.worker, "select ves.plan_settlements(%s, %s, max_size => 1)", [token, CHAIN])
    refuse = "select ves.refuse_settlement(%s, %s, %s, %s, 'Token has other decimals')"
    parts = store.worker.execute(
        "select tenant_id, batch_id, part from ves.list_unplanned_settlements(%s)", [CHAIN]
    ).fetchall()
    intents = "select status, failure from ves_store.x402_payment_intents order by sequence_number"
    batches = "select status from ves_store.x402_payment_batches"
    assert scalar(store.worker, refuse, [token, *parts[0]]) is True
    assert scalar(store.worker, refuse, [token, *parts[0]]) is False
    failed = ("failed", "Token has other decimals")
    assert store.superuser.execute(intents).fetchall() == [failed, ("batched", None)]
    assert scalar(store.superuser, batches) == "committed"
    assert scalar(store.worker, refuse, [token, *parts[1]]) is True
    assert store.superuser.execute(intents).fetchall() == [failed] * 2
    assert scalar(store.superuser, batches) == "failed"
    assert scalar(store.worker, "select ves.plan_settlements(%s, %s)", [token, CHAIN]) == 0
    verify = "select * from ves.verify_stream_totals(%s, %s)"
    assert store.superuser.execute(verify, [store.busy.tenant_id, store.busy.store_id]).fetchall() == []


def test_a_part_that_may_be_sent_is_not_refused(store: Store) -> None:
    store.append(store.busy)
    store.batch(store.busy)
    token, sender = store.lease(), "0x" + "ee" * 20
    scalar(store.worker, "select ves.plan_settlements(%s, %s)", [token, CHAIN])
    listed = "select tenant_id, batch_id, part from ves.list_unplanned_settlements(%s)"
    [part] = store.worker.execute(listed, [CHAIN]).fetchall()
    scalar(
        store.worker,
        "select ves.open_chain_account('x402_settlement', %s, %s, %s, 0)",
        [token, CHAIN, sender],
    )
    call = "select ves.plan_transaction(%s, %s, %s, 'settlement', %s, %s, %s, %s, 'call')"
    scalar(store.worker, call, [token, CHAIN, sender, *part, "0x" + "cd" * 20])
    with pytest.raises(psycopg.Error) as refusal:
        store.worker.execute("select ves.refuse_settlement(%s, %s, %s, %s, 'x')", [token, *part])
    assert refusal.value.sqlstate == "VE719"


def test_failed_payments_are_looked_at_again_in_turns_and_none_of_a_silent_token(store: Store) -> None:
    ends = int(time.time()) - 3600
    for n in range(5):
        store.withdraw(store.record(store.busy, ends=ends - n))
    store.withdraw(store.record(store.quiet, ends=ends + 60))
    listed = "select tenant_id from ves.list_exact_rechecks(%s, max_rows => %s, silent_tokens => %s)"
    assert sorted(store.tenants(listed, CHAIN, 2, [])) == ["busy", "quiet"]
    assert sorted(store.tenants(listed, CHAIN, 4, [])) == ["busy"] * 3 + ["quiet"]
    store.withdraw(store.record(store.busy, ends=ends, token=TOKENS["usdt"]))
    assert store.tenants(listed, CHAIN, 100, [TOKENS["usdc"]]) == ["busy"]
    assert store.tenants(listed, CHAIN, 100, list(TOKENS.values())) == []


def test_recorded_payments_of_many_tenants_share_a_batch(store: Store) -> None:
    for agent in [store.busy] * 4 + [store.quiet]:
        store.record(agent)
    token = store.lease()
    plan = "select ves.plan_exact_batches(%s, %s, max_size => 2, max_wait_ms => 0)"
    assert scalar(store.worker, plan, [token, CHAIN]) == 1
    batched = "select tenant_id from ves_store.x402_exact_payments where batch_id is not null"
    assert sorted(store.tenants(batched)) == ["busy", "quiet"]
