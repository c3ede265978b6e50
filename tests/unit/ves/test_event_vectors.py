"""Signing hashes and signatures against events.json (VES 3, 5)."""

from __future__ import annotations

import pytest

from tests.unit.ves.vectors import key_of, load, request_body, signed_fields, unhex
from ves import canonical, digests, ed25519, ingest, timestamps

VECTORS = load("events")
PUBLIC_KEY = unhex(VECTORS["agent_public_key"])
SECRET_KEY = unhex(VECTORS["agent_secret_key"])


def test_the_public_key_belongs_to_the_secret_key():
    assert ed25519.public_key(SECRET_KEY) == PUBLIC_KEY == ed25519.Signer(SECRET_KEY).public_key


@pytest.mark.parametrize("event", VECTORS["events"])
def test_an_event_has_the_preimage_hash_and_signature_of_the_vector(event):
    envelope = event["envelope_without_payload"]
    fields = signed_fields(envelope)
    canonical_payload = canonical.jcs(event["payload_json_text"].encode())
    assert canonical_payload.decode() == event["canonical_payload"]
    assert digests.payload_plain_hash(canonical_payload) == fields["payload_plain_hash"]
    assert digests.signing_preimage(**fields).hex() == event["signing_preimage_hex"]
    signing_hash = digests.signing_hash(**fields)
    assert signing_hash.hex() == event["event_signing_hash"]
    assert ed25519.sign(SECRET_KEY, signing_hash).hex() == event["agent_signature"]
    assert ed25519.Signer(SECRET_KEY).sign(signing_hash).hex() == event["agent_signature"]
    assert ed25519.verify(PUBLIC_KEY, signing_hash, unhex(event["agent_signature"]))


@pytest.mark.parametrize("event", VECTORS["events"])
def test_an_event_of_the_vector_passes_ingest(event):
    envelope = event["envelope_without_payload"]
    body = request_body(envelope, payloads={envelope["event_id"]: event["payload_json_text"]})
    (prepared,) = ingest.decode_request(body).events
    ingest.verify_signatures([prepared], key_of(envelope, PUBLIC_KEY))
    assert prepared.refusal is None
    assert prepared.payload.decode() == event["payload_json_text"]
    assert prepared.signing_hash.hex() == event["event_signing_hash"]


@pytest.mark.parametrize("change", VECTORS["tampered"], ids=lambda change: change["changed_field"])
def test_a_changed_field_changes_the_hash_and_breaks_the_signature(change):
    event = VECTORS["events"][0]
    envelope = event["envelope_without_payload"] | {change["changed_field"]: change["new_value"]}
    signing_hash = digests.signing_hash(**signed_fields(envelope))
    assert signing_hash.hex() == change["event_signing_hash"]
    valid = ed25519.verify(PUBLIC_KEY, signing_hash, unhex(event["agent_signature"]))
    assert valid is change["signature_still_valid"]


@pytest.mark.parametrize("case", VECTORS["grpc_created_at"], ids=lambda case: case["created_at"])
def test_a_grpc_timestamp_becomes_the_text_of_the_vector(case):
    text = timestamps.grpc_text(case["seconds"], case["nanos"])
    assert text == case["created_at"]
    assert timestamps.rfc3339_micros(text) == case["seconds"] * 10**6 + case["nanos"] // 1000


@pytest.mark.parametrize(("seconds", "nanos"), [(0, -1), (0, 10**9), (2**62, 0), (-(2**62), 0)])
def test_a_grpc_timestamp_out_of_range_has_no_text(seconds, nanos):
    assert timestamps.grpc_text(seconds, nanos) is None
