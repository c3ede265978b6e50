"""An agent that pulls and follows over gRPC, with HTTP for what gRPC cannot tell or while it is away."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_outbox import TRUST, outbox_of
from tests.rpc.support import target
from tests.support.processes import BOOTSTRAP_KEY, free_port
from ves import hpke
from ves_client import ClientError, Exit, Sequencer, follow, open_event, pull, push
from ves_client.grpc_events import GrpcEvents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.api.support import Agent
    from tests.support.processes import Server
    from ves_client import Outbox, PulledEvent

SPELLED = "2025-12-20T17:51:10.243+00:00"  # as a Timestamp keeps it


class Asked(Sequencer):
    """HTTP, and which windows were asked for there."""

    windows: list[int]

    def list_events(self, tenant_id: uuid.UUID, store_id: uuid.UUID, first: int, limit: int) -> Any:
        self.windows.append(first)
        return super().list_events(tenant_id, store_id, first, limit)


@pytest.fixture
def http(server: Server) -> Iterator[Asked]:
    with Asked(server.url, BOOTSTRAP_KEY) as sequencer:
        sequencer.windows = []
        yield sequencer


@pytest.fixture
def outbox(agent: Agent, tmp_path: Path) -> Iterator[Outbox]:
    with outbox_of(agent, tmp_path) as made:
        yield made


def test_windows_over_grpc_pass_every_check(
    server: Server, admin: httpx.Client, agent: Agent, http: Asked, outbox: Outbox
) -> None:
    secret = bytes(range(32))
    outbox.record("order", "O-1", "order.created", {"n": 1}, recipients={7: hpke.public_key(secret)})
    push(outbox, http, TRUST)
    sent = [
        agent.event(raw=b'{"total": 1.50}', created_at=SPELLED, base_version=1, entity_id="O-1"),
        agent.event(created_at=SPELLED, command_id=str(uuid.uuid4())),
    ]
    assert agent.ingest(admin, *sent).json()["eventsAccepted"] == 2
    seen: list[PulledEvent] = []
    with GrpcEvents(target(server), BOOTSTRAP_KEY, http) as source:
        done = pull(outbox, http, TRUST, source=source, limit=2, on_event=seen.append)
    assert (done.events, done.complete, http.windows) == (3, True, [])
    assert open_event(seen[0].text, 7, secret) == b'{"n":1}'
    assert (seen[1].payload, seen[1].event.base_version) == (b'{"total": 1.50}', 1)
    assert str(seen[2].event.command_id) == sent[1]["command_id"]
    assert outbox.entity_version("order", "O-1") == 2


def test_another_spelling_of_a_time_is_read_over_http(
    server: Server, admin: httpx.Client, agent: Agent, http: Asked, outbox: Outbox
) -> None:
    agent.ingest(admin, agent.event(created_at=SPELLED), agent.event(created_at="2025-12-20T17:51:10.243Z"))
    agent.ingest(admin, agent.event(created_at=SPELLED))
    with GrpcEvents(target(server), BOOTSTRAP_KEY, http) as source:
        assert pull(outbox, http, TRUST, source=source, limit=2).events == 3
    assert http.windows == [1]


def test_http_serves_while_grpc_is_away(
    admin: httpx.Client, agent: Agent, http: Asked, outbox: Outbox
) -> None:
    agent.ingest(admin, agent.event(created_at=SPELLED))
    with GrpcEvents(f"127.0.0.1:{free_port()}", BOOTSTRAP_KEY, http) as source:
        assert pull(outbox, http, TRUST, source=source).events == 1
    assert http.windows == [1]


def test_a_refused_call_has_the_code_of_the_server(server: Server, http: Asked, outbox: Outbox) -> None:
    with GrpcEvents(target(server), "ss_wrong", http) as source, pytest.raises(ClientError) as refused:
        pull(outbox, http, TRUST, source=source)
    assert (refused.value.status, refused.value.code) == (Exit.REFUSED, "INVALID_API_KEY")


def test_a_follower_is_told_of_new_events(
    server: Server, admin: httpx.Client, agent: Agent, http: Asked, outbox: Outbox
) -> None:
    agent.ingest(admin, agent.event(created_at=SPELLED))
    stop = threading.Event()
    seen: list[int] = []

    def see(pulled: PulledEvent) -> None:
        seen.append(pulled.sequence_number)
        if len(seen) == 3:
            stop.set()
        else:
            threading.Timer(0.2, agent.ingest, (admin, agent.event(created_at=SPELLED))).start()

    with GrpcEvents(target(server), BOOTSTRAP_KEY, http) as source:
        follow(outbox, http, TRUST, stop, source=source, on_event=see)
    assert (seen, http.windows) == ([1, 2, 3], [])
