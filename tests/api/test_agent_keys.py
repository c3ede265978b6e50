"""`POST /api/v1/agents/keys`: registration, windows, algorithms and proof of possession."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, assert_error, post
from ves import ed25519

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

KEYS = "/api/v1/agents/keys"
VECTORS = Path(__file__).parents[1] / "vectors" / "ves"
POP = json.loads((VECTORS / "keys_pop.json").read_text(encoding="utf-8"))
EDGE = json.loads((VECTORS / "ed25519_edge.json").read_text(encoding="utf-8"))
SMALL_ORDER = ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f", "ff" * 32]


def registration(**members: Any) -> dict[str, Any]:
    return {
        "tenantId": str(uuid.uuid4()),
        "agentId": str(uuid.uuid4()),
        "keyId": 1,
        "publicKey": POP["ed25519"]["public_key"],
        **members,
    }


def hybrid(**members: Any) -> dict[str, Any]:
    return registration(
        keyAlgorithm=5,
        publicKeyBundle={
            "ed25519PublicKey": POP["ed25519"]["public_key"],
            "mlDsa65PublicKey": "0x" + POP["ml_dsa_65"]["public_key"],
        },
        proofOfPossessionBundle={
            "ed25519Pop": POP["hybrid_pop"]["ed25519_pop"],
            "mlDsa65Pop": POP["hybrid_pop"]["ml_dsa_65_pop"],
        },
        **members,
    )


def strict(**members: Any) -> dict[str, Any]:
    return registration(
        keyAlgorithm=3,
        publicKeyBundle={"mlDsa65PublicKey": POP["ml_dsa_65"]["public_key"]},
        proofOfPossessionBundle={"mlDsa65Pop": POP["strict_pop"]["ml_dsa_65_pop"]},
        **{"publicKey": "", **members},
    )


def test_a_key_is_registered_once(admin: httpx.Client) -> None:
    agent = Agent()
    answer = agent.register(admin)
    assert answer.status_code == 200
    body = answer.json()
    assert body.pop("message")
    assert body == {
        "success": True,
        "tenantId": str(agent.tenant_id),
        "agentId": str(agent.agent_id),
        "keyId": 1,
        "keyAlgorithm": 0,
    }
    assert_error(agent.register(admin), 409, "ALREADY_EXISTS", 5004)
    other = Agent(agent.tenant_id, agent.store_id, agent.agent_id)
    assert_error(other.register(admin), 409, "ALREADY_EXISTS")
    assert agent.ingest(admin, agent.event()).json()["eventsAccepted"] == 1


@pytest.mark.parametrize("key", [*SMALL_ORDER, "12", "", "zz" * 32, "0x" + "ab" * 33])
def test_a_key_that_cannot_verify_is_refused_with_a_clear_error(key: str, admin: httpx.Client) -> None:
    error = assert_error(admin.post(KEYS, json=registration(publicKey=key)), 400, "INVALID_PUBLIC_KEY", 6003)
    assert error["details"]["field"] == "publicKey"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"keyId": -1}, 422, "INVALID_REQUEST_BODY"),
        ({"keyId": 2**32}, 422, "INVALID_REQUEST_BODY"),
        ({"keyId": "1"}, 422, "INVALID_REQUEST_BODY"),
        ({"tenantId": "x"}, 422, "INVALID_REQUEST_BODY"),
        ({"publicKey": 5}, 422, "INVALID_REQUEST_BODY"),
        ({"keyAlgorithm": 2**40}, 422, "INVALID_REQUEST_BODY"),
        ({"keyAlgorithm": 7}, 400, "INVALID_FIELD_VALUE"),
        ({"keyAlgorithm": -1}, 400, "INVALID_FIELD_VALUE"),
        ({"validFrom": "yesterday"}, 400, "INVALID_FIELD_VALUE"),
        ({"validTo": "2025-01-01T00:00:00"}, 400, "INVALID_FIELD_VALUE"),
        (
            {"validFrom": "2025-01-02T00:00:00Z", "validTo": "2025-01-01T00:00:00Z"},
            400,
            "INVALID_FIELD_VALUE",
        ),
        ({"keyAlgorithm": 5}, 400, "INVALID_PUBLIC_KEY"),
        ({"keyAlgorithm": 3}, 400, "INVALID_PUBLIC_KEY"),
        ({"keyAlgorithm": 4}, 400, "INVALID_PUBLIC_KEY"),
        ({"keyAlgorithm": 6}, 400, "INVALID_PUBLIC_KEY"),
        ({"proofOfPossessionBundle": {"ed25519Pop": "00" * 64}}, 400, "SIGNATURE_VERIFICATION_FAILED"),
        ({"publicKeyBundle": {"mlDsa65PublicKey": "00"}}, 400, "INVALID_PUBLIC_KEY"),
    ],
)
def test_a_bad_registration_is_refused_by_field(
    change: dict[str, Any], status: int, code: str, admin: httpx.Client
) -> None:
    assert_error(admin.post(KEYS, json=registration(**change)), status, code)


def test_a_window_at_the_ends_of_the_calendar_is_no_server_error(admin: httpx.Client) -> None:
    for start, end in (
        ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    ):
        answer = admin.post(KEYS, json=registration(validFrom=start, validTo=end))
        assert answer.status_code in (200, 400), answer.text


def test_an_open_window_is_null(admin: httpx.Client) -> None:
    assert admin.post(KEYS, json=registration(validFrom=None, validTo=None)).status_code == 200


@pytest.mark.parametrize("make", [hybrid, strict], ids=["hybrid", "strict"])
def test_post_quantum_keys_need_a_proof_of_possession(
    make: Callable[..., dict[str, Any]], admin: httpx.Client
) -> None:
    good = make()
    answer = admin.post(KEYS, json=good)
    assert answer.status_code == 200, answer.text
    assert answer.json()["keyAlgorithm"] == good["keyAlgorithm"]
    without = make(keyId=2) | {"proofOfPossessionBundle": None}
    assert_error(admin.post(KEYS, json=without), 400, "SIGNATURE_VERIFICATION_FAILED", 6002)
    forged = make(keyId=2)
    proof = forged["proofOfPossessionBundle"]
    proof["mlDsa65Pop"] = "00" + proof["mlDsa65Pop"][2:]
    assert_error(admin.post(KEYS, json=forged), 400, "SIGNATURE_VERIFICATION_FAILED")


def test_a_hybrid_proof_needs_both_signatures(admin: httpx.Client) -> None:
    forged = hybrid()
    forged["proofOfPossessionBundle"]["ed25519Pop"] = "11" * 64
    assert_error(admin.post(KEYS, json=forged), 400, "SIGNATURE_VERIFICATION_FAILED")
    half = hybrid()
    del half["proofOfPossessionBundle"]["mlDsa65Pop"]
    assert_error(admin.post(KEYS, json=half), 400, "SIGNATURE_VERIFICATION_FAILED")


def test_two_different_keys_under_one_number_are_refused(admin: httpx.Client) -> None:
    body = hybrid(publicKey=ed25519.public_key(bytes(32)).hex())
    assert_error(admin.post(KEYS, json=body), 400, "INVALID_PUBLIC_KEY")


def test_a_security_profile_limits_the_algorithms(start_server: Callable[..., Server]) -> None:
    server = start_server(VES_SEQUENCER_SECURITY_PROFILE="hybrid")
    with server.client() as client:
        assert_error(client.post(KEYS, json=registration()), 400, "INVALID_FIELD_VALUE")
        assert client.post(KEYS, json=hybrid()).status_code == 200


def test_malformed_json_is_400_and_another_type_415(admin: httpx.Client) -> None:
    assert_error(post(admin, b"{", KEYS), 400, "INVALID_REQUEST_BODY")
    assert_error(post(admin, b"{}", KEYS), 422, "INVALID_REQUEST_BODY")
    assert_error(post(admin, b"{}", KEYS, **{"content-type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE")
    assert_error(post(admin, b"[" * 5000, KEYS), 400, "INVALID_REQUEST_BODY")
    assert_error(post(admin, b'{"tenantId": "\\ud800"}', KEYS), 400, "INVALID_REQUEST_BODY")


def test_a_key_registered_after_the_first_refusal_works_at_once(
    admin: httpx.Client, api_database: Database
) -> None:
    agent = Agent()
    assert agent.ingest(admin, agent.event()).json()["eventsRejected"] == 1
    agent.register(admin)
    assert agent.ingest(admin, agent.event()).json()["eventsAccepted"] == 1
