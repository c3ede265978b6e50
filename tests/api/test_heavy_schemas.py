"""A schema check that would hold the interpreter for long is made in a child process, with the same outcome."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.api.legacy_support import Sender
from tests.api.support import Agent
from ves.schemas.compiled import compile_schema
from ves.schemas.judge import ActiveSchema, Rules, judge
from ves_api.ingest.schema_registry import judge_rows
from ves_api.ingest.schemas import ActiveSchemas, Allowance, TooManyChecksError
from ves_api.settings import CacheLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from ves.schemas.judge import Payload

SCHEMA = {"items": {"multipleOf": 0.01}}
# Each of them takes about 2,000 checks.
HEAVY, LIGHT = b"[" + b",".join([b"1e300"] * 2_000) + b"]", b"[0.5]"
HEAVY_BAD = HEAVY[:-1] + b",0.001]"


def register(client: httpx.Client, tenant_id: uuid.UUID) -> None:
    body = {"tenantId": str(tenant_id), "eventType": "order.created", "schemaJson": SCHEMA}
    assert client.post("/api/v1/schemas", json=body).status_code == 200


@pytest.mark.parametrize("inline", [True, False])
def test_what_may_be_checked_in_the_process_is_bounded_for_each_payload_and_in_all(inline: bool) -> None:
    allowance = Allowance.of(inline=inline)
    active = ActiveSchema(Agent().agent_id, 1, compile_schema('{"items":{"multipleOf":0.01}}'))
    rules = Rules(1, {"t": active})

    def check(*payloads: bytes) -> dict[int, str]:
        return judge("enforce", rules, [Event("t", p) for p in payloads], spend=allowance.spend)

    assert check(LIGHT, b'["a",0.001]') == {
        1: "Schema validation failed for event type 't': /1: must be a multiple of 0.01"
    }
    with pytest.raises(TooManyChecksError):
        check(LIGHT, HEAVY)
    allowance = Allowance.of(inline=inline)
    some = b"[" + b",".join([b"1e300"] * 50) + b"]"
    assert check(some) == {}
    with pytest.raises(TooManyChecksError):
        check(*[some] * 1_000)


def test_a_child_finds_the_same_as_the_process(agent: Agent) -> None:
    text = '{"items":{"multipleOf":0.01}}'
    rows: list[Any] = [
        ("t", LIGHT, None, False),
        ("t", HEAVY_BAD, None, False),
        ("t", HEAVY_BAD, None, True),
        ("t", HEAVY_BAD, "invalid_payload_hash", False),
        ("broken", LIGHT, None, False),
        ("none", LIGHT, None, False),
    ]
    found = judge_rows("enforce", {"t": text, "broken": None}, rows)
    assert sorted(found) == [1, 4]
    assert found[1] == "Schema validation failed for event type 't': /2000: must be a multiple of 0.01"
    assert "cannot be checked" in found[4]


def test_heavy_payloads_are_accepted_and_refused_one_by_one(admin: httpx.Client, agent: Agent) -> None:
    register(admin, agent.tenant_id)
    events = [agent.event(raw=raw) for raw in (LIGHT, HEAVY, HEAVY_BAD)]
    body = agent.ingest(admin, *events).json()
    assert (body["eventsAccepted"], body["eventsRejected"]) == (2, 1)
    [refused] = body["rejections"]
    assert refused["event_id"] == events[2]["event_id"]
    assert refused["reason"].startswith("schema_validation")
    assert "/2000: must be a multiple of 0.01" in str(refused)
    again = agent.ingest(admin, *events).json()
    assert again["receipts"] == body["receipts"]


def test_heavy_legacy_payloads_are_accepted_and_refused_one_by_one(admin: httpx.Client) -> None:
    sender = Sender()
    register(admin, sender.tenant_id)
    events = [sender.event(raw=raw) for raw in (LIGHT, HEAVY, HEAVY_BAD)]
    body = sender.ingest(admin, *events).json()
    assert (body["events_accepted"], body["events_rejected"]) == (2, 1)
    assert body["rejections"][0]["reason"] == "SchemaValidation"


class Event:
    """What `judge` reads of an event."""

    refusal = None

    def __init__(self, event_type: str, payload: bytes) -> None:
        self.event_type, self.payload = event_type, payload


async def test_no_tenant_waits_for_the_schemas_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first load of one tenant goes on as long as the test wants; the same tenant shares it, another does not."""
    schemas = ActiveSchemas(cast("Any", None), cast("Any", None), CacheLimits(10, 60), "enforce")
    slow, other, release, loads = uuid.uuid4(), uuid.uuid4(), asyncio.Event(), list[uuid.UUID]()

    async def load(tenant_id: uuid.UUID, events: Sequence[Payload]) -> Rules:
        loads.append(tenant_id)
        if tenant_id == slow:
            await release.wait()
        schemas._epochs.put(tenant_id, 1)
        schemas.cache.put((tenant_id, "t"), (1, None))
        return Rules(1, {})

    monkeypatch.setattr(schemas, "load", load)
    events = [Event("t", LIGHT)]
    first, second = [asyncio.create_task(schemas.newer(slow, events, 0)) for _ in range(2)]
    assert await asyncio.wait_for(schemas.newer(other, events, 0), 10) == Rules(1, {})
    assert not first.done()
    release.set()
    assert (await first).epoch == (await second).epoch == 1
    assert loads == [slow, other]
