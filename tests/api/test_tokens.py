"""Tokens and AUTH_MODE over HTTP: the same rights as a key, no database call to judge one, no loop when keys change."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

import pytest

from tests.api.legacy_support import Sender
from tests.api.support import INGEST, Agent, assert_error, post
from tests.api.test_credentials import listing, mint, revoke
from tests.api.test_server_process import run_to_end
from tests.api.tokens import SECRET, SETTINGS, token
from tests.support.processes import Server
from tests.support.waiting import wait_until
from ves_api.settings import SettingsError, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import httpx

    from tests.conftest import Database

NIL = uuid.UUID(int=0)
CALLS = (
    "select coalesce(sum(calls), 0) from pg_stat_statements s join pg_roles r on r.oid = s.userid"
    " join pg_database d on d.oid = s.dbid where r.rolname = 'ves_api' and d.datname = current_database()"
)


@pytest.fixture(scope="module")
def token_server(api_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(api_database.url("ves_api"), dict(SETTINGS)).start(tmp_path_factory.mktemp("t") / "log")
    yield running
    running.stop()


def client(server: Server, text: str) -> httpx.Client:
    found = server.client(key=None)
    found.headers["authorization"] = f"Bearer {text}"
    return found


def statement_calls(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute(CALLS).fetchone()
    assert row is not None
    return int(row[0])


def test_a_token_does_what_a_key_with_its_rights_does(token_server: Server, agent: Agent) -> None:
    with client(token_server, token(agent.tenant_id, stores=str(agent.store_id))) as caller:
        assert agent.ingest(caller, agent.event()).json()["eventsAccepted"] == 1
        assert listing(caller, agent).status_code == 200
        legacy = caller.get(
            "/api/v1/head", params={"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}
        )
        assert legacy.status_code == 200
        assert_error(agent.register(caller), 403, "INSUFFICIENT_PERMISSIONS")
        other = Agent(agent.tenant_id)
        error = assert_error(listing(caller, other), 403, "INSUFFICIENT_PERMISSIONS")
        assert error["message"] == "Store access denied"
        error = assert_error(listing(caller, Agent()), 403, "INSUFFICIENT_PERMISSIONS")
        assert error["message"] == "Tenant access denied"


def test_a_token_of_an_agent_speaks_for_no_other(token_server: Server, agent: Agent) -> None:
    other = Agent(agent.tenant_id, agent.store_id)
    with client(token_server, token(agent.tenant_id, agent=str(agent.agent_id))) as caller:
        assert agent.ingest(caller, agent.event()).status_code == 200
        error = assert_error(other.ingest(caller, other.event()), 403, "INSUFFICIENT_PERMISSIONS")
        assert error["message"] == "Agent mismatch"


def test_a_token_appends_to_the_legacy_stream_too(token_server: Server) -> None:
    sender = Sender()
    with client(token_server, token(sender.tenant_id)) as caller:
        sender.send(caller, 3)
        sender.send(caller, 1)
    with client(token_server, token(uuid.uuid4())) as caller:
        assert_error(sender.ingest(caller, sender.event()), 403, "INSUFFICIENT_PERMISSIONS")


def test_a_bootstrap_token_crosses_tenants(token_server: Server) -> None:
    with client(token_server, token(NIL, "read,write,admin")) as caller:
        for agent in (Agent(), Agent()):
            assert agent.register(caller).status_code == 200
            assert agent.ingest(caller, agent.event()).status_code == 200


def test_a_tokens_ingest_goes_on_while_keys_change(
    token_server: Server, api_database: Database, agent: Agent
) -> None:
    """A token has no epoch: a call that it shares with a key's request is repeated, its own part never refused."""
    with client(token_server, token(agent.tenant_id)) as caller:
        for _ in range(3):
            key = mint(api_database, agent.tenant_id)
            with token_server.client(key) as other:
                assert agent.ingest(other, agent.event()).status_code == 200
                revoke(api_database, key, agent.tenant_id)
                assert agent.ingest(caller, agent.event()).json()["eventsAccepted"] == 1
                assert_error(agent.ingest(other, agent.event()), 401, "INVALID_API_KEY")


def test_an_expired_or_forged_token_is_refused_without_a_database_call(
    start_server: Callable[..., Server], database: Database
) -> None:
    server = start_server(**SETTINGS)
    tenant = uuid.uuid4()
    expired = token(tenant, exp=int(time.time()) - 120)
    forged = token(tenant, secret="x" * 64)
    before = statement_calls(database)
    for text, code, number in ((expired, "TOKEN_EXPIRED", 1004), (forged, "INVALID_TOKEN", 1003)):
        with client(server, text) as caller:
            assert_error(listing(caller, Agent(tenant)), 401, code, number)
            assert_error(post(caller, b"{}"), 401, code, number)
            assert_error(caller.get("/api/v1/head"), 401, code, number)
    assert statement_calls(database) == before


def test_the_query_is_not_looked_at_before_the_credential(server: Server) -> None:
    with server.client(key=None) as anyone:
        for path in ("/api/v1/head?x=%ff%", "/api/v1/events?from=x", "/api/v1/proofs/x", "/api/v1/agents/x"):
            assert_error(anyone.get(path), 401, "AUTH_REQUIRED")


def test_tokens_and_their_secret_never_appear_in_the_log(token_server: Server, agent: Agent) -> None:
    good, bad = token(agent.tenant_id), token(agent.tenant_id, secret="y" * 64)
    with client(token_server, good) as caller:
        agent.ingest(caller, agent.event())
    with client(token_server, bad) as caller:
        answer = post(caller, b"{}")
    wait_until(lambda: answer.headers["x-request-id"] in token_server.log_text())
    log = token_server.log_text()
    for secret in (good, bad, SECRET):
        assert secret not in log


# --- AUTH_MODE=disabled (operations 2.6)


def test_without_authentication_a_credential_keeps_its_identity_and_the_rest_is_the_administrator(
    start_server: Callable[..., Server], database: Database
) -> None:
    server = start_server(AUTH_MODE="disabled", ALLOW_AUTH_DISABLED="true", **SETTINGS)
    agent = Agent()
    with server.client(key=None) as anyone:
        assert agent.register(anyone).status_code == 200
        assert agent.ingest(anyone, agent.event()).json()["eventsAccepted"] == 1
        for headers in (
            {"authorization": "Bearer not.a.token"},
            {"authorization": "nonsense"},
            {"x-api-key": "ss_unknown"},
        ):
            assert listing(anyone, agent, **headers).status_code == 200
            assert post(anyone, agent.body(agent.event()), **headers).status_code == 200
    reader = mint(database, agent.tenant_id, write=False)
    with server.client(reader) as client_of_key:
        assert listing(client_of_key, agent).status_code == 200
        assert_error(agent.ingest(client_of_key, agent.event()), 403, "INSUFFICIENT_PERMISSIONS")
        assert_error(listing(client_of_key, Agent()), 403, "INSUFFICIENT_PERMISSIONS")
    with client(server, token(uuid.uuid4(), "read")) as stranger:
        assert_error(listing(stranger, agent), 403, "INSUFFICIENT_PERMISSIONS")


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"ALLOW_AUTH_DISABLED": "false"},
        {"ALLOW_AUTH_DISABLED": "true", "SEQUENCER_ENV": "production"},
        {"ALLOW_AUTH_DISABLED": "true", "ENVIRONMENT": "prod"},
        {"ALLOW_AUTH_DISABLED": "true", "SEQUENCER_ENV": "develpoment"},
    ],
    ids=str,
)
def test_authentication_is_not_switched_off_by_one_switch_or_in_production(env: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="AUTH_MODE"):
        load({"AUTH_MODE": "disabled", **env})


@pytest.mark.parametrize("word", ["", "local", "Dev", "development", "test", "TESTING", "ci", "staging"])
def test_the_words_of_development_are_known(word: str) -> None:
    env = {"AUTH_MODE": "disabled", "ALLOW_AUTH_DISABLED": "yes", "SEQUENCER_ENV": word}
    assert not load(env).auth.required


def test_a_start_that_would_serve_nobody_is_refused(
    start_server: Callable[..., Server], database: Database, tmp_path: Path
) -> None:
    code, log = run_to_end(database.url("ves_api"), tmp_path / "log", BOOTSTRAP_ADMIN_API_KEY="")
    assert code != 0
    assert "VE908" in log
    start_server(BOOTSTRAP_ADMIN_API_KEY="", **SETTINGS).stop()
    start_server(BOOTSTRAP_ADMIN_API_KEY="", AUTH_MODE="disabled", ALLOW_AUTH_DISABLED="1").stop()
    key = mint(database, uuid.uuid4())
    with start_server(BOOTSTRAP_ADMIN_API_KEY="").client(key) as caller:
        assert caller.get("/api/v1/head").status_code == 400


# --- the operator's routes and addresses (operations 1.3)


def test_the_operators_routes_refuse_an_unlisted_address_before_they_ask_who_it_is(
    start_server: Callable[..., Server],
) -> None:
    server = start_server(ADMIN_IP_ALLOWLIST="203.0.113.0/24", TRUST_PROXY_HEADERS="true")
    for path in (
        "/metrics",
        "/health/detailed",
        "/admin",
        "/api/v1/admin/overview",
    ):
        for key in (None, "ss_unknown"):
            with server.client(key) as anyone:
                error = assert_error(anyone.get(path), 403, "ADMIN_IP_DENIED", 1006)
                assert error["message"] == "Admin access denied"
        with server.client() as admin:
            assert_error(admin.get(path), 403, "ADMIN_IP_DENIED")
            allowed = admin.get(path, headers={"x-forwarded-for": "203.0.113.5"})
            assert allowed.headers.get("x-error-code") != "ADMIN_IP_DENIED"
    with server.client(key=None) as anyone:
        # A path has one spelling: this one names no route at all.
        assert_error(anyone.get("/api/v1/%61dmin/overview"), 404, "RESOURCE_NOT_FOUND")
        assert anyone.get("/health").status_code == 200
        assert_error(anyone.post(INGEST, content=b""), 401, "AUTH_REQUIRED")
