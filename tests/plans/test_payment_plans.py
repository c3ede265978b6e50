"""A call for many payments costs each of them as much as a call for few: nothing is joined row by row."""

from __future__ import annotations

import uuid
from dataclasses import replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any

from tests.plans.explain import Ran, Recorder
from tests.plans.statistics import Moments
from tests.sql.support import Agent, scalar
from tests.support.payments import payment_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database

FEW, MANY = 50, 200
PAYER = "0x" + "ab" * 20
TX_HASH = "0x" + "ab" * 32
SPREAD = "update ves_store.x402_payment_intents set created_at = created_at + sequence_number * interval '1 ms' where store_id = %s"


def rows_of_each_call(recorder: Recorder, count: int) -> dict[str, int]:
    """Rows that the server looked at while `count` payments were appended, batched and settled."""
    superuser, agent = recorder.connection, Agent()
    agent.register(superuser)
    stream: list[Any] = [agent.tenant_id, agent.store_id]
    given = payment_rows(agent, count, payer_public_key=None)
    batch = "select batch_id from ves_store.x402_payment_batches where tenant_id = %s and store_id = %s"
    calls: dict[str, Callable[[], Any]] = {
        "append": lambda: superuser.execute(
            "select ves.append_payment_intents(%s, %s, %s)", [*stream, given]
        ),
        "batch": lambda: superuser.execute(
            "select ves.create_payment_batch(%s, %s, 'set_chain', null, %s)", [*stream, count]
        ),
        "settle": lambda: superuser.execute(
            "select ves.record_payment_settlement(%s, %s, %s, 1, 1)",
            [agent.tenant_id, scalar(superuser, batch, stream), TX_HASH],
        ),
    }
    return {name: sum(ran.rows for ran in recorder.record(call)) for name, call in calls.items()}


def test_four_times_as_many_payments_cost_four_times_as_many_rows(database: Database) -> None:
    with database.connect() as superuser:
        recorder = Recorder(superuser)
        rows_of_each_call(recorder, FEW)  # what a session does once
        few, many = rows_of_each_call(recorder, FEW), rows_of_each_call(recorder, MANY)
    ratios = {name: many[name] / few[name] / (MANY / FEW) for name in few}
    assert {name: ratio for name, ratio in ratios.items() if ratio > 1.25} == {}, (few, many)


def test_listing_the_payments_of_a_store_passes_none_of_the_newer_ones_of_another(database: Database) -> None:
    with database.connect() as superuser:
        agent, stores = Agent(), (uuid.uuid4(), uuid.uuid4())
        agent.register(superuser)
        listing = (
            "explain (analyze, buffers, format json) select ves.list_payment_intents(%s, %s, max_rows => 10)"
        )
        pages = []
        for store in stores:
            given = payment_rows(agent, 5 * MANY, payer_public_key=None)
            superuser.execute(
                "select ves.append_payment_intents(%s, %s, %s)", [agent.tenant_id, store, given]
            )
            superuser.execute("set session_replication_role = replica")
            superuser.execute(SPREAD, [store])
            superuser.execute("reset session_replication_role")
            superuser.execute("vacuum full analyze ves_store.x402_payment_intents")
            superuser.execute(listing, [agent.tenant_id, stores[0]])
            plan = scalar(superuser, listing, [agent.tenant_id, stores[0]])[0]["Plan"]
            pages.append(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
    assert pages[1] <= pages[0] + 5


def test_planning_looks_at_no_payments_of_batches_that_are_in_parts_already(database: Database) -> None:
    with database.connect() as superuser:
        recorder, agent = Recorder(superuser), Agent()
        agent.register(superuser)
        contract = "select ves.set_settlement_contract('set_chain', '0x' || repeat('cd', 20))"
        superuser.execute(contract)
        superuser.execute("select ves.set_payment_token('set_chain', 'usdc', '0x' || repeat('c1', 20))")
        bound = [agent.tenant_id, agent.agent_id, PAYER]
        superuser.execute("select ves.bind_payer_address(%s, %s, 1, %s)", bound)
        token = scalar(superuser, "select ves.claim_lease('x402_settlement', 'test', 600)")
        plan = "select ves.plan_settlements(%s, 84532001)"
        rows = []
        for count in (FEW, MANY):
            stream: list[Any] = [agent.tenant_id, uuid.uuid4()]
            given = payment_rows(
                replace(agent, store_id=stream[1]), count, payer_address=PAYER, payer_public_key=None
            )
            superuser.execute("select ves.append_payment_intents(%s, %s, %s)", [*stream, given])
            superuser.execute("select ves.create_payment_batch(%s, %s, 'set_chain', null, 1000)", stream)
            assert scalar(superuser, plan, [token]) == 1
            rows.append(sum(ran.rows for ran in recorder.record(lambda: superuser.execute(plan, [token]))))
        few, many = rows
        assert many <= few + 20


DUE = "select ves.batch_due_payments(array['set_chain', 'arc'], max_size => 1000, max_batches => 0)"
RECHECKS = "select * from ves.list_exact_rechecks(84532001, max_rows => 100)"
PLAN = "select ves.plan_exact_batches(%s, 84532001, 10, 0)"
BATCH = "select ves.create_payment_batch(%s, %s, 'set_chain', %s)"
LAST = """
select array_agg(w.intent_id) from (
  select intent_id from ves_store.x402_payment_intents
  where store_id = %s and network = 'set_chain' and status = 'sequenced' order by sequence_number desc limit 10
) as w
"""
EXACT = """
insert into ves_store.x402_exact_payments (tenant_id, chain_id, settlement_contract, token_address, payer_address, nonce,
  payee_address, amount, valid_after, valid_before, signature, digest, status, created_at, updated_at)
select
  md5((n %% 10)::text)::uuid, 84532001, a.address, a.address, a.address, sha256(uuid_send(gen_random_uuid())), a.address, 1, 0,
  %s, 'x', sha256(''), 'recorded', now(), now()
from generate_series(1, %s) as n, (select '0x' || repeat('ab', 20) as address) as a
"""


def test_a_step_looks_at_what_it_takes_and_not_at_what_waits(database: Database) -> None:
    """Whenever the planner's statistics were taken: those of each moment of a burst are tried."""
    with database.connect() as superuser:
        recorder, agent = Recorder(superuser), Agent()
        agent.register(superuser)
        stores = [uuid.uuid4() for _ in range(10)]
        token = scalar(superuser, "select ves.claim_lease('x402_settlement', 'test', 600)")
        moments = Moments(superuser, "ves_store.x402_payment_intents", "ves_store.x402_exact_payments")
        moments.analyze("nothing yet")

        def append(network: str, store: uuid.UUID, count: int) -> None:
            given = payment_rows(
                replace(agent, store_id=store), count, payer_public_key=None, network=network
            )
            superuser.execute(
                "select ves.append_payment_intents(%s, %s, %s)", [agent.tenant_id, store, given]
            )

        def call(statement: str, *arguments: Any) -> list[Ran]:
            return recorder.record(lambda: superuser.execute(statement, arguments))

        steps: dict[str, Callable[[], list[Ran]]] = {
            "batch": partial(call, DUE),
            "batch the named": lambda: call(BATCH, agent.tenant_id, stores[0], named),
            "plan": partial(call, PLAN, token),
            "look at failed ones": partial(call, RECHECKS),
        }
        rows: list[dict[tuple[str, str], int]] = []
        for count in (FEW, 8 * FEW):
            for number, (network, store) in enumerate(product(("set_chain", "base"), stores)):
                append(network, store, count)
                moments.analyze(f"{count}, {number}")
            superuser.execute(EXACT, [9, 10 * count])
            moments.analyze(f"{count}, expired")
            superuser.execute(
                "update ves_store.x402_exact_payments set status = 'failed', reason = 'x' where batch_id is null"
            )
            superuser.execute(EXACT, [2**40, 10 * count])
            superuser.execute("vacuum ves_store.x402_payment_intents, ves_store.x402_exact_payments")
            moments.analyze(f"{count}, all")
            named = scalar(superuser, LAST, [stores[0]])
            rows.append({})
            for moment in moments.each():
                for name, step in steps.items():
                    for _ in range(2):
                        with superuser.transaction(force_rollback=True):
                            rows[-1][name, moment] = sum(ran.rows for ran in step())
    few, many = rows
    least = {name: min(found for (step, _), found in few.items() if step == name) for name in steps}
    assert {place: found for place, found in many.items() if found > least[place[0]] + 100} == {}
