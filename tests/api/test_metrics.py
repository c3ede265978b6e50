"""`GET /metrics`: what every process counted, in the text format of Prometheus (operations 9)."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from tests.api.schemas import Registry
from tests.api.support import INGEST, Agent, assert_error
from tests.api.test_credentials import mint
from tests.api.test_schema_validation import BAD, FAILED, legacy, told
from tests.support.processes import Server
from tests.support.waiting import wait_until
from ves_edge.metrics import MEANINGS

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.conftest import Database

ROUTE = "/metrics"
LATENCY = "sequencer_http_request_latency_seconds"


def samples(client: httpx.Client) -> dict[str, float]:
    """Every sample by its name and labels as they are written."""
    answer = client.get(ROUTE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    lines = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_metrics_are_for_administrators(server: Server, api_database: Database) -> None:
    with server.client(key=None) as anyone:
        assert_error(anyone.get(ROUTE), 401, "AUTH_REQUIRED")
    with server.client(key=mint(api_database, uuid.uuid4())) as reader:
        assert_error(reader.get(ROUTE), 403, "INSUFFICIENT_PERMISSIONS")


def test_only_declared_names_are_written_and_a_parser_reads_them(admin: httpx.Client) -> None:
    text = admin.get(ROUTE).text
    typed = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    assert typed == {name: kind for name, (kind, _, _) in MEANINGS.items() if name in typed}
    assert {"sequencer_uptime_seconds", "sequencer_events_ingested", LATENCY} <= typed.keys()
    assert re.findall(r"^# HELP (\S+)", text, re.MULTILINE) == ["sequencer_uptime_seconds"]
    assert len(list(text_string_to_metric_families(text))) >= len(typed)


def test_events_are_counted_by_what_became_of_them(admin: httpx.Client, agent: Agent) -> None:
    names = ("ingested", "sequenced", "rejected")
    before = samples(admin)
    good, forged = agent.event(), agent.event()
    forged["agent_signature"] = good["agent_signature"]
    answer = admin.post(
        INGEST, content=agent.body(good, forged), headers={"content-type": "application/json"}
    )
    assert answer.json()["eventsRejected"] == 1
    after = samples(admin)
    assert [after[f"sequencer_events_{n}"] - before[f"sequencer_events_{n}"] for n in names] == [2, 1, 1]
    verified = "sequencer_ves_events_verified"
    assert after[verified] - before[verified] == 1
    buckets = [
        after[f'sequencer_ingest_latency_seconds_bucket{{le="{le}"}}'] for le in ("0.001", "1.0", "+Inf")
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == after["sequencer_ingest_latency_seconds_count"]


def test_events_that_break_their_schema_are_counted_in_both_streams(
    admin: httpx.Client, agent: Agent
) -> None:
    Registry(admin, agent.tenant_id).registered()
    before = samples(admin)
    assert told(agent.ingest(admin, agent.event(BAD))) == [("schema_validation", FAILED)]
    assert told(legacy(admin, agent, BAD, BAD)) == [("SchemaValidation", FAILED)] * 2
    name = "sequencer_errors_schema_validation"
    assert samples(admin)[name] - before.get(name, 0) == 3


def test_paths_are_labels_by_their_route_and_never_as_a_client_wrote_them(admin: httpx.Client) -> None:
    for _ in range(30):
        assert admin.get(f"/{uuid.uuid4()}").status_code == 404
        assert admin.get(f"/api/v1/ves/commitments/{uuid.uuid4()}").status_code == 404
        assert admin.request("BREW", "/health").status_code == 405
    seen = samples(admin)
    counted = {name for name in seen if name.startswith("sequencer_http_requests_total")}
    label = 'sequencer_http_requests_total{{method="{}",path="{}",status="{}"}}'.format
    assert label("GET", "/api/v1/ves/commitments/:batch_id", 404) in counted
    assert label("GET", "unmatched", 404) in counted
    assert label("other", "unmatched", 405) in counted
    assert not [name for name in counted if re.search(r"[0-9a-f]{8}-", name)]


def test_one_answer_tells_all_processes(api_database: Database, tmp_path: Path) -> None:
    """Two workers and connections of their own: whichever answers, all requests are in its text."""
    folder = tmp_path / "metrics"
    system = Server(
        api_database.url("ves_api"), {"PROMETHEUS_MULTIPROC_DIR": str(folder), "VES_API_WORKERS": "2"}
    )
    system.start(tmp_path / "server.log")
    try:

        def both_have_answered() -> bool:
            with system.client() as client:
                client.get("/health")
            return len(list(folder.glob("histogram_*.db"))) >= 2

        wait_until(both_have_answered)
        name = 'sequencer_http_requests_total{method="GET",path="/health",status="200"}'
        with system.client() as client:
            before = samples(client)[name]
        for _ in range(20):
            with system.client() as client:
                client.get("/health")
        for _ in range(6):
            with system.client() as client:
                assert samples(client)[name] == before + 20
    finally:
        system.stop()
