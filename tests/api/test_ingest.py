"""`POST /api/v1/ves/events/ingest`: what is accepted, what the answer says, and that repeats change nothing."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import msgspec

from tests.api.support import (
    INGEST,
    Agent,
    admin_call,
    assert_common_headers,
    assert_error,
    dump,
    post,
    receipts_of,
)
from tests.support.processes import SEQUENCER_ID, SEQUENCER_PUBLIC_KEY
from tests.support.waiting import wait_until
from ves.receipts import Receipt, verify_receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

SEQUENCED_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3})?)?\+00:00")


def signing_hashes(database: Database, agent: Agent) -> dict[int, bytes]:
    with database.connect() as connection:
        rows = connection.execute(
            "select sequence_number, event_signing_hash from ves_store.ves_events where tenant_id = %s",
            [agent.tenant_id],
        ).fetchall()
    return dict(rows)


def test_an_accepted_event_is_numbered_and_its_receipt_verifies_offline(
    admin: httpx.Client, agent: Agent, api_database: Database
) -> None:
    event = agent.event()
    answer = agent.ingest(admin, event)
    assert answer.status_code == 200
    assert_common_headers(answer)
    body = answer.json()
    assert uuid.UUID(body.pop("batchId")).version == 4
    (receipt,) = body.pop("receipts")
    assert body == {
        "eventsAccepted": 1,
        "eventsRejected": 0,
        "sequenceStart": 1,
        "sequenceEnd": 1,
        "headSequence": 1,
    }
    assert receipt["sequencerId"] == str(SEQUENCER_ID)
    assert receipt["eventId"] == event["event_id"]
    assert SEQUENCED_AT.fullmatch(receipt["sequencedAt"])
    assert receipt["sequencerKeyVersion"] == 0
    assert receipt["receiptSignatureScheme"] == 1
    assert "receiptSignatureBundle" not in receipt
    digest = signing_hashes(api_database, agent)[1]
    parsed = msgspec.convert(receipt, Receipt)
    assert verify_receipt(parsed, agent.tenant_id, agent.store_id, digest, SEQUENCER_PUBLIC_KEY) == []


def test_the_members_of_an_answer_come_in_one_fixed_order(admin: httpx.Client, agent: Agent) -> None:
    answer = agent.ingest(admin, agent.event(), agent.event(base_version=7))
    assert list(answer.json()) == [
        "batchId",
        "eventsAccepted",
        "eventsRejected",
        "sequenceStart",
        "sequenceEnd",
        "headSequence",
        "rejections",
        "receipts",
    ]
    assert list(answer.json()["receipts"][0]) == [
        "sequencerId",
        "eventId",
        "sequenceNumber",
        "sequencedAt",
        "receiptHash",
        "signatureAlg",
        "sequencerSignature",
        "sequencerKeyVersion",
        "receiptSignatureScheme",
    ]
    assert list(answer.json()["rejections"][0]) == ["event_id", "reason", "message"]


def test_a_replayed_batch_returns_the_same_receipt_bytes(admin: httpx.Client, agent: Agent) -> None:
    body = agent.body(*[agent.event() for _ in range(7)])
    first, second, third = post(admin, body), post(admin, body), post(admin, body)
    assert receipts_of(first) == receipts_of(second) == receipts_of(third)
    assert second.json()["eventsAccepted"] == 0
    assert second.json()["sequenceStart"] is None
    assert second.json()["sequenceEnd"] is None
    assert second.json()["headSequence"] == 7
    assert first.json()["batchId"] != second.json()["batchId"]


def test_a_replay_is_the_same_bytes_before_and_after_its_signature_is_stored(
    admin: httpx.Client, agent: Agent, api_database: Database
) -> None:
    body = agent.body(agent.event(), agent.event())
    first = post(admin, body)
    at_once = post(admin, body)

    def stored() -> bool:
        with api_database.connect() as connection:
            row = connection.execute(
                "select count(*) from ves_store.ves_sequencer_receipts where tenant_id = %s",
                [agent.tenant_id],
            ).fetchone()
        return row == (2,)

    wait_until(stored)
    assert receipts_of(first) == receipts_of(at_once) == receipts_of(post(admin, body))


def test_a_receipt_outlives_the_signing_key_that_made_it(
    start_server: Callable[..., Server], database: Database
) -> None:
    agent = Agent()
    first_server = start_server()
    with first_server.client() as client:
        assert agent.register(client).status_code == 200
        body = agent.body(agent.event())
        first = post(client, body)
    first_server.stop()  # stores what waits
    second_server = start_server(VES_SEQUENCER_KEY_VERSION="1", VES_SEQUENCER_SIGNING_KEY="77" * 32)
    with second_server.client() as client:
        assert receipts_of(post(client, body)) == receipts_of(first)
        other = agent.ingest(client, agent.event()).json()["receipts"][0]
    assert (other["sequencerId"], other["sequencerKeyVersion"]) == (str(SEQUENCER_ID), 1)
    assert admin_call(database, "select count(*) from ves.signers") == 2


def test_a_receipt_that_nobody_can_sign_again_is_unavailable_and_not_forged(
    start_server: Callable[..., Server], database: Database
) -> None:
    agent = Agent()
    server = start_server()
    with server.client() as client:
        agent.register(client)
        body = agent.body(agent.event())
        post(client, body)
    server.stop()
    with database.connect() as connection:
        connection.execute("set session_replication_role to replica")  # history refuses deletes
        connection.execute("delete from ves_store.ves_sequencer_receipts")
    other = start_server(VES_SEQUENCER_ID=str(uuid.uuid4()), VES_SEQUENCER_SIGNING_KEY="77" * 32)
    with other.client() as client:
        error = assert_error(post(client, body), 503, "SERVICE_UNAVAILABLE")
    assert error["retry_after"] == 1


def test_without_a_signing_key_receipts_say_so_and_replay_alike(start_server: Callable[..., Server]) -> None:
    server = start_server(VES_SEQUENCER_SIGNING_KEY="")
    agent = Agent()
    with server.client() as client:
        agent.register(client)
        body = agent.body(agent.event())
        first, second = post(client, body), post(client, body)
    assert receipts_of(first) == receipts_of(second)
    receipt = first.json()["receipts"][0]
    assert receipt["signatureAlg"] == "none"
    assert receipt["sequencerSignature"] == ""
    assert "receiptSignatureScheme" not in receipt


def test_a_batch_of_1000_events_is_accepted_and_one_more_is_refused_whole(
    admin: httpx.Client, agent: Agent
) -> None:
    events = [agent.event() for _ in range(1001)]
    error = assert_error(agent.ingest(admin, *events), 413, "PAYLOAD_TOO_LARGE", 3004)
    assert error["details"]["limit"] == 1000
    answer = agent.ingest(admin, *events[:1000])
    assert answer.json()["eventsAccepted"] == 1000
    assert [r["sequenceNumber"] for r in answer.json()["receipts"]] == list(range(1, 1001))


def test_an_empty_batch_is_refused(admin: httpx.Client, agent: Agent) -> None:
    assert_error(agent.ingest(admin), 400, "INVALID_FIELD_VALUE", 3003)


def test_an_event_under_an_unknown_key_is_refused_alone(admin: httpx.Client, agent: Agent) -> None:
    body = agent.ingest(admin, agent.event(agent_key_id=4_294_967_295), agent.event()).json()
    assert [r["reason"] for r in body["rejections"]] == ["agent_key_invalid: Agent key not found"]
    assert body["eventsAccepted"] == 1


def test_a_key_number_of_32_bits_works(admin: httpx.Client) -> None:
    agent = Agent(key_id=4_294_967_295)
    assert agent.register(admin).status_code == 200
    assert agent.ingest(admin, agent.event()).json()["eventsAccepted"] == 1


def test_a_revoked_key_is_refused_by_a_server_that_has_it_cached(
    admin: httpx.Client, agent: Agent, api_database: Database
) -> None:
    assert agent.ingest(admin, agent.event()).json()["eventsAccepted"] == 1
    admin_call(
        api_database, "select ves.revoke_agent_key(%s, %s, %s)", agent.tenant_id, agent.agent_id, agent.key_id
    )
    body = agent.ingest(admin, agent.event()).json()
    assert [r["reason"] for r in body["rejections"]] == ["agent_key_invalid: Agent key has been revoked"]


def test_rejections_come_before_numbering_first_then_by_it(admin: httpx.Client, agent: Agent) -> None:
    bad = agent.event()
    bad["agent_signature"] = "0x" + "11" * 64
    conflict = agent.event(base_version=3)
    body = agent.ingest(admin, conflict, bad, agent.event()).json()
    assert [r["event_id"] for r in body["rejections"]] == [bad["event_id"], conflict["event_id"]]
    assert body["rejections"][1]["reason"] == "version_conflict: expected 3, actual 0"


def test_replayed_receipts_come_before_new_ones(admin: httpx.Client, agent: Agent) -> None:
    old = agent.event()
    agent.ingest(admin, old)
    new = agent.event()
    body = agent.ingest(admin, new, old).json()
    assert [r["eventId"] for r in body["receipts"]] == [old["event_id"], new["event_id"]]
    assert (body["eventsAccepted"], body["sequenceStart"], body["sequenceEnd"]) == (1, 2, 2)


def test_the_same_event_id_may_be_used_by_two_tenants(admin: httpx.Client, agent: Agent) -> None:
    other = Agent()
    other.register(admin)
    name = str(uuid.uuid4())
    assert agent.ingest(admin, agent.event(event_id=name)).json()["eventsAccepted"] == 1
    assert other.ingest(admin, other.event(event_id=name)).json()["eventsAccepted"] == 1


def test_unknown_members_are_ignored_and_null_means_absent(admin: httpx.Client, agent: Agent) -> None:
    event = agent.event() | {
        "surprise": [1, {"deep": None}],
        "command_id": None,
        "base_version": None,
        "payload_encrypted": None,
        "agent_signature_scheme": None,
        "agent_signature_bundle": None,
        "sequence_number": 99,
    }
    assert agent.ingest(admin, event, extra="ignored").json()["sequenceStart"] == 1


def test_hex_is_read_with_or_without_prefix_and_in_any_case(admin: httpx.Client, agent: Agent) -> None:
    event = agent.event()
    for name in ("payload_plain_hash", "payload_cipher_hash", "agent_signature"):
        event[name] = event[name][2:].upper()
    event["event_id"] = event["event_id"].replace("-", "").upper()
    assert agent.ingest(admin, event).json()["eventsAccepted"] == 1


def test_strict_format_refuses_bare_hex(start_server: Callable[..., Server]) -> None:
    server = start_server(VES_STRICT_FORMAT_VALIDATION="1")
    agent = Agent()
    with server.client() as client:
        agent.register(client)
        event = agent.event()
        bare = event | {"payload_plain_hash": event["payload_plain_hash"][2:]}
        assert_error(agent.ingest(client, bare), 422, "INVALID_REQUEST_BODY", 3001)
        assert agent.ingest(client, event).json()["eventsAccepted"] == 1


def test_a_request_of_another_shape_is_422_and_stores_nothing(admin: httpx.Client, agent: Agent) -> None:
    good = agent.event()
    changes: list[dict[str, Any]] = [
        {"event_id": "not-a-uuid"},
        {"payload_kind": 2},
        {"payload_kind": "0"},
        {"agent_key_id": -1},
        {"agent_key_id": 4_294_967_296},
        {"ves_version": "1"},
        {"agent_signature": "0x12"},
        {"payload_plain_hash": "zz" * 32},
        {"entity_type": 5},
        {"base_version": -1},
    ]
    for change in changes:
        assert_error(agent.ingest(admin, agent.event(), good | change), 422, "INVALID_REQUEST_BODY", 3001)
    missing = {name: value for name, value in good.items() if name != "created_at"}
    assert_error(agent.ingest(admin, missing), 422, "INVALID_REQUEST_BODY")
    assert_error(post(admin, dump({"events": [good]})), 422, "INVALID_REQUEST_BODY")
    assert_error(post(admin, b"[]"), 422, "INVALID_REQUEST_BODY")
    assert agent.ingest(admin, good).json()["sequenceStart"] == 1


def test_the_limits_of_the_three_names_count_bytes(admin: httpx.Client, agent: Agent) -> None:
    for name, limit in (("entity_type", 128), ("entity_id", 512), ("event_type", 256)):
        at_limit = agent.event(**{name: "é" * (limit // 2)})
        assert agent.ingest(admin, at_limit).json()["eventsAccepted"] == 1, name
        above = agent.event(**{name: "é" * (limit // 2) + "x"})
        error = assert_error(agent.ingest(admin, above), 400, "INVALID_FIELD_VALUE", 3003)
        assert error["details"]["field"] == name
        assert_error(agent.ingest(admin, agent.event(**{name: ""})), 400, "INVALID_FIELD_VALUE")


def test_a_payload_of_one_mebibyte_is_accepted_and_one_byte_more_is_413(
    admin: httpx.Client, agent: Agent
) -> None:
    largest = b'"' + b"x" * (1_048_576 - 2) + b'"'
    assert agent.ingest(admin, agent.event(raw=largest)).json()["eventsAccepted"] == 1
    error = assert_error(
        agent.ingest(admin, agent.event(raw=largest[:-1] + b'x"')), 413, "PAYLOAD_TOO_LARGE", 3004
    )
    assert error["details"]["limit"] == 1_048_576


def test_the_configured_limits_replace_the_usual_ones(start_server: Callable[..., Server]) -> None:
    server = start_server(MAX_EVENTS_PER_BATCH="2", MAX_EVENT_PAYLOAD_SIZE="64", MAX_BODY_SIZE_BYTES="4000")
    agent = Agent()
    with server.client() as client:
        agent.register(client)
        assert agent.ingest(client, agent.event(), agent.event()).json()["eventsAccepted"] == 2
        assert_error(agent.ingest(client, *[agent.event() for _ in range(3)]), 413, "PAYLOAD_TOO_LARGE")
        assert_error(agent.ingest(client, agent.event("x" * 63)), 413, "PAYLOAD_TOO_LARGE")
        assert agent.ingest(client, agent.event("x" * 62)).json()["eventsAccepted"] == 1
        body = agent.body(agent.event())
        assert post(client, body + b" " * (4000 - len(body))).status_code == 200
        error = assert_error(post(client, body + b" " * (4001 - len(body))), 413, "PAYLOAD_TOO_LARGE")
        assert error["details"] == {"limit": 4000}


def test_ingest_takes_only_post(admin: httpx.Client) -> None:
    answer = admin.get(INGEST)
    assert_error(answer, 405, "METHOD_NOT_ALLOWED")
    assert "POST" in answer.headers["allow"]
