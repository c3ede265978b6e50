"""Bodies that nobody sends by mistake: accepted or refused with a code, never a 5xx, nothing half-stored."""

from __future__ import annotations

import gzip
import random
from typing import TYPE_CHECKING

import pytest

from tests.api.support import Raw, assert_error, dump, post, receipts_of

if TYPE_CHECKING:
    import httpx

    from tests.api.support import Agent


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


ODD_BUT_LEGAL = {
    "an integer that a double prints with an exponent": b"1e16",
    "its integer spelling": b"10000000000000000",
    "minus zero": b"-0",
    "minus zero as a float": b"-0.0",
    "the largest u64": b"18446744073709551615",
    "above 64 bits": b"18446744073709551616",
    "thirty digits": b"123456789012345678901234567890",
    "the smallest i64": b"-9223372036854775808",
    "a tiny number": b"5e-324",
    "a number below every double": b"1e-400",
    "the largest double": b"1.7976931348623157e308",
    "duplicate keys": b'{"a":1,"a":2}',
    "an empty object": b"{}",
    "an empty key": b'{"":0}',
    "false": b"false",
    "zero": b"0",
    "an empty string": b'""',
    "escapes": rb'"\u00e9\ud83d\ude00\/\b\f\n\r\t\\\""',
    "an astral key beside a private one": '{"\ufb33":1,"\U0001f600":2}'.encode(),
    "white space everywhere": b' { "a" : [ 1 ,\n\t2 ] } ',
    "124 levels": nested(124),
    "a payload full of markers": b'"\\u0001%s%(a)s$1;--\'\\"{}"',
}


@pytest.mark.parametrize("text", ODD_BUT_LEGAL.values(), ids=ODD_BUT_LEGAL)
def test_legal_json_is_stored_and_its_exact_repeat_is_recognised(
    text: bytes, admin: httpx.Client, agent: Agent
) -> None:
    body = agent.body(agent.event(raw=text))
    first, second = post(admin, body), post(admin, body)
    assert first.json()["eventsAccepted"] == 1, first.text
    assert receipts_of(first) == receipts_of(second)


def test_two_spellings_of_one_number_have_one_hash_and_count_as_the_same_event(
    admin: httpx.Client, agent: Agent
) -> None:
    event = agent.event(raw=b'{"a":1.0,"b":2}')
    first = agent.ingest(admin, event)
    again = agent.ingest(admin, event | {"payload": Raw(b'{"b":2,"a":1}')})
    assert receipts_of(first) == receipts_of(again)


NOT_JSON = {
    "nothing": b"",
    "a word": b"hello",
    "half": b'{"agentId":',
    "trailing comma": b'{"a":1,}',
    "NaN": b'{"a":NaN}',
    "a leading zero": b'{"a":01}',
    "a comment": b"{} // hi",
    "invalid UTF-8": b'{"a":"\xff"}',
    "an overlong encoding": b'{"a":"\xc0\x80"}',
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "a NUL byte": b'{"a":"\x00"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"agentId":1}'.encode("utf-16"),
    "compressed": gzip.compress(b"{}"),
    "a thousand levels": nested(1000),
    "a million levels": nested(1_000_000),
    "a million open objects": b'{"a":' * 1_000_000,
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_is_malformed(body: bytes, admin: httpx.Client) -> None:
    answer = post(admin, body)
    # A text of brackets alone is JSON of the wrong shape as long as it is not too deep.
    assert answer.status_code in (400, 422)
    error = assert_error(answer, answer.status_code, "INVALID_REQUEST_BODY", 3001)
    assert "Traceback" not in error["message"]


REFUSED_PAYLOADS = {
    "an infinite number": (b"1e400", 400, "INVALID_REQUEST_BODY"),
    "a lone high surrogate": (rb'"\ud800"', 400, "INVALID_REQUEST_BODY"),
    "a lone low surrogate": (rb'{"\udc00":1}', 400, "INVALID_REQUEST_BODY"),
    "125 levels": (nested(125), 400, "INVALID_REQUEST_BODY"),
    "128 levels": (nested(128), 400, "INVALID_REQUEST_BODY"),
    "invalid UTF-8": (b'"\xff"', 400, "INVALID_REQUEST_BODY"),
    "a NUL in a string": (rb'{"a":"\u0000"}', 400, "INVALID_FIELD_VALUE"),
    "a NUL in a key": (rb'{"a\u0000":1}', 400, "INVALID_FIELD_VALUE"),
    "null": (b"null", 400, "INVALID_FIELD_VALUE"),
}


@pytest.mark.parametrize(("text", "status", "code"), REFUSED_PAYLOADS.values(), ids=REFUSED_PAYLOADS)
def test_an_unusable_payload_refuses_the_whole_request(
    text: bytes, status: int, code: str, admin: httpx.Client, agent: Agent
) -> None:
    bad = agent.event() | {"payload": Raw(text)}
    good = agent.event()
    assert_error(agent.ingest(admin, good, bad), status, code)
    assert agent.ingest(admin, good).json()["sequenceStart"] == 1


@pytest.mark.parametrize("name", ["entity_type", "entity_id", "event_type"])
def test_a_nul_in_a_name_is_refused_with_its_field(name: str, admin: httpx.Client, agent: Agent) -> None:
    error = assert_error(agent.ingest(admin, agent.event(**{name: "a\0b"})), 400, "INVALID_FIELD_VALUE")
    assert error["details"]["field"] == name


def test_a_nul_in_created_at_refuses_the_event_alone(admin: httpx.Client, agent: Agent) -> None:
    body = agent.ingest(admin, agent.event(created_at="2025-01-01T00:00:00Z\0"), agent.event()).json()
    assert [r["reason"] for r in body["rejections"]] == ["schema_validation: created_at"]
    assert body["eventsAccepted"] == 1


@pytest.mark.parametrize(
    "text",
    [
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999-23:59",
        "2025-02-30T00:00:00Z",
        "2025-01-01T00:00:60Z",
        "2025-01-01 00:00:00z",
        "x" * 100_000,
        "",
    ],
)
def test_any_created_at_is_accepted_or_refused_by_name(text: str, admin: httpx.Client, agent: Agent) -> None:
    body = agent.ingest(admin, agent.event(created_at=text)).json()
    assert body["eventsAccepted"] + body["eventsRejected"] == 1
    assert {r["reason"] for r in body.get("rejections", [])} <= {"schema_validation: created_at"}


@pytest.mark.parametrize("number", [0, 9_223_372_036_854_775_807, 9_223_372_036_854_775_808, 2**64, 10**40])
def test_any_base_version_is_judged_or_refused(number: int, admin: httpx.Client, agent: Agent) -> None:
    answer = agent.ingest(admin, agent.event(base_version=number))
    if number >= 2**64:
        assert_error(answer, 422, "INVALID_REQUEST_BODY")
    elif number > 0:
        assert [r["reason"].partition(":")[0] for r in answer.json()["rejections"]] == ["version_conflict"]
    else:
        assert answer.json()["eventsAccepted"] == 1


@pytest.mark.parametrize("scheme", [-1, 0, 1, 2, 3, 4, 2**31 - 1, 2**31, 2**70])
def test_any_signature_scheme_is_judged_or_refused(scheme: int, admin: httpx.Client, agent: Agent) -> None:
    answer = agent.ingest(admin, agent.event() | {"agent_signature_scheme": scheme})
    assert answer.status_code in (200, 422), answer.text


def test_a_bundle_of_wrong_bytes_is_refused(admin: httpx.Client, agent: Agent) -> None:
    event = agent.event() | {"agent_signature_bundle": {"ed25519_signature": [256]}}
    assert_error(agent.ingest(admin, event), 422, "INVALID_REQUEST_BODY")
    odd = agent.event() | {
        "agent_signature_scheme": 3,
        "agent_signature_bundle": {"ed25519_signature": [], "ml_dsa_65_signature": [1]},
    }
    assert agent.ingest(admin, odd).json()["eventsRejected"] == 1


def test_an_encrypted_event_with_nul_members_is_refused_by_field(admin: httpx.Client, agent: Agent) -> None:
    event = agent.event(payload_kind=1)
    event["payload"] = None
    event["payload_encrypted"] = {
        "enc_version": 1,
        "aead": "\0",
        "nonce_b64u": "\0",
        "ciphertext_b64u": "",
        "tag_b64u": "",
        "hpke": {"mode": "", "kem": "", "kdf": "", "aead": ""},
        "recipients": [],
    }
    answer = agent.ingest(admin, event)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 200:
        assert answer.json()["rejections"][0]["reason"] == "schema_validation: payload_encrypted.aead"


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/xml", "application/jsonp", "", "multipart/form-data", "json"]
)
def test_another_media_type_is_415(media_type: str, admin: httpx.Client, agent: Agent) -> None:
    answer = post(admin, agent.body(agent.event()), **{"content-type": media_type})
    assert_error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.ves+json"],
)
def test_every_json_media_type_is_taken(media_type: str, admin: httpx.Client, agent: Agent) -> None:
    answer = post(admin, agent.body(agent.event()), **{"content-type": media_type})
    assert answer.status_code == 200


def test_a_body_without_a_content_type_is_415(admin: httpx.Client, agent: Agent) -> None:
    answer = admin.post("/api/v1/ves/events/ingest", content=agent.body(agent.event()))
    assert_error(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_over_the_limit_is_413_however_it_is_sent(admin: httpx.Client) -> None:
    too_long = b" " * 10_485_761
    assert_error(post(admin, too_long), 413, "PAYLOAD_TOO_LARGE", 3004)

    def chunks() -> object:
        for _ in range(161):
            yield too_long[:65536]

    answer = admin.post(
        "/api/v1/ves/events/ingest", content=chunks(), headers={"content-type": "application/json"}
    )
    assert_error(answer, 413, "PAYLOAD_TOO_LARGE")


def test_a_body_at_the_limit_is_read(admin: httpx.Client, agent: Agent) -> None:
    body = agent.body(agent.event())
    answer = post(admin, body + b" " * (10_485_760 - len(body)))
    assert answer.status_code == 200, answer.text


def test_huge_and_odd_headers_do_no_harm(admin: httpx.Client, agent: Agent) -> None:
    body = agent.body(agent.event())
    for name, value in (
        ("x-request-id", "a" * 60_000),
        ("x-filler", "b" * 60_000),
        ("accept-encoding", "gzip;q=broken,,,"),
        ("accept", b"\x7f".decode()),
    ):
        answer = post(admin, body, **{name: value})
        assert answer.status_code in (200, 400, 431), answer.text


def test_a_thousand_events_with_one_id_are_one_event(admin: httpx.Client, agent: Agent) -> None:
    event = agent.event()
    body = agent.ingest(admin, *[event] * 1000).json()
    assert (body["eventsAccepted"], body["eventsRejected"]) == (1, 999)


def test_arrays_where_objects_belong_are_422(admin: httpx.Client, agent: Agent) -> None:
    for events in ({}, "x", 1, None, [[]], [None], [1]):
        answer = post(admin, dump({"agentId": str(agent.agent_id), "events": events}))
        assert_error(answer, 422, "INVALID_REQUEST_BODY")


ODD_VALUES = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    2**31,
    2**32,
    2**63,
    2**64,
    10**400,
    "",
    "x",
    "\0",
    "\ud7ff",
    "0x",
    "0" * 64,
    [],
    [[]],
    {},
    {"a": {}},
    Raw(b"1e999"),
    Raw(b"-0"),
    Raw(b"01"),
    Raw(b"nul"),
    Raw(nested(130)),
    Raw(rb'"\ud800"'),
    Raw(rb'"\u0000"'),
    Raw(b'"\xf5"'),
    "é" * 600,
    "a" * 5000,
    "00000000-0000-0000-0000-000000000000",
    "9999-12-31T23:59:60Z",
    "2025-01-01T00:00:00+99:99",
]


def test_any_member_may_hold_anything_and_only_good_requests_are_stored(
    admin: httpx.Client, agent: Agent
) -> None:
    """Every member of an event (and of its bundles) with every odd value: an answer or a refusal, never a 5xx."""
    names = [
        *agent.event(),
        "command_id",
        "base_version",
        "payload_encrypted",
        "agent_signature_scheme",
        "agent_signature_bundle",
        "sequence_number",
        "sequenced_at",
    ]
    stored = 0
    for name in names:
        for value in ODD_VALUES:
            answer = agent.ingest(admin, agent.event() | {name: value})
            assert answer.status_code in (200, 400, 413, 422), (name, value, answer.text)
            if answer.status_code == 200:
                stored += answer.json()["eventsAccepted"]
    assert agent.ingest(admin, agent.event()).json()["sequenceStart"] == stored + 1


@pytest.mark.parametrize("seed", range(8))
def test_a_request_with_random_damage_is_answered_or_refused(
    seed: int, admin: httpx.Client, agent: Agent
) -> None:
    chance = random.Random(seed)
    whole = agent.body(agent.event({"a": [1, "b", None]}), agent.event())
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(damaged))
            cut = chance.choice([0, 1, 1, 1, 20])
            damaged[at : at + cut] = chance.choice(
                [
                    b"",
                    b'"',
                    b"{",
                    b"}",
                    b"[",
                    b",",
                    b":",
                    b"\\",
                    b"0",
                    b"-",
                    b"\x00",
                    b"\xff",
                    b"null",
                    b"\\u0000",
                ]
            )
        answer = post(admin, bytes(damaged))
        assert answer.status_code in (200, 400, 422), (bytes(damaged), answer.text)


@pytest.mark.parametrize(
    "path",
    ["/api/v1/agents/keys", "/api/v1/ves/commitments", "/api/v1/ves/proofs/verify"],
)
def test_other_bodies_with_random_damage_are_refused_too(
    path: str, admin: httpx.Client, agent: Agent
) -> None:
    chance = random.Random(path)
    members = {
        "tenantId": str(agent.tenant_id),
        "agentId": str(agent.agent_id),
        "keyId": 7,
        "publicKey": "00" * 32,
        "validFrom": "2025-01-01T00:00:00Z",
        "keyAlgorithm": 5,
        "publicKeyBundle": {"mlDsa65PublicKey": "00"},
        "tenant_id": str(agent.tenant_id),
        "store_id": str(agent.store_id),
        "sequence_start": 1,
        "sequence_end": 1,
        "leaf_hash": "00" * 32,
        "merkle_root": "00" * 32,
        "proof_path": [],
        "leaf_index": 0,
    }
    for _ in range(150):
        body = members | {chance.choice(list(members)): chance.choice(ODD_VALUES)}
        answer = post(admin, dump(body), path)
        assert answer.status_code in (200, 400, 409, 413, 422), (body, answer.text)
