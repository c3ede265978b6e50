"""Compliance proofs over REST: made, submitted, listed, verified, refused with a reason, and kept apart by tenant."""

from __future__ import annotations

import base64
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.api import proofs
from tests.api.proofs import AML, COMPLIANCE, submission, submit, with_bytes
from tests.api.support import Agent, assert_error, post
from tests.api.test_credentials import mint
from tests.support.cluster import ROOT

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

VECTORS = ROOT / "tests" / "vectors" / "stark"
ACCEPTED = ["aml_default", "aml_default_borrow_big", "aml_default_boundary", "aml_secure"]
ACCEPTED += ["cap_default_equal", "cap_default_zero_amount", "cap_secure"]
SUMMARY = [
    "proof_id", "event_id", "tenant_id", "store_id", "proof_type", "proof_version", "policy_id", "policy_params",
    "policy_hash", "proof_hash", "witness_commitment", "witness_commitment_hex", "public_inputs", "submitted_at",
    "amount_binding", "strength",
]  # fmt: skip


def vector(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / f"proof_{name}.json").read_text(encoding="utf-8"))
    return found


def plant(database: Database, inputs: dict[str, Any]) -> None:
    """The event of a vector: its number and hashes cannot come from an ingest call."""
    with database.connect() as connection:
        connection.execute(
            """insert into ves_store.ves_events (
              tenant_id, store_id, sequence_number, event_id, source_agent_id, agent_key_id, payload_kind, signer_id,
              created_at, sequenced_at, entity_type, entity_id, event_type, created_at_str, payload_plain_hash,
              payload_cipher_hash, event_signing_hash, agent_signature, leaf_hash, record_hash, payload, payload_encrypted)
            values (%s, %s, %s, %s, %s, 1, %s, 1, now(), now(), 'order', 'o', 'order.created', '', %s, %s, %s, %s, %s,
              sha256(''), %s, %s) on conflict do nothing""",
            [
                inputs["tenantId"],
                inputs["storeId"],
                inputs["sequenceNumber"],
                inputs["eventId"],
                uuid.uuid4(),
                inputs["payloadKind"],
                *(
                    bytes.fromhex(inputs[n])
                    for n in ("payloadPlainHash", "payloadCipherHash", "eventSigningHash")
                ),
                bytes(64),
                bytes(32),
                "{}" if inputs["payloadKind"] == 0 else None,
                "{}" if inputs["payloadKind"] == 1 else None,
            ],
        )


def vector_body(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "proofType": "stark",
        "proofVersion": 2,
        "policyId": found["publicInputs"]["policyId"],
        "policyParams": found["publicInputs"]["policyParams"],
        "proofB64": found["proofB64"],
        "witnessCommitment": [int(limb) for limb in found["witnessCommitment"]],
    }


def sql_verdict(database: Database, proof_id: str, role: str = "ves_reader") -> dict[str, Any]:
    with database.connect(role) as connection:
        row = connection.execute(
            "select to_jsonb(v) from ves.verify_compliance_proof(%s) as v", [proof_id]
        ).fetchone()
    assert row is not None
    verdict: dict[str, Any] = row[0]
    return verdict


@pytest.fixture
def event(admin: httpx.Client, agent: Agent) -> str:
    """A plaintext event about 5000."""
    return proofs.store_event(admin, agent, {"amount": 5000})


@pytest.fixture
def body(admin: httpx.Client, event: str) -> dict[str, Any]:
    """A good submission for the event."""
    return submission(proofs.prove(proofs.inputs_of(admin, event), 5000))


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_proof_of_the_reference_is_accepted_and_verified_by_rest_and_by_sql(
    name: str, admin: httpx.Client, api_database: Database
) -> None:
    found = vector(name)
    inputs = found["publicInputs"]
    plant(api_database, inputs)
    policy = {"policyId": inputs["policyId"], "policyParams": inputs["policyParams"]}
    got = proofs.inputs_of(admin, inputs["eventId"], policy)
    assert got["public_inputs"] == inputs
    assert got["public_inputs_hash"] == found["publicInputsHash"]
    answer = submit(admin, inputs["eventId"], vector_body(found))
    assert answer.status_code == 200, answer.text
    stored = answer.json()
    assert list(stored) == SUMMARY
    assert stored["proof_hash"] == found["proofHash"]
    assert stored["witness_commitment"] == [int(limb) for limb in found["witnessCommitment"]]
    assert stored["strength"]["preset"] == name.split("_")[1]
    assert stored["strength"]["hides_amount"] is False
    verdict = admin.get(f"{COMPLIANCE}/proofs/{stored['proof_id']}/verify").json()
    assert (verdict["valid"], verdict["reason"], verdict["stark_valid"]) == (True, None, True)
    assert (
        verdict["public_inputs_hash"] == verdict["canonical_public_inputs_hash"] == found["publicInputsHash"]
    )
    in_sql = sql_verdict(api_database, stored["proof_id"])
    assert (in_sql["valid"], in_sql["reason"], in_sql["stark_valid"]) == (True, None, True)
    assert in_sql["strength"] == verdict["strength"]


def test_options_that_the_verifier_does_not_accept_are_refused(
    admin: httpx.Client, api_database: Database
) -> None:
    found = vector("aml_fast_unaccepted")
    plant(api_database, found["publicInputs"])
    error = assert_error(
        submit(admin, found["publicInputs"]["eventId"], vector_body(found)), 400, "INVALID_FIELD_VALUE"
    )
    assert error["details"]["reason"] == "unaccepted_options"


@pytest.mark.parametrize("edit", ["trailing", "gkr", "partitions", "limb"])
def test_a_second_encoding_of_a_good_proof_is_refused(
    edit: str, admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    data = base64.b64decode(body["proofB64"])
    changed = {
        "trailing": with_bytes(body, data + b"\x00\x01"),
        "gkr": with_bytes(body, data[:-1] + bytes.fromhex("010961626364")),
        "partitions": with_bytes(body, data[:-10] + b"\x03" + data[-9:]),
        "limb": body | {"witnessCommitment": [2**64 - 1, 0, 0, 0]},
    }[edit]
    error = assert_error(submit(admin, event, changed), 400, "INVALID_FIELD_VALUE")
    assert error["message"].startswith("Invalid STARK proof: ")
    assert admin.get(f"{COMPLIANCE}/{event}/proofs").json()["count"] == 0
    assert submit(admin, event, body).status_code == 200


def test_a_tampered_byte_is_refused_and_does_not_lock_the_honest_proof_out(
    admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    data = bytearray(base64.b64decode(body["proofB64"]))
    for at in (40, len(data) // 2, len(data) - 20):
        changed = bytes(data[:at]) + bytes([data[at] ^ 1]) + bytes(data[at + 1 :])
        error = assert_error(submit(admin, event, with_bytes(body, changed)), 400, "INVALID_FIELD_VALUE")
        assert error["details"]["reason"] in ("malformed_proof", "stark_invalid")
    assert submit(admin, event, body).status_code == 200


def test_a_proof_for_another_amount_than_the_payloads_is_refused(
    admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    wrong = submission(proofs.prove(proofs.inputs_of(admin, event), 1))
    error = assert_error(submit(admin, event, wrong), 400, "INVALID_FIELD_VALUE")
    assert error["details"] == {"reason": "amount_mismatch", "amount_binding": "mismatch"}
    stored = submit(admin, event, body).json()
    assert stored["amount_binding"] == "bound"
    assert stored["strength"]["amount_bound"] is True


def test_a_commitment_to_another_amount_is_refused(
    admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    other = proofs.prove(proofs.inputs_of(admin, event), 4999)
    error = assert_error(
        submit(admin, event, body | {"witnessCommitment": other.witness_commitment}),
        400,
        "INVALID_FIELD_VALUE",
    )
    assert error["details"]["reason"] == "stark_invalid"


def test_a_proof_of_one_event_is_none_for_another(
    admin: httpx.Client, agent: Agent, body: dict[str, Any]
) -> None:
    other = proofs.store_event(admin, agent, {"amount": 5000})
    error = assert_error(submit(admin, other, body), 400, "INVALID_FIELD_VALUE")
    assert error["details"]["reason"] == "stark_invalid"


def test_a_payload_without_an_amount_is_reported(admin: httpx.Client, agent: Agent) -> None:
    event = proofs.store_event(admin, agent, {"amount": "5000"})
    stored = submit(admin, event, submission(proofs.prove(proofs.inputs_of(admin, event), 7))).json()
    assert stored["amount_binding"] == "no_amount_in_payload"
    assert stored["strength"]["amount_bound"] is None


def test_an_encrypted_events_binding_is_not_checkable(admin: httpx.Client, api_database: Database) -> None:
    found = vector("aml_default")
    plant(api_database, found["publicInputs"])
    stored = submit(admin, found["publicInputs"]["eventId"], vector_body(found)).json()
    assert stored["amount_binding"] == "not_checkable_by_server"


def test_the_same_proof_again_answers_the_same_record(
    admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    first = submit(admin, event, body)
    limbs = first.json()["witness_commitment"]
    padded = body["proofB64"].rstrip("=").translate(str.maketrans("+/", "-_"))
    for again in (body, body | {"witnessCommitment": limbs}, body | {"proofB64": f" {padded}\n"}):
        assert submit(admin, event, again).content == first.content
    listed = admin.get(f"{COMPLIANCE}/{event}/proofs").json()
    assert listed == {"event_id": event, "proofs": [first.json()], "count": 1}
    one = admin.get(f"{COMPLIANCE}/proofs/{first.json()['proof_id']}").json()
    assert one == first.json() | {"proof_b64": body["proofB64"]}


def test_another_proof_in_the_same_place_is_a_conflict(admin: httpx.Client, event: str) -> None:
    plain = AML | {"proofType": "attestation", "proofB64": "AAAA"}
    first = submit(admin, event, plain)
    assert first.status_code == 200, first.text
    assert first.json()["strength"] is None
    error = assert_error(submit(admin, event, plain | {"proofB64": "AAAB"}), 409, "ALREADY_EXISTS")
    assert error["details"] == {"field": "proof", "proof_id": first.json()["proof_id"]}
    as_float = plain | {"policyParams": {"threshold": 10_000.0}}
    error = assert_error(submit(admin, event, as_float), 409, "ALREADY_EXISTS")
    assert error["details"]["field"] == "public_inputs"
    filled = submit(admin, event, plain | {"witnessCommitment": "11" * 32}).json()
    assert filled == first.json() | {
        "witness_commitment_hex": "11" * 32,
        "witness_commitment": [0x1111111111111111] * 4,
    }
    assert submit(admin, event, plain).json() == filled
    error = assert_error(
        submit(admin, event, plain | {"witnessCommitment": "12" * 32}), 409, "ALREADY_EXISTS"
    )
    assert error["details"]["field"] == "witness_commitment"
    assert submit(admin, event, plain | {"proofVersion": 2, "proofB64": "AAAB"}).status_code == 200
    assert admin.get(f"{COMPLIANCE}/{event}/proofs").json()["count"] == 2
    verdict = admin.get(f"{COMPLIANCE}/proofs/{first.json()['proof_id']}/verify").json()
    assert (verdict["valid"], verdict["stark_valid"], verdict["amount_binding"]) == (
        True,
        None,
        "not_applicable",
    )


def test_inputs_are_the_same_by_get_and_post_and_keep_the_parameters_text(
    admin: httpx.Client, event: str
) -> None:
    by_post = proofs.inputs_of(admin, event)
    query = {"policyId": " aml.threshold ", "policyParams": '{"threshold":10000}'}
    assert admin.get(f"{COMPLIANCE}/{event}/inputs", params=query).json() == by_post
    assert by_post["event_id"] == event
    raw = b'{"policyId":"p","policyParams":{"b":1e16,"a":-0, "a":1.0}}'
    answer = post(admin, raw, f"{COMPLIANCE}/{event}/inputs")
    assert '"policyParams":{"b":1e16,"a":-0, "a":1.0}' in answer.text
    bare = admin.get(f"{COMPLIANCE}/{event}/inputs", params={"policyId": "p"}).json()
    assert bare["public_inputs"]["policyParams"] == {}
    assert_error(admin.get(f"{COMPLIANCE}/{event}/inputs"), 400, "INVALID_FIELD_VALUE")
    for params in ("{", "\x00", "[" * 200 + "]" * 200, '"\\ud800"', "1 2"):
        bad = {"policyId": "p", "policyParams": params}
        assert_error(admin.get(f"{COMPLIANCE}/{event}/inputs", params=bad), 400, "INVALID_FIELD_VALUE")


def test_parameters_that_jsonb_would_change_are_kept_and_verified_as_sent(
    admin: httpx.Client, event: str, api_database: Database
) -> None:
    params = b'{"z":1e16, "a":"\\u0000", "a":-0.0,"n":9007199254740993}'
    raw = b'{"proofType":"x","proofB64":"AA==","policyId":"p","policyParams":' + params + b"}"
    answer = post(admin, raw, f"{COMPLIANCE}/{event}/proofs")
    assert answer.status_code == 200, answer.text
    assert b'"policy_params":' + params in answer.content
    proof_id = answer.json()["proof_id"]
    verdict = admin.get(f"{COMPLIANCE}/proofs/{proof_id}/verify").json()
    in_sql = sql_verdict(api_database, proof_id)
    assert verdict["valid"] is in_sql["valid"] is True


def test_inputs_that_come_along_must_be_the_canonical_ones(
    admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    inputs = proofs.inputs_of(admin, event)["public_inputs"]
    for wrong in (inputs | {"sequenceNumber": 2}, inputs | {"payloadKind": 0.0}, {}, []):
        error = assert_error(submit(admin, event, body | {"publicInputs": wrong}), 400, "INVALID_FIELD_VALUE")
        assert error["details"]["field"] == "publicInputs"
    assert submit(admin, event, body | {"publicInputs": inputs}).status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"proofType": " "}, 400, "proofType"),
        ({"proofType": "x" * 33}, 400, "proofType"),
        ({"proofType": "a\x00"}, 400, "proofType"),
        ({"proofVersion": 1}, 400, "proofVersion"),
        ({"proofVersion": 3}, 400, "proofVersion"),
        ({"proofVersion": 0, "proofType": "x"}, 400, "proofVersion"),
        ({"proofVersion": 2**40, "proofType": "x"}, 422, "proofVersion"),
        ({"policyId": ""}, 400, "policyId"),
        ({"policyId": "x" * 65}, 400, "policyId"),
        ({"proofB64": ""}, 400, "proofB64"),
        ({"proofB64": "a"}, 400, "proofB64"),
        ({"proofB64": "+_+_"}, 400, "proofB64"),
        ({"proofB64": "AAAA" * 700_000}, 400, "proofB64"),
        ({"witnessCommitment": None}, 400, "witnessCommitment"),
        ({"witnessCommitment": "AB" * 32}, 400, "witnessCommitment"),
        ({"witnessCommitment": "ab" * 31}, 400, "witnessCommitment"),
        ({"witnessCommitment": [1, 2, 3]}, 422, "witnessCommitment"),
        ({"witnessCommitment": [1, 2, 3, 2**64]}, 422, "witnessCommitment"),
        ({"witnessCommitment": [1, 2, 3, "4"]}, 422, "witnessCommitment"),
        ({"proofType": 1}, 422, "proofType"),
    ],
    ids=str,
)
def test_a_bad_member_is_refused_by_name(
    change: dict[str, Any], status: int, field: str, admin: httpx.Client, event: str
) -> None:
    good = AML | {"proofType": "STARK", "proofVersion": 2, "proofB64": "AAAA", "witnessCommitment": "00" * 32}
    answer = submit(admin, event, good | change)
    error = assert_error(answer, status, answer.json()["error"]["code"])
    assert field in error["details"]["field"]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"policyId": "aml.threshold", "policyParams": {"threshold": 0}}, "invalid_number"),
        ({"policyId": "aml.threshold", "policyParams": {}}, "missing_field"),
        ({"policyId": "aml.threshold", "policyParams": []}, "invalid_policy_params"),
        ({"policyId": "unknown", "policyParams": {"threshold": 1}}, "unsupported_policy"),
        ({"policyId": "order_total.cap", "policyParams": {"cap": 10_000}}, "stark_invalid"),
    ],
    ids=str,
)
def test_a_policy_that_the_proof_does_not_prove_is_refused(
    policy: dict[str, Any], reason: str, admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    error = assert_error(submit(admin, event, body | policy), 400, "INVALID_FIELD_VALUE")
    assert error["details"]["reason"] == reason


def test_permissions_and_scopes(
    server: Server,
    api_database: Database,
    agent: Agent,
    admin: httpx.Client,
    event: str,
    body: dict[str, Any],
) -> None:
    proof_id = submit(admin, event, body).json()["proof_id"]
    reads = [f"{COMPLIANCE}/{event}/proofs", f"{COMPLIANCE}/proofs/{proof_id}"]
    reads += [f"{COMPLIANCE}/proofs/{proof_id}/verify", f"{COMPLIANCE}/{event}/inputs?policyId=p"]
    with server.client(mint(api_database, agent.tenant_id, write=False)) as reader:
        assert [reader.get(path).status_code for path in reads] == [200] * 4
        assert_error(submit(reader, event, body), 403, "INSUFFICIENT_PERMISSIONS")
    with server.client(mint(api_database, agent.tenant_id, read=False)) as writer:
        assert submit(writer, event, body).status_code == 200
        assert [writer.get(path).status_code for path in reads] == [403] * 4
    with server.client(mint(api_database, agent.tenant_id, stores=(uuid.uuid4(),))) as elsewhere:
        assert [elsewhere.get(path).status_code for path in reads] == [403] * 4
        assert_error(submit(elsewhere, event, body), 403, "INSUFFICIENT_PERMISSIONS")
    with server.client(key=None) as anybody:
        assert [anybody.get(path).status_code for path in reads] == [401] * 4


def test_another_tenants_events_and_proofs_look_like_unknown_ones(
    server: Server, api_database: Database, admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    proof_id = submit(admin, event, body).json()["proof_id"]
    with server.client(mint(api_database, uuid.uuid4(), admin=True)) as stranger:
        for known, unknown in ((event, uuid.uuid4()), (f"proofs/{proof_id}", f"proofs/{uuid.uuid4()}")):
            tail = "" if "/" in str(known) else "/proofs"
            foreign = stranger.get(f"{COMPLIANCE}/{known}{tail}")
            missing = stranger.get(f"{COMPLIANCE}/{unknown}{tail}")
            assert foreign.status_code == missing.status_code == 404
            assert foreign.json()["error"]["message"] == missing.json()["error"]["message"]
        assert_error(submit(stranger, event, body), 404, "EVENT_NOT_FOUND", 4002)
        assert_error(stranger.get(f"{COMPLIANCE}/proofs/{proof_id}/verify"), 404, "RESOURCE_NOT_FOUND")


def test_the_service_submits_in_sql_by_the_same_rules(
    api_database: Database, agent: Agent, admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    statement = (
        "select (p).proof_id::text, (p).amount_binding from"
        " ves.submit_compliance_proof(%s, %s, 'stark', 2, 'aml.threshold', %s, %s, %s, %s) as p"
    )
    data = base64.b64decode(body["proofB64"])
    witness = bytes.fromhex(body["witnessCommitment"])
    params = '{"threshold": 10000}'
    inputs = json.dumps(proofs.inputs_of(admin, event)["public_inputs"])
    with api_database.connect("ves_service") as service:
        for bad, code in (
            ([agent.tenant_id, event, params, data + b"\x00", witness, None], "VE622"),
            ([agent.tenant_id, event, params, data, None, None], "VE007"),
            ([agent.tenant_id, event, params, data, witness, "{}"], "VE007"),
            ([agent.tenant_id, event, "{", data, witness, None], "VE001"),
            ([uuid.uuid4(), event, params, data, witness, None], "VE609"),
        ):
            with pytest.raises(psycopg.Error) as refusal:
                service.execute(statement, bad)
            assert refusal.value.sqlstate == code, bad
        row = service.execute(statement, [agent.tenant_id, event, params, data, witness, inputs]).fetchone()
        assert row is not None
        got = service.execute(
            "select encode(public_inputs_hash, 'hex') from ves.get_compliance_inputs(%s, %s, 'aml.threshold', %s)",
            [agent.tenant_id, event, params],
        ).fetchone()
    assert got == (proofs.inputs_of(admin, event)["public_inputs_hash"],)
    assert row == (submit(admin, event, body).json()["proof_id"], "bound")
    with api_database.connect("ves_reader") as reader, pytest.raises(psycopg.Error) as refusal:
        reader.execute("select ves.verify_compliance_proof(%s, %s)", [row[0], uuid.uuid4()])
    assert refusal.value.sqlstate == "VE620"


def test_parallel_submissions_while_ingest_runs_lose_nothing(
    server: Server, admin: httpx.Client, agent: Agent
) -> None:
    events = [proofs.store_event(admin, agent, {"amount": 5000 + at}) for at in range(50)]
    bodies = [submission(proofs.prove(proofs.inputs_of(admin, e), 5000 + at)) for at, e in enumerate(events)]

    def one(pair: tuple[str, dict[str, Any]]) -> int:
        with server.client() as client:
            return submit(client, *pair).status_code

    def ingest(_: int) -> int:
        with server.client() as client:
            return int(agent.ingest(client, agent.event()).json()["eventsAccepted"])

    with ThreadPoolExecutor(60) as pool:
        submitted = [pool.submit(one, pair) for pair in zip(events, bodies, strict=True)]
        ingested = [pool.submit(ingest, at) for at in range(40)]
        assert [future.result() for future in submitted] == [200] * 50
        assert [future.result() for future in ingested] == [1] * 40
    assert [admin.get(f"{COMPLIANCE}/{e}/proofs").json()["count"] for e in events] == [1] * 50


def test_the_same_proof_submitted_by_many_at_once_is_one_record(
    server: Server, admin: httpx.Client, event: str, body: dict[str, Any]
) -> None:
    def one(_: int) -> bytes:
        with server.client() as client:
            return submit(client, event, body).content

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(one, range(10)))) == 1
