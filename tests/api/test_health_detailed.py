"""`/health/detailed` and the shedding of load while the pool is exhausted."""

from __future__ import annotations

import platform
import threading
import uuid
from typing import TYPE_CHECKING, Any

from tests.api.support import Agent, assert_common_headers, assert_error
from tests.api.test_credentials import mint
from tests.support.processes import Server
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database

ROUTE = "/health/detailed"


def test_the_report_has_the_members_of_the_reference_and_our_own(admin: httpx.Client) -> None:
    answer = admin.get(ROUTE)
    assert answer.status_code == 200
    assert_common_headers(answer)
    report = answer.json()
    assert list(report) == ["status", "service", "version", "timestamp", "components", "system"]
    components = report["components"]
    assert list(components) == ["database", "pool", "reads", "caches", "circuit_breakers"]
    assert components["database"]["name"] == "postgresql"
    assert components["database"]["status"] in ("healthy", "degraded")
    pool = components["pool"]
    assert list(pool) == [
        "status",
        "total_connections",
        "active_connections",
        "idle_connections",
        "max_connections",
        "utilization_percent",
        "avg_acquisition_ms",
    ]
    assert pool["total_connections"] == pool["active_connections"] + pool["idle_connections"] >= 1
    assert components["reads"]["replica"] == "none"
    assert {"agent_keys", "commitments", "proofs", "ves_commitments", "ves_proofs"} <= set(
        components["caches"]
    )
    assert report["system"]["rust_version"] == f"none (Python {platform.python_version()})"
    assert report["system"]["engine_version"]


def test_the_report_is_for_administrators(server: Server, api_database: Database) -> None:
    with server.client(key=None) as anyone:
        assert_error(anyone.get(ROUTE), 401, "AUTH_REQUIRED")
    with server.client(key=mint(api_database, uuid.uuid4())) as reader:
        assert_error(reader.get(ROUTE), 403, "INSUFFICIENT_PERMISSIONS")


def test_an_exhausted_pool_sheds_load_until_the_next_sample(
    start_server: Callable[..., Server], database: Database
) -> None:
    """One connection, held up by a lock of another session; callers behind it wait in vain."""
    server = start_server(
        MAX_DB_CONNECTIONS="1", DB_ACQUIRE_TIMEOUT_MS="50", DB_LOCK_TIMEOUT_MS="0", VES_POOL_SAMPLE_SECS="3"
    )
    agent = Agent()
    with (
        server.client() as client,
        server.client() as other,
        server.client(key=None) as anyone,
        database.connect() as holder,
    ):
        agent.register(client)
        holder.execute("begin")
        holder.execute("lock table ves_store.ves_events in access exclusive mode")
        held: list[httpx.Response] = []
        blocked = threading.Thread(target=lambda: held.append(agent.ingest(client, agent.event())))
        blocked.start()

        def shed() -> dict[str, Any] | None:
            answer = other.get("/api/v1/head", params={"tenant_id": str(uuid.uuid4())})
            if answer.status_code != 503:
                return None
            error = assert_error(answer, 503, "SERVICE_UNAVAILABLE", 8002)
            return error if "pool" in error["message"] else None

        error = wait_until(shed)
        assert error["retry_after"] == 3
        # Without a credential too: the check comes before authentication.
        wait_until(lambda: shed() and "pool" in anyone.get("/api/v1/head").json()["error"]["message"])
        assert anyone.get("/health").status_code == 200
        assert_error(other.get(ROUTE), 503, "SERVICE_UNAVAILABLE")
        wait_until(shed)
        holder.execute("rollback")
        blocked.join()
        assert held[0].status_code == 200, held[0].text
        # Whoever can be authenticated again gets the report, and it tells the reason.
        report = client.get(ROUTE)
        assert (report.status_code, report.headers["x-error-code"]) == (503, "SERVICE_UNAVAILABLE")
        assert report.json()["components"]["pool"]["status"] == report.json()["status"] == "unhealthy"
        wait_until(lambda: client.get(ROUTE).json().get("status") == "healthy")
        assert agent.ingest(client, agent.event()).json()["headSequence"] == 2
        assert "pool_exhausted" in server.log_text()
        assert "pool_recovered" in server.log_text()
