"""One request is one trace: HTTP or gRPC, the append, the database call, the queue's message, the worker."""

from __future__ import annotations

import concurrent.futures
import secrets
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service

from tests.api.support import INGEST, Agent
from tests.sql.support import scalar
from tests.support.processes import BOOTSTRAP_KEY, Server, Worker, free_port
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Database

JSON = {"content-type": "application/json"}


class Collector(service.TraceServiceServicer):
    """An OTLP collector: keeps the spans that it is sent."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any]] = []
        self._server = grpc.server(ThreadPoolExecutor(2))
        service.add_TraceServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def Export(self, request: Any, _: Any) -> Any:  # noqa: N802 (the protocol's name)
        for resource in request.resource_spans:
            named = {item.key: item.value.string_value for item in resource.resource.attributes}
            assert named["service.name"] == "stateset-sequencer"
            self.spans += [
                (named["service.component"], s) for scope in resource.scope_spans for s in scope.spans
            ]
        return messages.ExportTraceServiceResponse()

    def close(self) -> None:
        self._server.stop(0)

    def of(self, trace: str) -> dict[str, tuple[str, str, str]]:
        """Spans of a trace by name: component, own id, id of the parent."""
        return {
            span.name: (component, span.span_id.hex(), span.parent_span_id.hex())
            for component, span in self.spans
            if span.trace_id.hex() == trace
        }

    @property
    def settings(self) -> dict[str, str]:
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


@pytest.fixture
def agent() -> Agent:
    return Agent()


def traced() -> tuple[str, str, dict[str, str]]:
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    return trace, span, {**JSON, "traceparent": f"00-{trace}-{span}-01"}


def test_a_request_is_one_trace_from_the_client_to_the_worker(
    start_server: Callable[..., Server],
    database: Database,
    collector: Collector,
    agent: Agent,
    tmp_path: Path,
) -> None:
    server = start_server(**collector.settings)
    worker = Worker(database.url("ves_worker"), collector.settings, names=("commit",))
    worker.launch(tmp_path / "worker.log")
    trace, client_span, headers = traced()
    try:
        with server.client() as admin, database.connect() as owner:
            agent.register(admin)
            owner.execute("select ves.set_commit_policy(null, null, 'automatic', 1)")
            answer = admin.post(INGEST, content=agent.body(agent.event()), headers=headers)
            assert answer.status_code == 200, answer.text
        wait_until(lambda: "commit_due" in collector.of(trace), "the worker's span arrived")
    finally:
        assert worker.stop() == 0
    spans = collector.of(trace)
    request = spans[f"POST {INGEST}"]
    assert request[::2] == ("api", client_span)
    assert spans["append"][::2] == ("api", request[1])
    assert spans["ingest_events"][::2] == ("api", spans["append"][1])
    assert spans["commit"][0] == "workers"
    assert spans["commit"][2] == spans["ingest_events"][1]
    assert spans["commit_due"][::2] == ("workers", spans["commit"][1])
    assert f'"trace_id": "{trace}"' in server.log_text()
    assert f'"trace_id": "{trace}"' in worker.log_text(), "commit.committed"


def test_the_trace_of_a_running_call_is_seen_in_the_database_and_gone_after_it(
    start_server: Callable[..., Server], database: Database, collector: Collector, agent: Agent
) -> None:
    server = start_server(**collector.settings)
    trace, _, headers = traced()
    seen = "select count(*) from pg_stat_activity where application_name like '%%' || %s"
    with server.client() as admin, database.connect() as owner, ThreadPoolExecutor(1) as pool:
        agent.register(admin)
        assert admin.post(INGEST, content=agent.body(agent.event()), headers=JSON).status_code == 200
        with owner.transaction():
            owner.execute("update ves_store.ves_sequence_counters set updated_at = now()")
            waiting = pool.submit(admin.post, INGEST, content=agent.body(agent.event()), headers=headers)
            with database.connect() as observer:
                wait_until(lambda: scalar(observer, seen, [trace]) == 1, "the call waits under its trace")
        assert waiting.result().status_code == 200
        assert scalar(owner, seen, [trace]) == 0


def test_without_a_trace_context_a_request_begins_a_trace_and_polls_make_none(
    start_server: Callable[..., Server], collector: Collector
) -> None:
    server = start_server(**collector.settings)
    with server.client() as admin:
        for bad in ("nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01"):
            assert admin.get("/api/v1/admin/tenants", headers={"traceparent": bad}).status_code in (200, 404)
        wait_until(lambda: len([s for _, s in collector.spans if not s.parent_span_id]) >= 2)
    roots = {span.name.partition(" ")[0] for _, span in collector.spans if not span.parent_span_id}
    assert roots == {"GET"}


def test_a_collector_that_is_down_costs_no_request(start_server: Callable[..., Server]) -> None:
    server = start_server(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1",
        OTEL_BSP_SCHEDULE_DELAY="50",
        OTEL_EXPORTER_OTLP_TIMEOUT="1",
    )
    with server.client() as admin:
        for _ in range(20):
            assert admin.get("/ready").status_code == 200
    assert server.stop() == 0


def test_requests_that_share_an_append_are_all_answered(
    start_server: Callable[..., Server], collector: Collector, agent: Agent
) -> None:
    server = start_server(**collector.settings)
    sent = [traced() for _ in range(16)]
    with server.client() as admin, concurrent.futures.ThreadPoolExecutor(16) as pool:
        agent.register(admin)
        bodies = [agent.body(agent.event()) for _ in sent]
        answers = list(
            pool.map(
                lambda pair: admin.post(INGEST, content=pair[0], headers=pair[1][2]),
                zip(bodies, sent, strict=True),
            )
        )
        assert {answer.status_code for answer in answers} == {200}
        wait_until(lambda: all(collector.of(trace) for trace, _, _ in sent), "each request has its span")
    appended = [trace for trace, _, _ in sent if "ingest_events" in collector.of(trace)]
    assert 1 <= len(appended) <= len(sent)


def test_a_grpc_call_joins_the_trace_of_its_metadata(
    start_server: Callable[..., Server], collector: Collector
) -> None:
    port = str(free_port())
    server = start_server(**collector.settings, GRPC_DISABLED="false", GRPC_PORT=port)
    trace, client_span, headers = traced()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        call = channel.unary_unary("/stateset.sequencer.v1.Sequencer/GetHead")
        with pytest.raises(grpc.RpcError) as refusal:
            call(b"", metadata=[("traceparent", headers["traceparent"]), ("x-api-key", BOOTSTRAP_KEY)])
        assert refusal.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    wait_until(lambda: "GetHead" in collector.of(trace), "the call's span arrived")
    assert collector.of(trace)["GetHead"][::2] == ("api", client_span)
    assert f'"trace_id": "{trace}"' in server.log_text()
