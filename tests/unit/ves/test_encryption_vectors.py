"""VES-ENC-1 against encryption.json (VES 8)."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.unit.ves.vectors import IDS, key_of, load, request_body, signed_fields, unhex
from ves import canonical, codec, digests, encrypted, hpke, ingest, seal
from ves.errors import ProtocolError

VECTORS = load("encryption")
CASES = VECTORS["cases"]
INVALID = [pytest.param(case, id=case["name"]) for case in VECTORS["invalid_payload_encrypted"]]


def binding_of(envelope):
    names = (*IDS, "agent_key_id", "entity_type", "entity_id", "event_type", "created_at")
    return seal.EventBinding(*(UUID(envelope[n]) if n in IDS else envelope[n] for n in names))


def wire_of(envelope):
    return encrypted.decode(json.dumps(envelope["payload_encrypted"]).encode())


def randomness(case):
    """The vector's random bytes in the order in which `seal` draws them."""
    ephemeral = [unhex(key["ephemeral_private_key"]) for key in case["recipient_keys"]]
    order = sorted(range(len(ephemeral)), key=lambda at: case["recipient_keys"][at]["recipient_kid"])
    parts = [unhex(case["salt"]), unhex(case["dek"]), unhex(case["nonce"]), *(ephemeral[at] for at in order)]
    remaining = iter(parts)
    return lambda count: next(part for part in remaining if len(part) == count)


@pytest.mark.parametrize("case", CASES)
def test_sealing_with_the_given_keys_gives_the_bytes_of_the_vector(case):
    envelope = case["envelope"]
    recipients = {key["recipient_kid"]: unhex(key["public_key"]) for key in case["recipient_keys"]}
    sealed = seal.seal(case["payload_json_text"].encode(), binding_of(envelope), recipients, randomness(case))
    assert sealed.payload_aad.hex() == case["payload_aad"]
    assert sealed.payload_plain_hash.hex() == case["payload_plain_hash"]
    assert sealed.payload_cipher_hash.hex() == case["payload_cipher_hash"]
    assert sealed.payload_encrypted == wire_of(envelope)


@pytest.mark.parametrize("case", CASES)
def test_every_recipient_opens_the_payload(case):
    envelope = case["envelope"]
    plaintext = unhex(case["plaintext_hex"])
    for key in case["recipient_keys"]:
        assert hpke.public_key(unhex(key["private_key"])).hex() == key["public_key"]
        opened = seal.open(
            wire_of(envelope),
            binding_of(envelope),
            unhex(case["payload_plain_hash"]),
            key["recipient_kid"],
            unhex(key["private_key"]),
        )
        assert opened == plaintext[16:] == canonical.jcs(case["payload_json_text"].encode())


@pytest.mark.parametrize("case", CASES)
def test_the_hashes_of_an_encrypted_event_are_those_of_the_vector(case):
    envelope = case["envelope"]
    content = encrypted.validate(wire_of(envelope), strict=True)
    assert isinstance(content, encrypted.Encrypted)
    recipients = ((item.kid, item.enc, item.ct) for item in content.recipients)
    assert digests.recipients_hash(recipients).hex() == case["recipients_hash"]
    assert content.cipher_hash(unhex(case["payload_aad"])).hex() == case["payload_cipher_hash"]
    assert digests.signing_hash(**signed_fields(envelope)).hex() == case["event_signing_hash"]
    (prepared,) = ingest.decode_request(request_body(envelope)).events
    ingest.verify_signatures([prepared], key_of(envelope, unhex(case["agent_public_key"])))
    assert prepared.refusal is None
    assert encrypted.decode(prepared.payload) == wire_of(envelope)


@pytest.mark.parametrize("case", INVALID)
def test_a_malformed_encrypted_payload_names_the_field_of_the_vector(case):
    wire = encrypted.decode(json.dumps(case["payload_encrypted"]).encode())
    assert encrypted.validate(wire) == case["rejected_field"]
    envelope = CASES[0]["envelope"] | {"payload_encrypted": case["payload_encrypted"]}
    (prepared,) = ingest.decode_request(request_body(envelope)).events
    assert prepared.refusal == f"schema_validation: {case['rejected_field']}"


def test_opening_fails_for_strangers_and_changed_bytes():
    case = CASES[0]
    envelope, key = case["envelope"], case["recipient_keys"][0]
    private, plain_hash = unhex(key["private_key"]), unhex(case["payload_plain_hash"])
    wire, binding, kid = wire_of(envelope), binding_of(envelope), key["recipient_kid"]
    other = bytes(31) + b"\x05"
    changed = encrypted.decode(encrypted.encode(wire).replace(wire.tag_b64u.encode(), b"A" * 22))
    for attempt in (
        (wire, binding, plain_hash, kid + 1, private),
        (wire, binding, plain_hash, kid, other),
        (wire, binding, bytes(32), kid, private),
        (changed, binding, plain_hash, kid, private),
    ):
        with pytest.raises(ProtocolError):
            seal.open(*attempt)


def test_opening_refuses_a_payload_that_breaks_the_structure():
    case = CASES[0]
    envelope, key = case["envelope"], case["recipient_keys"][0]
    members = envelope["payload_encrypted"] | {"aead": "none"}
    wire = encrypted.decode(json.dumps(members).encode())
    with pytest.raises(ProtocolError, match="aead"):
        seal.open(wire, binding_of(envelope), bytes(32), 1, unhex(key["private_key"]))


def test_opening_refuses_content_that_is_not_what_the_sender_hashed():
    binding = binding_of(CASES[0]["envelope"])
    key, nonce, private, claimed = b"\x05" * 32, bytes(12), b"\x07" * 32, b"\x06" * 32
    aad = binding.aad(claimed)
    sealed = AESGCM(key).encrypt(nonce, bytes(16) + b'{"a":1}', aad)
    enc, ct = hpke.seal(hpke.public_key(private), aad, key, b"\x09" * 32)
    members = CASES[0]["envelope"]["payload_encrypted"] | {
        "nonce_b64u": codec.b64u_encode(nonce),
        "ciphertext_b64u": codec.b64u_encode(sealed[:-16]),
        "tag_b64u": codec.b64u_encode(sealed[-16:]),
        "recipients": [
            {"recipient_kid": 1, "enc_b64u": codec.b64u_encode(enc), "ct_b64u": codec.b64u_encode(ct)}
        ],
    }
    wire = encrypted.decode(json.dumps(members).encode())
    with pytest.raises(ProtocolError, match="does not match its hash"):
        seal.open(wire, binding, claimed, 1, private)


def test_sealing_refuses_missing_and_useless_recipients():
    binding = binding_of(CASES[0]["envelope"])
    with pytest.raises(ProtocolError):
        seal.seal(b"{}", binding, {})
    for key in (bytes(32), b"short"):
        with pytest.raises(ProtocolError):
            seal.seal(b"{}", binding, {1: key})


def test_sealing_draws_fresh_random_bytes_by_default():
    binding = binding_of(CASES[0]["envelope"])
    recipients = {7: hpke.public_key(b"\x07" * 32)}
    first, second = (seal.seal(b'{"a":1}', binding, recipients) for _ in range(2))
    assert first.payload_encrypted.nonce_b64u != second.payload_encrypted.nonce_b64u
    opened = seal.open(first.payload_encrypted, binding, first.payload_plain_hash, 7, b"\x07" * 32)
    assert opened == b'{"a":1}'


@pytest.mark.parametrize(
    ("profile", "kem", "found"),
    [
        ("hybrid", "X25519-HKDF-SHA256", "payload_encrypted.hpke.kem"),
        ("pqc-strict", "x25519+mlkem768", "payload_encrypted.hpke.kem"),
        ("legacy", "mlkem768", None),
    ],
)
def test_a_profile_narrows_the_wrap_schemes(profile, kem, found):
    members = CASES[0]["envelope"]["payload_encrypted"]
    members = members | {"hpke": members["hpke"] | {"kem": kem}}
    result = encrypted.validate(encrypted.decode(json.dumps(members).encode()), profile=profile)
    assert (result if isinstance(result, str) else None) == found
