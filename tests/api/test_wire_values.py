"""Values on the wire: spellings of ids and numbers, members and parameters sent twice, paths, byte order marks.

What clients of the original send is taken as there; what two readers could understand differently is refused.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.legacy_support import Sender
from tests.api.support import Agent, assert_error, post
from tests.support.processes import BOOTSTRAP_KEY

if TYPE_CHECKING:
    import httpx

    from tests.support.processes import Server

HASH = "ab" * 32
VERIFY = ("/api/v1/proofs/verify", "events_root"), ("/api/v1/ves/proofs/verify", "merkle_root")


SPELLINGS = ["{{{}}}", "urn:uuid:{}", "{}"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_ids_of_every_body_have_any_spelling(admin: httpx.Client, spelling: str) -> None:
    agent, sender = Agent(), Sender()

    def spelled(value: uuid.UUID) -> str:
        return spelling.format(str(value).upper())

    ids = {"tenantId": spelled(agent.tenant_id), "agentId": spelled(agent.agent_id)}
    assert agent.register(admin, **ids).json()["tenantId"] == str(agent.tenant_id)
    assert agent.ingest(admin, agent.event(), agentId=ids["agentId"]).json()["eventsAccepted"] == 1
    sender.send(admin, 1)
    for path, stream in (("/api/v1/ves/commitments", agent), ("/api/v1/commitments", sender)):
        body = {"tenant_id": spelled(stream.tenant_id), "store_id": spelled(stream.store_id)}
        answer = admin.post(path, json=body | {"sequence_start": 1, "sequence_end": 1})
        assert answer.json()["tenant_id"] == str(stream.tenant_id), answer.text
    schema = {"tenantId": ids["tenantId"], "eventType": "a", "schemaJson": {}}
    assert admin.post("/api/v1/schemas", json=schema).status_code == 200
    validated = {"tenantId": ids["tenantId"], "eventType": "a", "payload": {}}
    assert admin.post("/api/v1/schemas/validate", json=validated).json()["schemaVersion"] == 1


@pytest.mark.parametrize("given", ["{{{}", "{}}}", "urn:uuid:{{{}}}", "URN:UUID:{}", " {}", "{}0"])
def test_what_is_no_spelling_of_an_id_is_422(admin: httpx.Client, given: str) -> None:
    agent = Agent()
    answer = agent.register(admin, agentId=given.format(agent.agent_id))
    error = assert_error(answer, 422, "INVALID_REQUEST_BODY")
    assert error["details"]["field"] == "agentId"


def test_a_member_that_is_sent_twice_is_422(admin: httpx.Client, agent: Agent) -> None:
    event = agent.event()
    once = agent.body(event)
    twice = once[:-1] + b',"agentId":"' + str(uuid.uuid4()).encode() + b'"}'
    assert_error(post(admin, twice), 422, "INVALID_REQUEST_BODY")
    inside = once.replace(b'"entity_type":', b'"entity_type":"x","entity_type":', 1)
    assert_error(post(admin, inside), 422, "INVALID_REQUEST_BODY")
    verify = (
        f'{{"leaf_hash":"{HASH}","leaf_hash":"{HASH}","events_root":"{HASH}","proof_path":[],"leaf_index":0}}'
    )
    assert_error(post(admin, verify.encode(), "/api/v1/proofs/verify"), 422, "INVALID_REQUEST_BODY")


def test_members_of_a_payload_and_unknown_ones_may_repeat(admin: httpx.Client, agent: Agent) -> None:
    sender = Sender()
    event = sender.event(raw=b'{"a":1,"a":2}')
    assert sender.ingest(admin, event).json()["events_accepted"] == 1
    unknown = f'{{"x":1,"x":{{"y":1,"y":2}},"leaf_hash":"{HASH}","events_root":"{HASH}","proof_path":[],"leaf_index":0}}'
    assert post(admin, unknown.encode(), "/api/v1/proofs/verify").status_code == 200


def test_a_query_parameter_that_is_sent_twice_is_400(admin: httpx.Client) -> None:
    query = f"tenant_id={uuid.uuid4()}&store_id={uuid.uuid4()}&store_id={uuid.uuid4()}"
    error = assert_error(admin.get(f"/api/v1/head?{query}"), 400, "INVALID_FIELD_VALUE")
    assert error["details"]["field"] == "store_id"
    assert admin.get(f"/api/v1/head?{query.rsplit('&', 1)[0]}&other=1&other=2").status_code == 200


@pytest.mark.parametrize(
    ("name", "values", "status", "code"),
    [
        ("x-api-key", (BOOTSTRAP_KEY, "ss_other"), 401, "AUTH_REQUIRED"),
        ("authorization", (f"ApiKey {BOOTSTRAP_KEY}", "ApiKey ss_other"), 401, "AUTH_REQUIRED"),
        ("content-type", ("application/json", "text/plain"), 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_a_header_of_one_value_that_is_sent_with_two_is_refused(
    server: Server, name: str, values: tuple[str, str], status: int, code: str
) -> None:
    headers = [("x-api-key", BOOTSTRAP_KEY), ("content-type", "application/json")]
    with server.client(None) as client:
        for given in values[:1], values[:1] * 2, values:
            sent = [(key, value) for key, value in headers if key != name] + [
                (name, value) for value in given
            ]
            answer = client.post("/api/v1/proofs/verify", content=b"{}", headers=sent)
            expected = (422, "INVALID_REQUEST_BODY") if given != values else (status, code)
            error = assert_error(answer, *expected)
        assert error["message"].lower() == f"{name} has two values"


@pytest.mark.parametrize(("path", "root"), VERIFY)
def test_a_number_beyond_its_type_is_422(admin: httpx.Client, path: str, root: str) -> None:
    proof = {"leaf_hash": HASH, root: HASH, "proof_path": []}
    for index in (2**64, -1):
        assert_error(admin.post(path, json=proof | {"leaf_index": index}), 422, "INVALID_REQUEST_BODY")
    assert admin.post(path, json=proof | {"leaf_index": 2**64 - 1}).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/commitments", "/api/v1/ves/commitments"])
def test_a_range_beyond_64_bits_is_422(admin: httpx.Client, path: str) -> None:
    body = {"tenant_id": str(uuid.uuid4()), "store_id": str(uuid.uuid4()), "sequence_start": 1}
    assert_error(admin.post(path, json=body | {"sequence_end": 2**64}), 422, "INVALID_REQUEST_BODY")
    assert admin.post(path, json=body | {"sequence_end": 2**64 - 1}).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"proofVersion": -1},
        {"proofVersion": 2**32},
        {"witnessCommitment": [1, 2, 3]},
        {"witnessCommitment": [1, 2, 3, 2**64]},
    ],
)
def test_a_proof_member_beyond_its_type_is_422(
    admin: httpx.Client, agent: Agent, changes: dict[str, Any]
) -> None:
    event = agent.event()
    agent.ingest(admin, event)
    body = {"proofType": "other", "policyId": "p", "proofB64": "AAAA", **changes}
    answer = admin.post(f"/api/v1/ves/compliance/{event['event_id']}/proofs", json=body)
    assert_error(answer, 422, "INVALID_REQUEST_BODY")


def test_numbers_in_query_and_path_may_have_a_plus(admin: httpx.Client) -> None:
    sender = Sender()
    sender.send(admin, 2)
    batch = sender.commit(admin, 1, 2).json()["batch_id"]
    assert sender.get(admin, "/api/v1/events", **{"from": "+2"}).json()["count"] == 1
    assert sender.get(admin, "/api/v1/events", **{"from": "1", "limit": "+1"}).json()["count"] == 1
    assert sender.get(admin, "/api/v1/proofs/+1", batch_id=batch).json()["sequence_number"] == 1
    for wrong in ("++1", "+", "-1", "+ 1", "1.0", "٣"):
        assert_error(sender.get(admin, "/api/v1/events", **{"from": wrong}), 400, "INVALID_FIELD_VALUE")
    assert_error(
        sender.get(admin, "/api/v1/ves/proofs/+1", batch_id=str(uuid.uuid4())), 404, "RESOURCE_NOT_FOUND"
    )


@pytest.mark.parametrize("version", [2**31 - 1, 2**31, 2**32 - 1])
def test_a_schema_version_that_nothing_has_is_404(admin: httpx.Client, version: int) -> None:
    tenant = {"tenant_id": str(uuid.uuid4())}
    answer = admin.get("/api/v1/schemas/event-type/a", params=tenant | {"version": version})
    assert_error(answer, 404, "SCHEMA_NOT_FOUND")
    body = {"tenantId": tenant["tenant_id"], "eventType": "a", "payload": {}, "schemaVersion": version}
    assert_error(admin.post("/api/v1/schemas/validate", json=body), 404, "SCHEMA_NOT_FOUND")


@pytest.mark.parametrize("version", [-1, 2**32])
def test_a_schema_version_beyond_its_type_is_refused(admin: httpx.Client, version: int) -> None:
    tenant = {"tenant_id": str(uuid.uuid4())}
    answer = admin.get("/api/v1/schemas/event-type/a", params=tenant | {"version": version})
    assert_error(answer, 400, "INVALID_FIELD_VALUE")


@pytest.mark.parametrize("path", ["/api/v1/%68ead", "/%61pi/v1/head", "/api/v1/hea%64", "/he%61lth"])
def test_a_route_has_one_spelling(admin: httpx.Client, path: str) -> None:
    assert_error(Sender().get(admin, path), 404, "RESOURCE_NOT_FOUND")


def test_names_in_a_path_are_decoded(admin: httpx.Client) -> None:
    sender = Sender()
    sender.ingest(admin, sender.event(entity_type="a b", entity_id="x/é"))
    answer = sender.get(admin, "/api/v1/entities/%61%20b/x%2F%C3%A9")
    assert (answer.json()["entity_id"], answer.json()["count"]) == ("x/é", 1)


def test_nothing_is_registered_under_a_name_that_no_event_type_has(admin: httpx.Client) -> None:
    tenant = str(uuid.uuid4())
    for name in ("", "e" * 257):
        body = {"tenantId": tenant, "eventType": name, "payload": {"n": 1}}
        answer = admin.post("/api/v1/schemas/validate", json=body)
        assert answer.json() == {"valid": True, "schemaId": None, "schemaVersion": None, "errors": []}
    path = f"/api/v1/schemas/event-type/{'e' * 257}"
    assert admin.get(path, params={"tenant_id": tenant}).json() == {"schemas": [], "count": 0}
    query = {"tenant_id": tenant, "event_type": "e"}
    assert_error(admin.get(f"{path}/latest", params=query), 404, "SCHEMA_NOT_FOUND")


def test_a_byte_order_mark_is_passed_over(admin: httpx.Client, agent: Agent) -> None:
    assert post(admin, b"\xef\xbb\xbf" + agent.body(agent.event())).json()["eventsAccepted"] == 1
    body = f'{{"leaf_hash":"{HASH}","merkle_root":"{HASH}","proof_path":[],"leaf_index":0}}'.encode()
    answer = post(admin, b"\xef\xbb\xbf" + body, "/api/v1/ves/proofs/verify")
    assert answer.json() == {"valid": True, "leaf_hash": HASH, "merkle_root": HASH}
