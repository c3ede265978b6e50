"""Many requests at once: one effect each, numbers without gap, every caller its own answer."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import httpx

from tests.api.support import INGEST, Agent, admin_call, receipts_of
from tests.api.test_credentials import mint
from tests.support.processes import BOOTSTRAP_KEY, Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database

JSON = {"content-type": "application/json"}


async def post_all(
    server: Server, bodies: list[bytes], key: str = BOOTSTRAP_KEY, connections: int = 64
) -> list[httpx.Response]:
    """Send all bodies at once over `connections` connections."""
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    async with httpx.AsyncClient(
        base_url=server.url, headers={"x-api-key": key, **JSON}, limits=limits, timeout=120
    ) as client:
        return list(await asyncio.gather(*[client.post(INGEST, content=body) for body in bodies]))


def numbers_of(answers: list[httpx.Response]) -> list[int]:
    return sorted(r["sequenceNumber"] for a in answers for r in a.json().get("receipts", []))


async def test_64_identical_requests_have_one_effect_and_one_receipt(server: Server, agent: Agent) -> None:
    body = agent.body(agent.event(), agent.event(command_id=str(uuid.uuid4())))
    answers = await post_all(server, [body] * 64)
    assert {a.status_code for a in answers} == {200}
    assert len({tuple(receipts_of(a)) for a in answers}) == 1
    assert sorted(a.json()["eventsAccepted"] for a in answers) == [0] * 63 + [2]
    assert {a.json()["headSequence"] for a in answers} == {2}


async def test_single_events_at_once_are_numbered_without_gap(server: Server, agent: Agent) -> None:
    answers = await post_all(server, [agent.body(agent.event()) for _ in range(300)])
    assert numbers_of(answers) == list(range(1, 301))
    for answer in answers:
        body = answer.json()
        assert body["eventsAccepted"] == 1
        assert body["sequenceStart"] == body["sequenceEnd"] == body["headSequence"]
        assert body["receipts"][0]["sequenceNumber"] == body["sequenceStart"]
    assert len({a.json()["batchId"] for a in answers}) == 300


async def test_a_bad_event_does_not_touch_its_neighbours(server: Server, agent: Agent) -> None:
    good = [agent.event() for _ in range(120)]
    bad = [agent.event() for _ in range(40)]
    for event in bad:
        event["agent_signature"] = "0x" + secrets.token_hex(64)
    conflicts = [agent.event(base_version=9) for _ in range(20)]
    broken = [b"{", agent.body(), agent.body(agent.event(entity_type=""))] * 7
    bodies = [agent.body(e) for e in [*good, *bad, *conflicts]] + broken
    order = sorted(range(len(bodies)), key=lambda _: secrets.randbits(32))
    shuffled = await post_all(server, [bodies[i] for i in order])
    answers = dict(zip(order, shuffled, strict=True))
    for i in range(120):
        assert answers[i].json()["eventsAccepted"] == 1
    for i in range(120, 160):
        assert answers[i].json()["rejections"][0]["reason"] == "invalid_signature"
        assert answers[i].json()["rejections"][0]["event_id"] == bad[i - 120]["event_id"]
    for i in range(160, 180):
        assert answers[i].json()["rejections"][0]["reason"] == "version_conflict: expected 9, actual 0"
    assert {answers[i].status_code for i in range(180, 201)} == {400}
    assert numbers_of([answers[i] for i in range(180)]) == list(range(1, 121))


async def test_requests_that_share_a_command_are_told_apart(server: Server, agent: Agent) -> None:
    command = str(uuid.uuid4())
    answers = await post_all(server, [agent.body(agent.event(command_id=command)) for _ in range(40)])
    assert sum(a.json()["eventsAccepted"] for a in answers) == 1
    reasons = [r["reason"] for a in answers for r in a.json().get("rejections", [])]
    assert reasons == ["duplicate_command_id"] * 39


async def test_batches_and_single_events_mix(server: Server, agent: Agent) -> None:
    sizes = [1, 999, 2, 500, 500, 3, 250, 1, 1000, 7] * 2
    answers = await post_all(server, [agent.body(*[agent.event() for _ in range(n)]) for n in sizes])
    for size, answer in zip(sizes, answers, strict=True):
        body = answer.json()
        assert body["eventsAccepted"] == size
        assert body["sequenceEnd"] - body["sequenceStart"] == size - 1
    assert numbers_of(answers) == list(range(1, sum(sizes) + 1))


async def test_optimistic_writers_to_one_entity_win_once_each(server: Server, agent: Agent) -> None:
    bodies = [agent.body(agent.event(entity_id="contested", base_version=0)) for _ in range(50)]
    answers = await post_all(server, bodies)
    assert sum(a.json()["eventsAccepted"] for a in answers) == 1
    reasons = {r["reason"] for a in answers for r in a.json().get("rejections", [])}
    assert reasons == {"version_conflict: expected 0, actual 1"}


async def test_callers_of_one_merged_call_are_authenticated_each(
    server: Server, api_database: Database, agent: Agent
) -> None:
    """Some callers lose their key while their requests wait: only they are refused."""
    keys = [mint(api_database, agent.tenant_id) for _ in range(6)]
    for key in keys:
        (answer,) = await post_all(server, [agent.body(agent.event())], key)
        assert answer.status_code == 200
    for key in keys[3:]:
        digest = hashlib.sha256(key.encode()).hexdigest()
        admin_call(api_database, "select ves.revoke_api_key(%s, %s)", digest, agent.tenant_id)
    groups = await asyncio.gather(
        *[post_all(server, [agent.body(agent.event()) for _ in range(20)], key, 20) for key in keys]
    )
    for group in groups[:3]:
        assert [a.json()["eventsAccepted"] for a in group] == [1] * 20
    for group in groups[3:]:
        assert {a.status_code for a in group} == {401}
    assert numbers_of([a for g in groups[:3] for a in g]) == list(range(7, 67))


async def test_one_stream_never_waits_for_another(
    server: Server, api_database: Database, admin: httpx.Client
) -> None:
    held, free = Agent(), Agent()
    for one in (held, free):
        one.register(admin)
        assert one.ingest(admin, one.event()).status_code == 200
    async with asyncio.TaskGroup() as tasks:
        blocker = api_database.connect()
        blocker.execute("begin")
        blocker.execute(
            "select 1 from ves_store.ves_sequence_counters where tenant_id = %s for update", [held.tenant_id]
        )
        waiting = tasks.create_task(post_all(server, [held.body(held.event()) for _ in range(30)]))
        answers = await post_all(server, [free.body(free.event()) for _ in range(30)])
        assert {a.status_code for a in answers} == {200}
        assert not waiting.done()
        blocker.close()
    assert numbers_of(waiting.result()) == list(range(2, 32))


async def test_two_processes_and_no_coalescing_give_the_same_guarantees(
    start_server: Callable[..., Server], database: Database
) -> None:
    servers = [start_server(), start_server(VES_COALESCE="off")]
    agent = Agent()
    with servers[0].client() as client:
        agent.register(client)
    shared = [agent.body(agent.event()) for _ in range(60)]
    own = [[agent.body(agent.event()) for _ in range(60)] for _ in servers]
    groups = await asyncio.gather(
        *[post_all(s, shared + mine, connections=16) for s, mine in zip(servers, own, strict=True)]
    )
    assert {a.status_code for g in groups for a in g} == {200}
    for one, two in zip(groups[0][:60], groups[1][:60], strict=True):
        assert receipts_of(one) == receipts_of(two)
        assert one.json()["eventsAccepted"] + two.json()["eventsAccepted"] == 1
    distinct: set[Any] = {r["sequenceNumber"] for g in groups for a in g for r in a.json()["receipts"]}
    assert distinct == set(range(1, 181))


async def test_a_request_of_any_size_is_one_call_of_the_database(
    start_server: Callable[..., Server], database: Database
) -> None:
    server = start_server()
    agent = Agent()
    with server.client() as client:
        agent.register(client)
        agent.ingest(client, agent.event())

        def calls() -> int:
            with database.connect() as connection:
                row = connection.execute(
                    "select coalesce(sum(s.calls), 0) from pg_stat_statements as s"
                    " join pg_database as d on d.oid = s.dbid where d.datname = current_database()"
                    " and s.query like '%%ves.ingest_events%%' and s.toplevel"
                ).fetchone()
            return 0 if row is None else int(row[0])

        for size in (1, 10, 1000):
            before = calls()
            agent.ingest(client, *[agent.event() for _ in range(size)])
            assert calls() == before + 1


POISON = """
create function ves_store.poison() returns trigger language plpgsql as $$
begin
  if new.entity_id = 'poison' then
    raise exception 'poisoned' using errcode = '22000', detail = format('row %s', new);
  end if;
  return new;
end $$;
create trigger t99_poison before insert on ves_store.ves_events for each row execute function ves_store.poison();
"""


async def test_a_call_that_fails_is_repeated_for_each_request_alone(
    start_server: Callable[..., Server], database: Database
) -> None:
    """An error that nobody foresaw takes down the one request that causes it, and its data stay out of the log."""
    server = start_server()
    agent = Agent()
    with database.connect() as connection:
        connection.execute(POISON)
    with server.client() as client:
        agent.register(client)
    bodies = [agent.body(agent.event({"secret": "zebra-crossing"}, entity_id=f"E-{n}")) for n in range(60)]
    poisoned = agent.body(agent.event({"secret": "zebra-crossing"}, entity_id="poison"))
    answers = await post_all(server, [*bodies[:30], poisoned, *bodies[30:]])
    assert answers.pop(30).status_code == 500
    assert [a.json()["eventsAccepted"] for a in answers] == [1] * 60
    assert numbers_of(answers) == list(range(1, 61))
    assert "statement_failed" in server.log_text()
    assert "zebra-crossing" not in server.log_text()
