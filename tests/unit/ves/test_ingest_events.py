"""Per-event refusals, signatures and columns (VES 6.3, 14.2)."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from tests.unit.ves.story import Agent
from tests.unit.ves.vectors import load, request_body
from ves import codec, digests, ingest
from ves.errors import RequestRefused
from ves.ingest import Limits

AGENT = Agent()
ENCRYPTED = load("encryption")["cases"][0]["envelope"]


def refused(payload='{"delta":100}', unsigned=None, **changes):
    event = AGENT.event(**changes) | (unsigned or {})
    (prepared,) = ingest.decode_request(AGENT.body(event, payload=payload)).events
    assert (prepared.refusal is None) == (prepared.refusal_message is None)
    return prepared.refusal


@pytest.mark.parametrize("version", [0, 2, 2**32 - 1])
def test_only_version_1_is_supported(version):
    assert refused(ves_version=version) == "unsupported_version"


def test_a_plaintext_event_has_a_zero_cipher_hash_and_no_encrypted_payload():
    assert refused(payload_cipher_hash=b"\x01" * 32) == "schema_validation: payload_cipher_hash"
    extra = {"payload_encrypted": ENCRYPTED["payload_encrypted"]}
    assert refused(unsigned=extra) == "schema_validation: payload_encrypted"


def test_an_encrypted_event_has_no_plaintext():
    body = request_body(ENCRYPTED | {"payload": {"delta": 1}})
    assert ingest.decode_request(body).events[0].refusal == "schema_validation: payload"


def test_a_payload_that_is_not_the_hashed_one_is_refused():
    assert refused('{"delta":101}') == "invalid_payload_hash"
    assert refused('{ "delta" : 1e2 }') is None


def test_an_encrypted_payload_that_is_not_the_hashed_one_is_refused():
    for changes in (
        {"payload_cipher_hash": "00" * 32},
        {"entity_id": "ORD-9"},
        {"created_at": "2025-12-20T17:51:10Z"},
    ):
        (event,) = ingest.decode_request(request_body(ENCRYPTED | changes)).events
        assert event.refusal == "invalid_cipher_hash"


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2025-13-01T00:00:00Z", "2025-12-20T17:51:10", "\0" * 3, "x" * 9999]
)
def test_a_time_that_is_not_rfc3339_is_refused_and_cut_short(text):
    event = AGENT.event(created_at=text)
    (prepared,) = ingest.decode_request(AGENT.body(event)).events
    assert prepared.refusal == "schema_validation: created_at"
    assert len(prepared.created_at) <= 64
    assert "\0" not in prepared.created_at


def test_the_first_wrong_thing_in_the_order_of_the_protocol_is_named():
    assert refused(ves_version=2, created_at="x", payload_cipher_hash=b"\1" * 32) == "unsupported_version"
    cipher = refused('{"delta":1}', created_at="x", payload_cipher_hash=b"\1" * 32)
    assert cipher == "schema_validation: payload_cipher_hash"
    assert refused('{"delta":1}', created_at="x") == "schema_validation: created_at"
    bad = ENCRYPTED | {"created_at": "x", "payload_encrypted": ENCRYPTED["payload_encrypted"] | {"aead": "x"}}
    (event,) = ingest.decode_request(request_body(bad)).events
    assert event.refusal == "schema_validation: payload_encrypted.aead"


def test_an_encrypted_event_is_judged_in_the_same_order():
    for changes, refusal in (
        ({"ves_version": 2, "payload": {"a": 1}, "created_at": "x"}, "unsupported_version"),
        ({"payload": {"a": 1}, "created_at": "x"}, "schema_validation: payload"),
        ({"created_at": "x"}, "schema_validation: created_at"),
    ):
        (event,) = ingest.decode_request(request_body(ENCRYPTED | changes)).events
        assert event.refusal == refusal


def test_an_encrypted_payload_has_the_same_size_limit():
    (event,) = ingest.decode_request(request_body(ENCRYPTED)).events
    for limit in (len(event.payload), len(event.payload) - 1):
        limits = Limits(max_payload_bytes=limit)
        if limit == len(event.payload):
            assert ingest.decode_request(request_body(ENCRYPTED), limits).events[0].refusal is None
        else:
            with pytest.raises(RequestRefused, match="payload_encrypted"):
                ingest.decode_request(request_body(ENCRYPTED), limits)


def test_strict_format_wants_canonical_base64():
    members = ENCRYPTED["payload_encrypted"]
    padded = ENCRYPTED | {"payload_encrypted": members | {"tag_b64u": members["tag_b64u"] + "=="}}
    body = request_body(padded)
    assert ingest.decode_request(body).events[0].refusal is None
    strict = ingest.decode_request(body, Limits(strict_format=True)).events[0]
    assert strict.refusal == "schema_validation: payload_encrypted.tag_b64u"


def test_a_signature_is_checked_for_every_event_that_is_still_good():
    good, forged, misshapen = AGENT.event(), AGENT.event(), AGENT.event(ves_version=3)
    forged["agent_signature"] = good["agent_signature"]
    events = ingest.decode_request(AGENT.body(good, forged, misshapen)).events
    assert ingest.required_keys(events) == {(AGENT.agent_id, 1)}
    ingest.verify_signatures(events, AGENT.keys)
    assert [event.refusal for event in events] == [None, "invalid_signature", "unsupported_version"]
    assert events[1].refusal_message == "signature verification failed"


def test_an_event_without_a_key_never_passes_unchecked():
    events = ingest.decode_request(AGENT.body(AGENT.event())).events
    ingest.verify_signatures(events, {})
    assert events[0].refusal == "invalid_signature"


def test_a_profile_refuses_classic_signatures():
    for profile in ("hybrid", "pqc-strict"):
        events = ingest.decode_request(AGENT.body(AGENT.event())).events
        ingest.verify_signatures(events, AGENT.keys, profile)
        assert events[0].refusal == "invalid_signature"
        assert profile in (events[0].refusal_message or "")


@pytest.mark.parametrize(
    ("sent", "kept"), [(None, 0), (0, 0), (1, 1), (3, 3), (4, 0), (-1, 0), (2**31 - 1, 0)]
)
def test_unknown_signature_schemes_act_as_0(sent, kept):
    event = AGENT.event() | {"agent_signature_scheme": sent}
    assert ingest.decode_request(AGENT.body(event)).events[0].signature_scheme == kept


@pytest.mark.parametrize("spelling", [str.upper, lambda text: text.replace("-", "")])
def test_ids_and_hex_may_be_spelled_in_other_ways(spelling):
    event = AGENT.event()
    for name in ("event_id", "tenant_id", "store_id", "source_agent_id"):
        event[name] = spelling(event[name])
    for name in ("payload_plain_hash", "payload_cipher_hash", "agent_signature"):
        event[name] = event[name][2:].upper()
    events = ingest.decode_request(AGENT.body(event)).events
    ingest.verify_signatures(events, AGENT.keys)
    assert events[0].refusal is None


def test_columns_hold_the_events_in_the_order_of_the_engine():
    command = uuid4()
    key = 2**32 - 1
    agent = Agent(key_id=key)
    plain = agent.event() | {"command_id": str(command), "base_version": 7}
    bundled = agent.event() | {"agent_signature_bundle": {"ed25519_signature": [1, 2]}, "ves_version": 2}
    events = ingest.decode_request(agent.body(plain, bundled, payload='{ "delta" : 100 }')).events
    columns = ingest.to_columns(events)
    assert columns.event_ids == [UUID(plain["event_id"]), UUID(bundled["event_id"])]
    assert columns.command_ids == [command, None]
    assert columns.agent_ids == [agent.agent_id] * 2
    assert columns.agent_key_ids == [-1, -1]
    assert [codec.key_id_number(bits) for bits in columns.agent_key_ids] == [key, key]
    assert columns.created_at_micros == [1766253070243000] * 2
    assert columns.payloads == ['{ "delta" : 100 }'] * 2
    assert columns.base_versions == [7, None]
    assert columns.signature_bundles == [None, b'{"ed25519_signature":[1,2]}']
    assert columns.refusals == [None, "unsupported_version"]
    assert len(columns.digests) == 320
    first = events[0]
    assert (
        columns.digests[:160] == first.plain_hash + first.cipher_hash + first.signing_hash + first.signature
    )


def test_the_fast_signing_hash_is_that_of_the_preimage():
    agent = Agent(key_id=2**32 - 1)
    texts = {
        "entity_type": "ü",
        "entity_id": "日本",
        "event_type": "e" * 256,
        "created_at": "2025-12-20 17:51:10z",
    }
    event = agent.event(**texts)
    (prepared,) = ingest.decode_request(agent.body(event)).events
    assert prepared.refusal is None
    assert prepared.signing_hash == digests.signing_hash(
        ves_version=1,
        tenant_id=agent.tenant_id,
        store_id=agent.store_id,
        event_id=prepared.event_id,
        source_agent_id=agent.agent_id,
        agent_key_id=2**32 - 1,
        payload_kind=0,
        payload_plain_hash=prepared.plain_hash,
        payload_cipher_hash=bytes(32),
        **texts,
    )
