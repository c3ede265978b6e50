"""The single-value adapter of PL/Python on the vectors; tests/sql/vectors runs it inside the database."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest

from tests.unit.ves.vectors import load, unhex
from ves import plpython_values as values
from ves.errors import ProtocolError

ENCRYPTION = load("encryption")["cases"]
EVENTS = load("events")["events"]
AT_REST = load("at_rest")
LEGACY = load("legacy")
MERKLE = load("merkle")
IDS = ("tenant_id", "store_id", "event_id", "source_agent_id")


def parts(envelope):
    """(ids, fields) as the wrappers hand them over; the key number is a bit pattern."""
    key = envelope["agent_key_id"]
    fields = [envelope[name] for name in ("entity_type", "entity_id", "event_type", "created_at")]
    return [envelope[name] for name in IDS], (key - 2**32 if key >= 2**31 else key, *fields)


@pytest.mark.parametrize("event", EVENTS)
def test_signing_hashes(event):
    envelope = event["envelope_without_payload"]
    hashes = [unhex(envelope[name]) for name in ("payload_plain_hash", "payload_cipher_hash")]
    assert values.event_signing_hash(1, *parts(envelope), 0, *hashes).hex() == event["event_signing_hash"]


@pytest.mark.parametrize("case", ENCRYPTION)
def test_encrypted_payloads(case):
    envelope, bound = case["envelope"], parts(case["envelope"])
    text, aad = json.dumps(envelope["payload_encrypted"]), unhex(case["payload_aad"])
    plain_hash = unhex(case["payload_plain_hash"])
    assert values.payload_aad(*bound, plain_hash) == aad
    assert values.recipients_hash(text).hex() == case["recipients_hash"]
    assert values.cipher_hash(text, aad).hex() == case["payload_cipher_hash"]
    keys = sorted(case["recipient_keys"], key=lambda key: key["recipient_kid"])
    randomness = [case["salt"], case["dek"], case["nonce"], *(key["ephemeral_private_key"] for key in keys)]
    recipients = [key["recipient_kid"] for key in keys], [unhex(key["public_key"]) for key in keys]
    payload = case["payload_json_text"]
    sealed = values.seal_payload(payload, *bound, recipients, unhex("".join(randomness)))
    assert json.loads(sealed[0]) == envelope["payload_encrypted"]
    fresh = values.seal_payload(payload, *bound, recipients, None)
    for key in keys:
        recipient = key["recipient_kid"], unhex(key["private_key"])
        opened = values.open_payload(text, *bound, plain_hash, recipient)
        assert values.open_payload(fresh[0], *bound, fresh[1], recipient) == opened
    with pytest.raises(ProtocolError, match="too few"):
        values.seal_payload(payload, *bound, recipients, b"")


def test_a_malformed_encrypted_payload_names_its_field():
    members = ENCRYPTION[0]["envelope"]["payload_encrypted"] | {"aead": "x"}
    with pytest.raises(ProtocolError, match=r"payload_encrypted\.aead"):
        values.cipher_hash(json.dumps(members), bytes(32))


def test_leaves_and_public_inputs():
    event = MERKLE["events"][0]
    signed = unhex(event["event_signing_hash"]), unhex(event["agent_signature"])
    leaf = values.leaf_hash(MERKLE["tenant_id"], MERKLE["store_id"], event["sequence_number"], *signed)
    assert leaf.hex() == event["leaf_hash"]
    assert values.public_inputs_hash('{"b":1.0, "a":1}') == sha256(b'{"a":1,"b":1.0}').digest()


@pytest.mark.parametrize("case", [*AT_REST["payloads"], *AT_REST["proofs"]])
def test_blobs_at_rest(case):
    subject = "batch_id" if case.get("kind") == "validity" else "event_id"
    ids = [case[name] for name in ("tenant_id", "store_id", subject)]
    if "kind" not in case:
        texts = [case[name] for name in ("entity_type", "entity_id", "event_type")]
        aad = values.at_rest_payload_aad(ids, int(case["sequence_number"]), texts)
    else:
        ids.append(case["proof_id"])
        tail = case["proof_version"], case["proof_type"], unhex(case["proof_hash"])
        if subject == "batch_id":
            aad = values.at_rest_validity_aad(ids, *tail)
        else:
            aad = values.at_rest_compliance_aad(ids, unhex(case["policy_hash"]), *tail)
    assert aad.hex() == case["aad"]
    key, plaintext = unhex(case["key"]), unhex(case.get("plaintext_hex") or case["proof_hex"])
    assert values.at_rest_encrypt(key, aad, plaintext, unhex(case["nonce"])).hex() == case["stored_hex"]
    assert values.at_rest_decrypt([key], aad, values.at_rest_encrypt(key, aad, plaintext, None)) == plaintext


def test_legacy_forms():
    stream = [LEGACY["tenant_id"], LEGACY["store_id"]]
    event = LEGACY["events"][0]
    texts = event["entity_type"], event["entity_id"]
    leaf = values.legacy_leaf_hash(stream, event["sequence_number"], unhex(event["payload_hash"]), *texts)
    assert leaf.hex() == event["leaf_hash"]
    rows = LEGACY["state_root"]["entity_versions"]
    columns = tuple([row[name] for row in rows] for name in ("entity_type", "entity_id", "version"))
    assert values.legacy_state_root(stream, columns).hex() == LEGACY["state_root"]["state_root"]
    vector = LEGACY["signing_bytes"]
    arguments = [
        vector["envelope_version"],
        [vector["event_id"], vector["command_id"], *stream],
        [vector[name] for name in ("entity_type", "entity_id", "event_type")],
        unhex(vector["payload_hash"]),
        (vector["base_version"], vector["created_at_unix_ms"]),
    ]
    assert values.legacy_signing_bytes(*arguments).hex() == vector["signing_bytes_hex"]
    arguments[1] = [vector["event_id"], None, *stream]
    assert len(values.legacy_signing_bytes(*arguments)) * 2 == len(vector["signing_bytes_hex"]) - 32
    arguments[1] = [None, None, *stream]
    with pytest.raises(ProtocolError):
        values.legacy_signing_bytes(*arguments)
