"""Keys of agents after their registration: list, rotate, revoke, over REST and in every process at once."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, assert_error, post
from tests.api.test_agent_keys import POP, hybrid, strict
from tests.api.test_credentials import mint
from ves import digests, ed25519, hpke

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server


def path(agent: Agent, *more: object) -> str:
    return "/".join(["/api/v1/agents", str(agent.agent_id), "keys", *map(str, more)])


def listed(client: httpx.Client, agent: Agent, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(path(agent), params={"tenantId": str(agent.tenant_id), **query})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["count"] == len(body["keys"])
    found: list[dict[str, Any]] = body["keys"]
    return found


def successor(agent: Agent, key_id: int = 2) -> Agent:
    return Agent(agent.tenant_id, agent.store_id, agent.agent_id, key_id)


def rotation(new: Agent, **members: Any) -> dict[str, Any]:
    return {
        "tenantId": str(new.tenant_id),
        "newKeyId": new.key_id,
        "publicKey": ed25519.public_key(new.seed).hex(),
        **members,
    }


def rotate(client: httpx.Client, agent: Agent, new: Agent, **members: Any) -> httpx.Response:
    return client.post(path(agent, agent.key_id, "rotate"), json=rotation(new, **members))


def revoke(client: httpx.Client, agent: Agent, **query: Any) -> httpx.Response:
    return client.delete(path(agent, agent.key_id), params={"tenantId": str(agent.tenant_id), **query})


def test_a_key_is_listed_with_its_window_and_bytes(admin: httpx.Client) -> None:
    agent = Agent()
    window = {"validFrom": "2025-01-01T00:00:00Z", "validTo": "2100-01-01T00:00:00.5Z"}
    assert agent.register(admin, **window).status_code == 200
    (key,) = listed(admin, agent)
    assert dt.datetime.fromisoformat(key.pop("createdAt")).tzinfo is not None
    assert key == {
        "keyId": 1,
        "keyType": "signing",
        "keyAlgorithm": 1,
        "publicKey": ed25519.public_key(agent.seed).hex(),
        "status": "active",
        "usageCount": 0,
        "validFrom": "2025-01-01T00:00:00Z",
        "validTo": "2100-01-01T00:00:00.500Z",
    }


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("2024-12-31T23:59:59.999999Z", "not_yet_valid"),
        ("2025-01-01T00:00:00Z", "active"),
        ("2026-01-01T00:00:00Z", "active"),
        ("2026-01-01T00:00:00.000001Z", "expired"),
        ("2025-12-31T23:59:60Z", "active"),
        ("2026-01-01T00:00:00.0000009Z", "active"),
        ("2016-12-31T23:59:60Z", "not_yet_valid"),
    ],
)
def test_the_status_is_judged_at_the_instant_that_was_asked_for(
    at: str, status: str, admin: httpx.Client
) -> None:
    agent = Agent()
    agent.register(admin, validFrom="2025-01-01T00:00:00Z", validTo="2026-01-01T00:00:00Z")
    assert listed(admin, agent, at=at)[0]["status"] == status


def test_keys_are_listed_by_number_and_by_use(admin: httpx.Client) -> None:
    agent = Agent()
    agent.register(admin)
    successor(agent, 2**32 - 1).register(admin)
    wrap = hpke.public_key(bytes(range(32))).hex()
    successor(agent, 9).register(admin, keyAlgorithm=2, publicKey=wrap)
    body = hybrid(tenantId=str(agent.tenant_id), agentId=str(agent.agent_id), keyId=3)
    assert admin.post("/api/v1/agents/keys", json=body).status_code == 200
    assert [key["keyId"] for key in listed(admin, agent)] == [1, 3, 9, 2**32 - 1]
    assert [key["keyId"] for key in listed(admin, agent, keyType="signing")] == [1, 3, 2**32 - 1]
    (sealed_to,) = listed(admin, agent, keyType="encryption")
    assert (sealed_to["keyAlgorithm"], sealed_to["publicKey"]) == (2, wrap)
    bundle = listed(admin, agent)[1]["publicKeyBundle"]
    assert bundle == {
        "ed25519PublicKey": POP["ed25519"]["public_key"].removeprefix("0x"),
        "mlDsa65PublicKey": POP["ml_dsa_65"]["public_key"].removeprefix("0x"),
    }


def test_an_agent_without_keys_has_an_empty_list(admin: httpx.Client) -> None:
    assert listed(admin, Agent()) == []


@pytest.mark.parametrize(
    "query",
    [
        {"keyType": "both"},
        {"at": "yesterday"},
        {"at": "2025-01-01T00:00:00"},
        {"at": "2025-01-01T00:00:00+0200"},
        {"at": "0000-01-01T00:00:00Z"},
        {"tenantId": "x"},
        {"tenantId": None},
    ],
)
def test_a_bad_query_is_refused(query: dict[str, Any], admin: httpx.Client, agent: Agent) -> None:
    params = {"tenantId": str(agent.tenant_id), **query}
    answer = admin.get(path(agent), params={name: value for name, value in params.items() if value})
    assert_error(answer, 400, "INVALID_FIELD_VALUE")


def test_a_revoked_key_stays_listed_with_reason_and_first_instant(admin: httpx.Client, agent: Agent) -> None:
    first = revoke(admin, agent, reason="lost laptop")
    assert first.status_code == 200
    revoked_at = first.json()["revokedAt"]
    assert first.json() == {
        "success": True,
        "tenantId": str(agent.tenant_id),
        "agentId": str(agent.agent_id),
        "keyId": 1,
        "revokedAt": revoked_at,
    }
    assert revoke(admin, agent, reason="again").json()["revokedAt"] == revoked_at
    (key,) = listed(admin, agent, at="2000-01-01T00:00:00Z")
    assert (key["status"], key["revokedAt"], key["reason"]) == ("revoked", revoked_at, "lost laptop")


def test_a_key_revoked_by_another_process_signs_nothing_more_anywhere(
    start_server: Callable[..., Server],
) -> None:
    """Key bytes are cached by each process; whether a key still counts is judged with every call."""
    first, second = start_server(), start_server()
    with first.client() as one, second.client() as other:
        agent = Agent()
        agent.register(one)
        for client in (one, other):
            assert agent.ingest(client, agent.event()).json()["eventsAccepted"] == 1
        assert revoke(other, agent).status_code == 200
        for client in (one, other):
            rejected = agent.ingest(client, agent.event()).json()["rejections"]
            assert [item["reason"] for item in rejected] == ["agent_key_invalid: Agent key has been revoked"]


def test_a_rotation_by_another_process_holds_everywhere_at_once(start_server: Callable[..., Server]) -> None:
    first, second = start_server(), start_server()
    with first.client() as one, second.client() as other:
        agent = Agent()
        agent.register(one)
        assert agent.ingest(one, agent.event()).json()["eventsAccepted"] == 1
        new = successor(agent)
        assert rotate(other, agent, new, gracePeriodSeconds=0).status_code == 200
        assert agent.ingest(one, agent.event()).json()["eventsRejected"] == 1
        assert new.ingest(one, new.event()).json()["eventsAccepted"] == 1


def test_a_rotated_key_signs_in_its_grace_period(admin: httpx.Client, agent: Agent) -> None:
    new = successor(agent)
    answer = rotate(admin, agent, new, gracePeriodSeconds=3600)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    rotated_at, until = body["rotatedAt"], body["graceUntil"]
    assert dt.datetime.fromisoformat(until) - dt.datetime.fromisoformat(rotated_at) == dt.timedelta(hours=1)
    assert body == {
        "success": True,
        "tenantId": str(agent.tenant_id),
        "agentId": str(agent.agent_id),
        "oldKeyId": 1,
        "oldStatus": "in_grace",
        "newKeyId": 2,
        "rotatedAt": rotated_at,
        "graceUntil": until,
    }
    for signer in (agent, new):
        assert signer.ingest(admin, signer.event()).json()["eventsAccepted"] == 1
    assert [(key["keyId"], key["status"]) for key in listed(admin, agent)] == [(1, "in_grace"), (2, "active")]


def test_a_rotation_can_revoke_the_old_key(admin: httpx.Client, agent: Agent) -> None:
    body = rotate(admin, agent, successor(agent), revokeOld=True).json()
    assert (body["oldStatus"], body["graceUntil"]) == ("revoked", None)
    assert agent.ingest(admin, agent.event()).json()["eventsRejected"] == 1


def test_a_registered_key_takes_over_without_its_bytes(admin: httpx.Client, agent: Agent) -> None:
    new = successor(agent)
    new.register(admin, validFrom="2100-01-01T00:00:00Z")
    body = {"tenantId": str(agent.tenant_id), "newKeyId": 2}
    assert admin.post(path(agent, 1, "rotate"), json=body).status_code == 200
    assert new.ingest(admin, new.event()).json()["eventsAccepted"] == 1


def test_a_hybrid_key_takes_over_with_its_proofs_only(admin: httpx.Client, agent: Agent) -> None:
    members = {**hybrid(), "newKeyId": 2, "tenantId": str(agent.tenant_id)}
    without = {**members, "proofOfPossessionBundle": None}
    assert_error(admin.post(path(agent, 1, "rotate"), json=without), 400, "SIGNATURE_VERIFICATION_FAILED")
    assert [key["status"] for key in listed(admin, agent)] == ["active"]
    assert admin.post(path(agent, 1, "rotate"), json=members).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"newKeyId": None}, 422, "INVALID_REQUEST_BODY"),
        ({"newKeyId": 2**32}, 422, "INVALID_REQUEST_BODY"),
        ({"gracePeriodSeconds": -1}, 422, "INVALID_REQUEST_BODY"),
        ({"gracePeriodSeconds": 3650 * 86400 + 1}, 422, "INVALID_REQUEST_BODY"),
        ({"newKeyId": 1}, 400, "INVALID_FIELD_VALUE"),
        ({"reason": "mood"}, 422, "INVALID_REQUEST_BODY"),
        ({"validTo": "tomorrow"}, 400, "INVALID_FIELD_VALUE"),
        ({"keyAlgorithm": 9}, 400, "INVALID_FIELD_VALUE"),
        ({"publicKey": "00" * 32}, 400, "INVALID_PUBLIC_KEY"),
        ({"publicKey": None}, 404, "AGENT_KEY_NOT_FOUND"),
        ({"proofOfPossession": "00" * 64}, 400, "SIGNATURE_VERIFICATION_FAILED"),
        ({"proofOfPossession": "00"}, 400, "INVALID_FIELD_VALUE"),
    ],
)
def test_a_bad_rotation_is_refused_and_changes_nothing(
    change: dict[str, Any], status: int, code: str, admin: httpx.Client, agent: Agent
) -> None:
    assert_error(rotate(admin, agent, successor(agent), **change), status, code)
    assert [key["status"] for key in listed(admin, agent)] == ["active"]


def test_only_an_active_key_is_rotated(admin: httpx.Client, agent: Agent) -> None:
    revoke(admin, agent)
    error = assert_error(rotate(admin, agent, successor(agent)), 409, "INVALID_STATE_TRANSITION", 7001)
    assert error["details"] == {"status": "revoked"}


def test_an_unknown_key_and_another_tenants_key_are_the_same_404(admin: httpx.Client, agent: Agent) -> None:
    stranger = Agent(agent_id=agent.agent_id)
    unknown = Agent(agent.tenant_id)
    for who in (stranger, unknown):
        assert_error(revoke(admin, who), 404, "AGENT_KEY_NOT_FOUND", 4005)
        assert_error(rotate(admin, who, successor(who)), 404, "AGENT_KEY_NOT_FOUND")
        assert listed(admin, who) == []
    assert [key["status"] for key in listed(admin, agent)] == ["active"]


def test_only_administrators_of_the_tenant_change_keys_and_its_readers_see_them(
    server: Server, api_database: Database, admin: httpx.Client, agent: Agent
) -> None:
    tenant = agent.tenant_id
    with (
        server.client(mint(api_database, tenant, admin=True)) as boss,
        server.client(mint(api_database, tenant)) as writer,
        server.client(mint(api_database, tenant, read=False)) as blind,
        server.client(mint(api_database, uuid.uuid4(), admin=True)) as stranger,
        server.client(None) as nobody,
    ):
        assert [key["keyId"] for key in writer.get(path(agent)).json()["keys"]] == [1]
        assert_error(blind.get(path(agent)), 403, "INSUFFICIENT_PERMISSIONS")
        assert stranger.get(path(agent)).json() == {"keys": [], "count": 0}
        assert_error(stranger.delete(path(agent, 1)), 404, "AGENT_KEY_NOT_FOUND")
        for client, status in ((writer, 403), (stranger, 403), (nobody, 401)):
            assert revoke(client, agent).status_code == status
            assert rotate(client, agent, successor(agent)).status_code == status
        assert_error(
            stranger.get(path(agent), params={"tenantId": str(tenant)}), 403, "INSUFFICIENT_PERMISSIONS"
        )
        assert rotate(boss, agent, successor(agent), tenantId=None).status_code == 200
        assert boss.delete(path(agent, 1)).status_code == 200


@pytest.mark.parametrize("number", ["x", "-1", str(2**32)])
def test_a_bad_key_number_is_refused(number: str, admin: httpx.Client, agent: Agent) -> None:
    query = {"tenantId": str(agent.tenant_id)}
    assert_error(admin.delete(path(agent, number), params=query), 400, "INVALID_FIELD_VALUE")
    assert_error(admin.post(path(agent, number, "rotate"), json=rotation(agent)), 400, "INVALID_FIELD_VALUE")


def test_a_long_reason_is_refused(admin: httpx.Client, agent: Agent) -> None:
    assert_error(revoke(admin, agent, reason="x" * 1025), 400, "INVALID_FIELD_VALUE")
    assert revoke(admin, agent, reason="x" * 1024).status_code == 200


def test_an_ed25519_key_may_prove_its_possession(admin: httpx.Client) -> None:
    agent = Agent()
    proof = ed25519.sign(agent.seed, digests.pop_challenge(ed25519.public_key(agent.seed))).hex()
    assert agent.register(admin, proofOfPossession="0x" + proof).status_code == 200
    other = successor(agent)
    assert_error(other.register(admin, proofOfPossession=proof), 400, "SIGNATURE_VERIFICATION_FAILED", 6002)


def test_a_strict_key_may_send_its_proof_as_a_single_one(admin: httpx.Client) -> None:
    body = {
        **strict(),
        "proofOfPossessionBundle": None,
        "proofOfPossession": POP["strict_pop"]["ml_dsa_65_pop"],
    }
    assert admin.post("/api/v1/agents/keys", json=body).status_code == 200


def test_a_second_registration_says_whether_it_is_the_same_key(admin: httpx.Client, agent: Agent) -> None:
    assert assert_error(agent.register(admin), 409, "ALREADY_EXISTS", 5004)["details"] == {"identical": True}
    other = Agent(agent.tenant_id, agent.store_id, agent.agent_id)
    assert assert_error(other.register(admin), 409, "ALREADY_EXISTS")["details"] == {"identical": False}


def test_a_body_that_is_no_rotation_is_refused(admin: httpx.Client, agent: Agent) -> None:
    where = path(agent, 1, "rotate")
    assert_error(post(admin, b"{", where), 400, "INVALID_REQUEST_BODY")
    assert_error(post(admin, b"{}", where), 422, "INVALID_REQUEST_BODY")
    assert_error(post(admin, b"{}", where, **{"content-type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")
