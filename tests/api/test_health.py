"""`/health` says that the process lives, `/ready` that it can serve."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from tests.api.support import Agent, Server, assert_error, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx


def test_health_says_who_answers(server: Server) -> None:
    with server.client(key=None) as anyone:
        body = anyone.get("/health").json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", body.pop("timestamp"))
    assert re.fullmatch(r"\d+\.\d+\.\d+", body.pop("version"))
    assert body == {"status": "healthy", "service": "stateset-sequencer"}


def test_ready_tells_the_state_of_database_and_pool(server: Server) -> None:
    with server.client(key=None) as anyone:
        body = anyone.get("/ready").json()
    assert body["status"] == "ready"
    assert body["database"]["connected"] is True
    assert body["database"]["response_time_ms"] >= 0
    assert body["pool"]["status"] in ("healthy", "moderate", "stressed", "critical")
    assert re.fullmatch(r"\d+\.\d%", body["pool"]["utilization"])
    assert body["pool"]["active"] + body["pool"]["idle"] >= 1


def test_a_server_without_its_database_is_healthy_but_not_ready_and_recovers(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    """A relay in front of the database goes away and comes back."""
    from tests.api.relay import Relay  # noqa: PLC0415 - only this test needs it

    first = start_server()
    parameters = first.database_url
    with Relay(parameters, free_port()) as relay:
        server = start_server(
            DATABASE_URL=relay.url, DB_ACQUIRE_TIMEOUT_MS="500", VES_POOL_SAMPLE_SECS="0.05"
        )
        agent = Agent()
        with server.client() as client:
            agent.register(client)
            assert agent.ingest(client, agent.event()).status_code == 200
            relay.cut()
            assert client.get("/health").status_code == 200
            assert_error(client.get("/ready"), 503, "SERVICE_UNAVAILABLE", 8002)
            event = agent.event()
            error = assert_error(agent.ingest(client, event), 503, "SERVICE_UNAVAILABLE")
            assert error["retry_after"] == 1
            missing = client.get(f"/api/v1/ves/commitments/{uuid.uuid4()}")
            assert_error(missing, 503, "SERVICE_UNAVAILABLE")
            relay.mend()
            wait_until(lambda: client.get("/ready").status_code == 200)
            assert agent.ingest(client, event).json()["headSequence"] == 2


def test_a_restart_of_the_database_is_not_seen_by_clients(
    start_server: Callable[..., Server],
) -> None:
    from tests.api.relay import Relay  # noqa: PLC0415

    first = start_server()
    with Relay(first.database_url, free_port()) as relay:
        server = start_server(DATABASE_URL=relay.url)
        agent = Agent()
        with server.client() as client:
            agent.register(client)
            for number in range(1, 4):
                relay.drop_connections()
                answer: httpx.Response = agent.ingest(client, agent.event())
                assert answer.json()["headSequence"] == number
