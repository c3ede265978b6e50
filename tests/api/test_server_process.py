"""The server as a process: start-up refusals, draining on SIGTERM, and nothing left behind by kill -9."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from tests.api.support import Agent, post
from tests.conftest import TEMPLATE
from tests.support.cluster import discard, new_cluster
from tests.support.processes import Server
from tests.support.waiting import wait_until
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Database


def test_sigterm_answers_what_is_in_flight(start_server: Callable[..., Server], database: Database) -> None:
    server = start_server(VES_COALESCE="off")  # so that each request waits for the lock by itself
    agent = Agent()
    with server.client() as client:
        agent.register(client)
        agent.ingest(client, agent.event())
    answers: list[Any] = []

    def send() -> None:
        with server.client() as one:
            answers.append(agent.ingest(one, agent.event()))

    with database.connect() as blocker:
        blocker.execute("begin")
        blocker.execute("select 1 from ves_store.ves_sequence_counters for update")
        threads = [threading.Thread(target=send) for _ in range(5)]
        for thread in threads:
            thread.start()
        wait_until(lambda: waiting_for_locks(database) == 5)
        assert server.process is not None
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: not accepts(server))
        blocker.execute("rollback")
    for thread in threads:
        thread.join(30)
    assert [a.status_code for a in answers] == [200] * 5
    assert server.process.wait(30) == 0


def test_an_engine_that_does_not_fit_stops_the_start_and_says_what_to_run(
    database: Database, tmp_path: Path
) -> None:
    """The original migrates here; this server may not, so it looks and refuses."""
    with database.connect() as connection:
        connection.execute("update ves_store.schema_state set engine_version = '0.0.9'")
    said = refusal(Server(database.url("ves_api")), tmp_path / "old.log")
    assert "does not fit release" in said
    assert "it is release 0.0.9" in said
    assert "ves engine install" in said
    with database.connect() as connection:
        connection.execute("update ves_store.schema_state set engine_version = '0.1.0'")
        connection.execute("drop function ves.get_legacy_head")
    said = refusal(Server(database.url("ves_api")), tmp_path / "lacking.log")
    assert "get_legacy_head" in said


def test_a_ledger_that_does_not_fit_stops_the_start_and_says_why(database: Database, tmp_path: Path) -> None:
    with database.connect() as connection:
        connection.execute(
            "insert into ves_store.migrations (name, checksum, breaking_level, duration)"
            " select '0002_post_later', checksum, 2, duration from ves_store.migrations"
        )
    said = refusal(Server(database.url("ves_api")), tmp_path / "newer.log")
    assert "its breaking level is 2 and this release knows 1" in said
    with database.connect() as connection:
        connection.execute(
            "set session_replication_role to replica"
        )  # past the trigger of the append-only ledger
        connection.execute("delete from ves_store.migrations")
    said = refusal(Server(database.url("ves_api")), tmp_path / "older.log")
    assert "these migrations are missing: 0001_baseline" in said


def test_a_newer_engine_whose_breaking_level_allows_it_is_served(
    start_server: Callable[..., Server], database: Database
) -> None:
    with database.connect() as connection:
        connection.execute("update ves_store.schema_state set engine_version = '0.2.0'")
        connection.execute(
            "insert into ves_store.migrations (name, checksum, breaking_level, duration)"
            " select '0002_pre_later', checksum, 1, duration from ves_store.migrations"
        )
    server = start_server()
    with server.client() as client:
        assert client.get("/health").status_code == 200


def refusal(server: Server, log: Path) -> str:
    """What a server says that ends instead of starting."""
    server.launch(log)
    assert server.process is not None
    assert server.process.wait(30) != 0
    return server.log_text()


def test_an_engine_that_does_not_fit_is_only_told_when_the_operator_says_so(
    start_server: Callable[..., Server], database: Database
) -> None:
    with database.connect() as connection:
        connection.execute("update ves_store.schema_state set engine_version = '0.0.9'")
    server = start_server(DB_MIGRATE_ON_STARTUP="off")
    assert "engine_mismatch" in server.log_text()


def waiting_for_locks(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        ).fetchone()
    return 0 if row is None else int(row[0])


def accepts(server: Server) -> bool:
    try:
        httpx.get(f"{server.url}/health", timeout=2)
    except httpx.TransportError:
        return False
    return True


def test_sigterm_stores_the_receipts_that_wait(
    start_server: Callable[..., Server], database: Database
) -> None:
    server = start_server()
    agent = Agent()
    with server.client() as client:
        agent.register(client)
        agent.ingest(client, agent.event(), agent.event())
    assert server.stop() == 0
    with database.connect() as connection:
        row = connection.execute("select count(*) from ves_store.ves_sequencer_receipts").fetchone()
    assert row == (2,)


def test_kill_9_of_the_parent_leaves_no_worker_behind(start_server: Callable[..., Server]) -> None:
    server = start_server(VES_API_WORKERS="2")
    assert server.process is not None
    workers = psutil.Process(server.process.pid).children(recursive=True)
    assert len(workers) >= 2
    server.process.kill()
    wait_until(lambda: all(not w.is_running() or w.status() == psutil.STATUS_ZOMBIE for w in workers))
    assert not accepts(server)


def test_a_killed_worker_is_replaced(start_server: Callable[..., Server]) -> None:
    server = start_server()
    assert server.process is not None
    (worker,) = psutil.Process(server.process.pid).children()
    worker.kill()
    wait_until(lambda: accepts(server))
    assert server.process.poll() is None


def test_events_survive_a_kill_9_in_full_flow(
    start_server: Callable[..., Server], database: Database
) -> None:
    """Requests that were cut off are sent again: every event is stored once, numbers have no gap."""
    server = start_server()
    agent = Agent()
    with server.client() as client:
        agent.register(client)
    bodies = [agent.body(agent.event()) for _ in range(200)]
    unanswered = list(bodies)
    answered: list[httpx.Response] = []

    def push() -> None:
        with server.client() as client:
            while unanswered:
                body = unanswered.pop()
                try:
                    answered.append(post(client, body))
                except httpx.TransportError:
                    unanswered.append(body)
                    return

    threads = [threading.Thread(target=push) for _ in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answered) >= 20)
    server.stop(signal.SIGKILL)
    for thread in threads:
        thread.join(30)
    second = start_server()
    receipts: dict[str, str] = {}
    with second.client() as client:
        for body in bodies:
            receipt = post(client, body).json()["receipts"][0]
            receipts[receipt["eventId"]] = receipt
    for answer in answered:
        (receipt,) = answer.json()["receipts"]
        assert receipts[receipt["eventId"]] == receipt
    numbers = sorted(r["sequenceNumber"] for r in receipts.values())
    assert numbers == list(range(1, 201))


@pytest.fixture(scope="module")
def careless_url() -> Iterator[str]:
    """A server with fsync off, which may lose what it has acknowledged."""
    cluster = new_cluster(fsync="off")
    with cluster.connect() as connection:
        connection.execute(f"create database {TEMPLATE}")
    install(cluster.url(TEMPLATE))
    yield cluster.url(TEMPLATE, "ves_api")
    discard(cluster)


def run_to_end(url: str, log: Path, **env: str) -> tuple[int, str]:
    server = Server(url, env)
    server.launch(log)
    assert server.process is not None
    try:
        code = server.process.wait(30)
    except subprocess.TimeoutExpired:
        server.stop(signal.SIGKILL)
        raise
    return code, server.log_text()


def test_a_server_without_fsync_is_refused(careless_url: str, tmp_path: Path) -> None:
    code, log = run_to_end(careless_url, tmp_path / "log")
    assert code != 0
    assert "VE901" in log


def test_the_danger_switch_is_named_and_works(careless_url: str, tmp_path: Path) -> None:
    server = Server(careless_url, {"VES_DANGER_ALLOW_UNSAFE_SERVER": "true"})
    server.start(tmp_path / "log")
    try:
        assert "VES_DANGER_ALLOW_UNSAFE_SERVER" in server.log_text()
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "http"),
        ("MAX_EVENTS_PER_BATCH", "0"),
        ("VES_SEQUENCER_ID", "me"),
        ("VES_SEQUENCER_SIGNING_KEY", "short"),
        ("VES_SEQUENCER_SECURITY_PROFILE", "paranoid"),
        ("BOOTSTRAP_ADMIN_API_KEY", "dev_admin_key"),
        ("AUTH_MODE", "disabled"),
        ("AUTH_MODE", "off"),
        ("ADMIN_IP_ALLOWLIST", "10.0.0.0/8,office"),
        ("RATE_LIMIT_PER_MINUTE", "0"),
        ("REQUEST_TIMEOUT_SECS", "soon"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(
    name: str, value: str, database: Database, tmp_path: Path
) -> None:
    code, log = run_to_end(database.url("ves_api"), tmp_path / "log", **{name: value})
    assert code != 0
    assert name in log


def test_another_signing_key_needs_another_version(
    start_server: Callable[..., Server], database: Database, tmp_path: Path
) -> None:
    start_server().stop()
    code, log = run_to_end(database.url("ves_api"), tmp_path / "log", VES_SEQUENCER_SIGNING_KEY="77" * 32)
    assert code != 0
    assert "VE206" in log


def test_a_port_that_another_server_holds_is_refused(
    start_server: Callable[..., Server], database: Database, tmp_path: Path
) -> None:
    first = start_server()
    second = Server(database.url("ves_api"), port=first.port)
    second.launch(tmp_path / "second.log")
    assert second.process is not None
    assert second.process.wait(20) != 0
    assert "The port" in second.log_text() or str(first.port) in second.log_text()
    assert first.answers()


def test_a_database_that_never_comes_ends_the_start(tmp_path: Path) -> None:
    url = f"postgresql://ves_api@/x?host={tmp_path}"
    started = time.monotonic()
    code, log = run_to_end(
        url, tmp_path / "log", DB_STARTUP_MAX_RETRIES="1", DB_STARTUP_RETRY_DELAY_SECS="0.1"
    )
    assert code != 0
    assert "VE902" in log
    assert time.monotonic() - started < 20
