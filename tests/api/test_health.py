"""`/health` says that the process lives, `/ready` that it can serve."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from tests.api.support import Agent, assert_error
from tests.support.processes import Server, free_port
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx
    import psycopg

    from tests.conftest import Database


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


def test_after_a_restart_of_the_database_the_first_probe_is_ready(
    start_server: Callable[..., Server],
) -> None:
    """Every pooled connection is dead; one probe replaces them all, without any other traffic."""
    from tests.api.relay import Relay  # noqa: PLC0415

    first = start_server()
    with Relay(first.database_url, free_port()) as relay:
        server = start_server(DATABASE_URL=relay.url, MIN_DB_CONNECTIONS="6")
        with server.client(key=None) as anyone:
            wait_until(lambda: anyone.get("/ready").json()["pool"]["idle"] >= 6)
            for _ in range(3):
                relay.drop_connections()
                assert anyone.get("/ready").status_code == 200


def test_a_database_that_is_read_only_is_not_ready_and_the_reason_is_said(
    start_server: Callable[..., Server], database: Database
) -> None:
    with database.connect() as owner:
        server = start_server()
        owner.execute(f"alter database {database.name} set default_transaction_read_only = on")
        end_sessions(owner)
        with server.client(key=None) as anyone:
            error = assert_error(anyone.get("/ready"), 503, "SERVICE_UNAVAILABLE", 8002)
            assert error["details"] == {"reason": "read_only"}
            assert anyone.get("/health").status_code == 200
            owner.execute("set default_transaction_read_only = off")
            owner.execute(f"alter database {database.name} reset default_transaction_read_only")
            end_sessions(owner)
            wait_until(lambda: anyone.get("/ready").status_code == 200)


def end_sessions(owner: psycopg.Connection) -> None:
    """End every other session on the database, as a fail-over does."""
    others = "datname = current_database() and pid <> pg_backend_pid()"
    owner.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {others}")


def test_a_write_that_finds_the_disk_full_makes_the_process_unready_for_some_seconds(
    start_server: Callable[..., Server], database: Database
) -> None:
    server, agent = start_server(), Agent()
    with database.connect() as owner, server.client() as client:
        agent.register(client)
        owner.execute(
            "create function public.full() returns trigger language plpgsql as"
            " $$ begin raise exception using errcode = 'disk_full'; end $$"
        )
        owner.execute(
            "create trigger full_disk before insert on ves_store.ves_events"
            " for each statement execute function public.full()"
        )
        event = agent.event()
        assert client.get("/ready").status_code == 200
        assert_error(agent.ingest(client, event), 503, "SERVICE_UNAVAILABLE")
        error = assert_error(client.get("/ready"), 503, "SERVICE_UNAVAILABLE")
        assert error["details"] == {"reason": "disk_full"}
        owner.execute("drop trigger full_disk on ves_store.ves_events")
        assert agent.ingest(client, event).status_code == 200
        wait_until(lambda: client.get("/ready").status_code == 200)
