"""Large requests of one tenant leave room for everybody else's."""

from __future__ import annotations

import concurrent.futures
import json
import uuid
from collections.abc import Callable

import pytest

from tests.api.support import Agent, post, receipts_of
from tests.api.test_credentials import mint
from tests.conftest import Database
from tests.support.processes import Server
from ves_api.lanes import SHORT_BYTES

EVENTS = 5
CLIENTS = 6
KINDS = {
    "nested": b"[" * 100 + b"]" * 100,
    "numbers beyond doubles": b"123456789012345678901234567890",
    "members": b'{"\xe2\x82\xac":1,"a":2,"\\ud83d\\ude00":3}',
}


def large_body(agent: Agent, item: bytes) -> bytes:
    """Five events of nearly the largest payload each: the shape of the event is right, its signature is not."""
    payload = b"[" + b",".join([item] * (960_000 // (len(item) + 1))) + b"]"
    event = agent.event() | {"payload": "PAYLOAD"}
    texts = []
    for _ in range(EVENTS):
        text = json.dumps(event | {"event_id": str(uuid.uuid4())}).encode()
        texts.append(text.replace(b'"PAYLOAD"', payload))
    return b'{"agentId":"%s","events":[%s]}' % (str(agent.agent_id).encode(), b",".join(texts))


@pytest.mark.parametrize("kind", KINDS)
def test_others_are_answered_while_large_bodies_of_one_tenant_are_worked_on(
    start_server: Callable[..., Server], database: Database, kind: str
) -> None:
    server, hostile, other = start_server(), Agent(), Agent()
    with server.client() as admin:
        hostile.register(admin)
        other.register(admin)
    body = large_body(hostile, KINDS[kind])
    batch = other.body(*(other.event({"text": "x" * 600}) for _ in range(20)))
    assert len(batch) > SHORT_BYTES
    with (
        server.client(mint(database, hostile.tenant_id)) as attacker,
        server.client(mint(database, other.tenant_id)) as victim,
        concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool,
    ):
        large = [pool.submit(post, attacker, body) for _ in range(CLIENTS)]
        concurrent.futures.wait(large, timeout=1)  # they are under way now
        assert len(receipts_of(post(victim, batch))) == 20
        assert victim.get("/health").status_code == 200
        # Behind all of them in one queue, the batch would have been last.
        assert not all(request.done() for request in large)
        answers = [request.result() for request in large]
    # Refused event by event, or on a slow machine out of time.
    assert {answer.status_code for answer in answers} <= {200, 504}
    assert all(answer.json()["eventsAccepted"] == 0 for answer in answers if answer.status_code == 200)
