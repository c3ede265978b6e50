"""Intents in SQL: the door that verifies, expiry, batches that are due, limits, settleable intents, the log of steps."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.plans.explain import Recorder
from tests.sql.support import Agent, Edge, scalar
from tests.support.payments import Payer, payer_of, payment_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database

PAYER = "0x" + "ab" * 20
SUBMIT = "select * from ves.submit_payment_intent(%s)"
APPEND = "select outcome, intent_id, sequence_number from ves.append_payment_intents(%s, %s, %s)"


@pytest.fixture
def payer(agent: Agent) -> Payer:
    """A payer whose key is registered for its agent."""
    return payer_of(agent)


@pytest.fixture(scope="module")
def owner(shared: Database) -> Any:
    """The superuser; what it changes is kept, for the worker to see."""
    with shared.connect() as connection:
        yield connection


def submit(connection: psycopg.Connection[Any], request: dict[str, Any]) -> Any:
    return connection.execute(SUBMIT, [json.dumps(request)]).fetchone()


def append(edge: Edge, agent: Agent, count: int = 1, **members: Any) -> list[Any]:
    rows = payment_rows(agent, count, **members)
    return edge.connection.execute(APPEND, [agent.tenant_id, agent.store_id, rows]).fetchall()


def statuses(owner: psycopg.Connection[Any], agent: Agent) -> list[str]:
    rows = owner.execute(
        "select status from ves_store.x402_payment_intents where store_id = %s order by sequence_number",
        [agent.store_id],
    ).fetchall()
    return [status for (status,) in rows]


def age(owner: psycopg.Connection[Any], agent: Agent, seconds: int) -> None:
    """Move the intents of a stream into the past."""
    owner.execute(
        "update ves_store.x402_payment_intents set valid_until = valid_until - %(s)s,"
        " created_at = created_at - %(s)s * interval '1 second',"
        " sequenced_at = sequenced_at - %(s)s * interval '1 second' where store_id = %(store)s",
        {"s": seconds, "store": agent.store_id},
    )


def refused(code: str, call: Callable[[], Any]) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as refusal:
        call()
    assert refusal.value.sqlstate == code
    return refusal.value


def test_a_service_submits_what_the_database_verifies(service: psycopg.Connection[Any], payer: Payer) -> None:
    request = payer.intent(payer_address=PAYER, payer_public_key=None, idempotency_key="k")
    first = submit(service, request)
    assert (first[0], first[2], first[3]) == ("sequenced", "sequenced", 1)
    assert submit(service, request) == ("replayed", *first[1:])
    assert submit(service, payer.intent())[3] == 2
    refused("VE703", lambda: submit(service, request | {"description": "another"}))
    refused("VE707", lambda: submit(service, payer.intent(signed={"amount": 9})))
    refused("VE708", lambda: submit(service, payer.intent(payer_signature="0x" + "00" * 64)))
    refused("VE203", lambda: submit(service, payer.intent(payer_public_key=None, agent_key_id=9)))
    refused("VE002", lambda: submit(service, payer.intent() | {"asset": "btc"}))
    refused("VE001", lambda: service.execute(SUBMIT, ["{"]))
    assert scalar(service, "select count(*) from ves.list_payment_intents(%s)", [payer.tenant_id]) == 2


def test_a_repeat_is_answered_after_the_time_of_the_intent(edge: Edge, agent: Agent) -> None:
    rows = payment_rows(agent, 1, idempotency_key="k")
    [first] = edge.connection.execute(APPEND, [agent.tenant_id, agent.store_id, rows]).fetchall()
    # The repeat is told by its fingerprint; what the call says of the time comes after.
    late = json.dumps([json.loads(rows)[0] | {"valid_until": int(time.time()) - 3600}])
    [again] = edge.connection.execute(APPEND, [agent.tenant_id, agent.store_id, late]).fetchall()
    assert again == ("replayed", *first[1:])


def test_an_intent_expires_when_its_time_has_passed(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any], worker: psycopg.Connection[Any]
) -> None:
    append(edge, agent, 3)
    while scalar(worker, "select ves.expire_payment_intents()"):
        pass
    assert statuses(owner, agent) == ["sequenced"] * 3
    age(owner, agent, 7200)
    assert scalar(worker, "select ves.expire_payment_intents(2)") == 2
    assert scalar(worker, "select ves.expire_payment_intents()") == 1
    assert statuses(owner, agent) == ["expired"] * 3
    events = owner.execute(
        "select event_type from ves_store.events where store_id = %s order by sequence_number desc limit 3",
        [agent.store_id],
    ).fetchall()
    assert events == [("x402_payment.expired",)] * 3
    log = owner.execute(
        "select from_status, to_status from ves_store.x402_status_log where store_id = %s order by entry_id",
        [agent.store_id],
    ).fetchall()
    assert log == [("", "sequenced")] * 3 + [("sequenced", "expired")] * 3


def due(worker: psycopg.Connection[Any], network: str, **rules: Any) -> int:
    named = "".join(f", {name} => %({name})s" for name in rules)
    call = f"select ves.batch_due_payments(array[%(network)s]{named})"
    made: int = scalar(worker, call, {"network": network, **rules})
    return made


def test_a_batch_is_due_by_count_age_value_or_expiry(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any], worker: psycopg.Connection[Any]
) -> None:
    lazy = {"min_size": 3, "max_size": 5, "max_wait_seconds": 100, "expiry_margin_seconds": 10}
    append(edge, agent, 2, amount=40, network="optimism")
    assert due(worker, "optimism", **lazy) == 0
    assert due(worker, "optimism", **lazy, max_value=81) == 0
    assert due(worker, "optimism", **lazy, max_value=80) == 1
    append(edge, agent, 2, network="optimism")
    age(owner, agent, 101)
    assert due(worker, "optimism", **lazy) == 1
    append(edge, agent, 1, network="optimism", valid_until=int(time.time()) + 8)
    assert due(worker, "optimism", **lazy) == 1
    append(edge, agent, 7, network="optimism")
    assert due(worker, "optimism", **lazy) == 1
    assert due(worker, "optimism", **lazy) == 0
    assert statuses(owner, agent) == ["batched"] * 10 + ["sequenced"] * 2
    append(edge, agent, 1, network="base")
    assert due(worker, "optimism") == 1
    assert statuses(owner, agent)[-1] == "sequenced"


def test_an_expired_intent_is_left_out_of_a_batch_and_a_locked_stream_to_the_next_call(
    edge: Edge,
    agent: Agent,
    owner: psycopg.Connection[Any],
    worker: psycopg.Connection[Any],
    shared: Database,
) -> None:
    append(edge, agent, 1, network="arc")
    age(owner, agent, 7200)
    assert due(worker, "arc") == 0
    append(edge, agent, 1, network="arc")
    with shared.connect() as other, other.transaction():
        other.execute(
            "select from ves_store.ves_sequence_counters where store_id = %s for update", [agent.store_id]
        )
        assert due(worker, "arc") == 0
    assert due(worker, "arc") == 1
    assert statuses(owner, agent) == ["sequenced", "batched"]


def test_a_limit_holds_for_the_agent_and_for_the_tenant(
    edge: Edge, agent: Agent, admin: psycopg.Connection[Any]
) -> None:
    limit = "select ves.set_spending_limit(%s, 'usdc', %s, '1 hour', agent_id => %s)"
    admin.execute(limit, [agent.tenant_id, 100, agent.agent_id])
    admin.execute(limit, [agent.tenant_id, 150, None])
    assert [o for o, *_ in append(edge, agent, 2, amount=50)] == ["sequenced"] * 2
    assert [o for o, *_ in append(edge, agent, 1, amount=1)] == ["spending_limit_exceeded"]
    assert [o for o, *_ in append(edge, agent, 1, asset="dai")] == ["sequenced"]
    other = Agent(tenant_id=agent.tenant_id)
    assert [o for o, *_ in append(edge, other, 2, amount=50)] == ["sequenced", "spending_limit_exceeded"]
    listed = admin.execute(
        "select agent_id, max_amount, spent from ves.list_spending_limits(%s)", [agent.tenant_id]
    ).fetchall()
    assert listed == [(None, 150, 150), (agent.agent_id, 100, 100)]
    for who in (agent.agent_id, None):
        admin.execute(limit, [agent.tenant_id, None, who])
    assert [n for _, _, n in append(edge, agent, 1, amount=2**63 - 1)] == [4]


def test_an_intent_is_settleable_only_when_a_contract_could_pay_it(
    edge: Edge, agent: Agent, admin: psycopg.Connection[Any], owner: psycopg.Connection[Any]
) -> None:

    def settleable(**members: Any) -> bool:
        given = {"payer_address": PAYER, "payer_public_key": None, "network": "arbitrum", **members}
        [(outcome, intent, _)] = append(edge, agent, 1, **given)
        assert outcome == "sequenced"
        found = "select is_settleable from ves.get_payment_intent(%s, %s)"
        return bool(scalar(owner, found, [agent.tenant_id, intent]))

    assert not settleable()
    admin.execute("select ves.set_settlement_contract('arbitrum', '0x' || repeat('CD', 20))")
    admin.execute("select ves.set_payment_token('arbitrum', 'usdc', '0x' || repeat('ef', 20))")
    assert not settleable()
    bind = "select ves.bind_payer_address(%s, %s, 1, %s)"
    assert scalar(admin, bind, [agent.tenant_id, agent.agent_id, PAYER]) is True
    assert scalar(admin, bind, [agent.tenant_id, agent.agent_id, PAYER.upper().replace("X", "x")]) is False
    assert settleable()
    assert not settleable(asset="dai")
    assert not settleable(payee_address="0xabcd")
    assert not settleable(payer_address="0x" + "12" * 20)
    assert not settleable(payer_address=f" {PAYER}")


def test_a_nonce_of_a_settleable_payer_is_used_once_over_all_stores(
    edge: Edge, agent: Agent, admin: psycopg.Connection[Any]
) -> None:
    admin.execute("select ves.set_settlement_contract('set_chain', '0x' || repeat('cd', 20))")
    admin.execute("select ves.bind_payer_address(%s, %s, 1, %s)", [agent.tenant_id, agent.agent_id, PAYER])
    given = {"payer_address": PAYER, "payer_public_key": None, "nonce": 2**63 + uuid.uuid4().int % 2**62}
    assert [o for o, *_ in append(edge, agent, 1, **given)] == ["sequenced"]
    assert [o for o, *_ in append(edge, agent.in_store(), 1, **given)] == ["nonce_used"]
    admin.execute("select ves.set_settlement_contract('set_chain', null)")
    assert [o for o, *_ in append(edge, agent.in_store(), 1, **given)] == ["sequenced"]


def test_no_step_goes_backwards_even_for_the_owner(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    append(edge, agent)
    refused(
        "VE911",
        lambda: owner.execute(
            "update ves_store.x402_payment_intents set status = 'settled', settled_at = now() where store_id = %s",
            [agent.store_id],
        ),
    )
    refused(
        "VE501",
        lambda: owner.execute("delete from ves_store.x402_status_log where store_id = %s", [agent.store_id]),
    )


def test_an_append_touches_as_many_pages_in_a_long_stream_as_in_a_short_one(database: Database) -> None:
    agent = Agent()
    append = "select * from ves.append_payment_intents(%s, %s, %s)"
    with database.connect("ves_api") as api, database.connect() as superuser:
        agent.register(api)
        recorder = Recorder(superuser)

        def pages(count: int) -> int:
            rows = payment_rows(agent, count)
            call = [agent.tenant_id, agent.store_id, rows]
            return recorder.record(lambda: superuser.execute(append, call))[-1].buffers

        pages(10)
        short = pages(10)
        pages(900)
        # Trees have another level, and nothing has analyzed the tables.
        assert pages(10) < 1.5 * short
