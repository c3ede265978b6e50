"""Every vector again through SQL: the wrappers add nothing and lose nothing."""

from __future__ import annotations

import json
import re

import pytest

from tests.sql.vectors.conftest import sqlstate_of
from tests.unit.ves.vectors import load, unhex
from ves import hpke

JCS = load("jcs")
EVENTS = load("events")
ENCRYPTION = load("encryption")
MERKLE = load("merkle")
RECEIPTS = load("receipts")
KEYS = load("keys_pop")
PROOFS = load("policy_and_proofs")
AT_REST = load("at_rest")
LEGACY = load("legacy")
EDGE = load("ed25519_edge")["cases"]
IDS = ("tenant_id", "store_id", "event_id", "source_agent_id")


def uuids(source, *names):
    return [(source[name], "uuid") for name in names]


def number(value, kind="integer"):
    return value, kind


def binding(envelope):
    """The arguments that bind a payload to its event."""
    bits = envelope["agent_key_id"] - (2**32 if envelope["agent_key_id"] >= 2**31 else 0)
    texts = [envelope[name] for name in ("entity_type", "entity_id", "event_type", "created_at")]
    return [*uuids(envelope, *IDS), number(bits), *texts]


@pytest.mark.parametrize("case", JCS["cases"], ids=lambda case: case["name"])
def test_canonical_json(call, case):
    text = case["json_text"]
    assert call("jcs", text) == case["canonical"]
    assert call("plain_json", text) == case["legacy_serialization"]
    assert call("payload_plain_hash", text, (None, "bytea")).hex() == case["payload_plain_hash"]
    assert call("legacy_payload_hash", text).hex() == case["legacy_payload_hash"]


@pytest.mark.parametrize("text", JCS["rejected_json_texts"])
def test_rejected_texts(call, text):
    for name in ("jcs", "plain_json", "legacy_payload_hash"):
        assert sqlstate_of(lambda name=name: call(name, text)) == "VE001"


@pytest.mark.parametrize("event", EVENTS["events"])
def test_signing_hashes_and_signatures(call, event):
    envelope = event["envelope_without_payload"]
    hashes = [unhex(envelope[name]) for name in ("payload_plain_hash", "payload_cipher_hash")]
    digest = call("event_signing_hash", number(1), *binding(envelope), number(0), *hashes)
    assert digest.hex() == event["event_signing_hash"]
    rows = [[unhex(EVENTS["agent_public_key"])], [digest], [unhex(event["agent_signature"])]]
    assert call("ed25519_verify_batch", *((row, "bytea[]") for row in rows)) == [True]


@pytest.mark.parametrize("case", ENCRYPTION["cases"])
def test_encryption(call, case):
    envelope = case["envelope"]
    text = json.dumps(envelope["payload_encrypted"])
    plain_hash, aad = unhex(case["payload_plain_hash"]), unhex(case["payload_aad"])
    assert call("payload_plain_hash", case["payload_json_text"], unhex(case["salt"])) == plain_hash
    assert call("payload_aad", *binding(envelope), plain_hash) == aad
    assert call("recipients_hash", text).hex() == case["recipients_hash"]
    assert call("payload_cipher_hash", text, aad).hex() == case["payload_cipher_hash"]
    keys = sorted(case["recipient_keys"], key=lambda key: key["recipient_kid"])
    kids = [key["recipient_kid"] for key in keys], "bigint[]"
    public = [unhex(key["public_key"]) for key in keys], "bytea[]"
    randomness = b"".join(
        unhex(part)
        for part in (
            case["salt"],
            case["dek"],
            case["nonce"],
            *(key["ephemeral_private_key"] for key in keys),
        )
    )
    sealed = call("seal_payload", case["payload_json_text"], *binding(envelope), kids, public, randomness)
    assert json.loads(sealed[0]) == envelope["payload_encrypted"]
    assert (sealed[1].hex(), sealed[2].hex()) == (case["payload_plain_hash"], case["payload_cipher_hash"])
    canonical = call("jcs", case["payload_json_text"])
    for key in keys:
        private = unhex(key["private_key"])
        opened = call("open_payload", text, *binding(envelope), plain_hash, key["recipient_kid"], private)
        assert opened == canonical


def test_sealing_draws_its_own_randomness_and_refuses_strangers(call):
    bound = binding(ENCRYPTION["cases"][0]["envelope"])
    private = b"\x07" * 32
    arguments = (
        '{"a":1}',
        *bound,
        ([5], "bigint[]"),
        ([hpke.public_key(private)], "bytea[]"),
        (None, "bytea"),
    )
    first, second = call("seal_payload", *arguments), call("seal_payload", *arguments)
    assert first[0] != second[0]
    assert call("open_payload", first[0], *bound, first[1], 5, private) == '{"a":1}'
    assert sqlstate_of(lambda: call("open_payload", first[0], *bound, first[1], 6, private)) == "VE007"
    assert sqlstate_of(lambda: call("open_payload", "{}", *bound, first[1], 5, private)) == "VE002"


@pytest.mark.parametrize("case", ENCRYPTION["invalid_payload_encrypted"], ids=lambda case: case["name"])
def test_malformed_encrypted_payloads(call, case):
    text = json.dumps(case["payload_encrypted"])
    assert sqlstate_of(lambda: call("payload_cipher_hash", text, bytes(32))) == "VE007"


def test_leaves(call):
    stream = uuids(MERKLE, "tenant_id", "store_id")
    for event in MERKLE["events"]:
        parts = unhex(event["event_signing_hash"]), unhex(event["agent_signature"])
        assert call("leaf_hash", *stream, event["sequence_number"], *parts).hex() == event["leaf_hash"]


def test_stream_ids_trees_and_the_chain_of_commitments(call):
    stream = uuids(MERKLE, "tenant_id", "store_id")
    identity = call("stream_id", *stream)
    assert identity.hex() == MERKLE["stream_id"]
    assert call("stream_lock_key", *stream) == MERKLE["advisory_lock_key"]
    previous = bytes(32)
    for row in MERKLE["commitment_chain"]:
        root, start, end = unhex(row["merkle_root"]), row["sequence_start"], row["sequence_end"]
        previous = call("state_root", identity, previous, root, start, end, number(row["leaf_count"]))
        assert previous.hex() == row["new_state_root"]


@pytest.mark.parametrize(
    "receipt", [item for item in RECEIPTS["receipts"] if int(item["sequence_number"]) < 2**63]
)
def test_receipt_signatures(call, receipt):
    texts = RECEIPTS["sequencer_public_key"], receipt["receipt_hash"], receipt["sequencer_signature"]
    rows = [[unhex(text)] for text in texts]
    assert call("ed25519_verify_batch", *((row, "bytea[]") for row in rows)) == [True]


def test_challenges_of_proofs_of_possession(call):
    classic, pqc = unhex(KEYS["ed25519"]["public_key"]), unhex(KEYS["ml_dsa_65"]["public_key"])
    assert call("pop_challenge", classic).hex() == KEYS["ed25519"]["pop_challenge"]
    strict, hybrid = call("pop_challenge", pqc), call("pop_challenge", classic + pqc)
    assert strict.hex() == KEYS["ml_dsa_65"]["strict_pop_challenge"]
    assert hybrid.hex() == KEYS["ml_dsa_65"]["hybrid_pop_challenge"]


def test_ed25519_edge_cases(call):
    columns = [[unhex(case[name]) for case in EDGE] for name in ("public_key", "message", "signature")]
    answers = call("ed25519_verify_batch", *((column, "bytea[]") for column in columns))
    small_order = [case["name"].startswith("identity public key") for case in EDGE]
    wanted = [case["reference_accepts"] and not small for case, small in zip(EDGE, small_order, strict=True)]
    assert answers == wanted


@pytest.mark.parametrize("policy", PROOFS["policies"], ids=lambda policy: policy["policy_id"])
def test_policies_and_public_inputs(call, policy):
    digest = call("policy_hash", policy["policy_id"], policy["policy_params_json_text"])
    assert digest.hex() == policy["policy_hash"]
    inputs = call("public_inputs_hash", policy["public_inputs_json_text"])
    assert inputs.hex() == policy["public_inputs_hash"]


def test_proof_hashes(call):
    hashes = PROOFS["proof_hashes"]
    proof = unhex(hashes["proof_hex"])
    assert call("validity_proof_hash", proof).hex() == hashes["validity_proof_hash"]
    assert call("compliance_proof_hash", proof).hex() == hashes["compliance_proof_hash"]
    inputs = PROOFS["validity_public_inputs"]
    assert call("public_inputs_hash", inputs["json_text"]).hex() == inputs["hash"]


def test_validity_inputs(shared):
    vector = PROOFS["validity_public_inputs"]
    columns = {
        re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", name): f"\\x{value}"
        if name.endswith("Root")
        else value
        for name, value in json.loads(vector["json_text"]).items()
    }
    with shared.connect() as connection:
        row = connection.execute(
            "select ves_int.validity_inputs_text(jsonb_populate_record(null::ves_store.ves_commitments, %s::jsonb))",
            [json.dumps(columns)],
        ).fetchone()
    assert row == (vector["json_text"],)


def at_rest_aad(call, case):
    if "kind" not in case:
        ids = uuids(case, "tenant_id", "store_id", "event_id")
        texts = [case[name] for name in ("entity_type", "entity_id", "event_type")]
        return call("at_rest_payload_aad", *ids, int(case["sequence_number"]), *texts)
    tail = number(case["proof_version"]), case["proof_type"], unhex(case["proof_hash"])
    if case["kind"] == "validity":
        ids = uuids(case, "tenant_id", "store_id", "batch_id", "proof_id")
        return call("at_rest_validity_aad", *ids, *tail)
    ids = uuids(case, "tenant_id", "store_id", "event_id", "proof_id")
    return call("at_rest_compliance_aad", *ids, unhex(case["policy_hash"]), *tail)


@pytest.mark.parametrize("case", [*AT_REST["payloads"], *AT_REST["proofs"]])
def test_blobs_at_rest(call, case):
    aad, key, stored = unhex(case["aad"]), unhex(case["key"]), unhex(case["stored_hex"])
    plaintext = unhex(case.get("plaintext_hex") or case["proof_hex"])
    assert at_rest_aad(call, case) == aad
    assert call("at_rest_encrypt", key, aad, plaintext, unhex(case["nonce"])) == stored
    fresh = call("at_rest_encrypt", key, aad, plaintext, (None, "bytea"))
    for blob in (stored, fresh):
        assert call("at_rest_decrypt", ([bytes(32), key], "bytea[]"), aad, blob) == plaintext
    assert sqlstate_of(lambda: call("at_rest_decrypt", ([bytes(32)], "bytea[]"), aad, stored)) == "VE007"


def test_legacy_leaves(call):
    stream = uuids(LEGACY, "tenant_id", "store_id")
    for event in LEGACY["events"]:
        digest = call("legacy_payload_hash", event["payload_json_text"])
        assert digest.hex() == event["payload_hash"]
        texts = event["entity_type"], event["entity_id"]
        leaf = call("legacy_leaf_hash", *stream, event["sequence_number"], digest, *texts)
        assert leaf.hex() == event["leaf_hash"]


def test_legacy_state_root_and_signing_bytes(call):
    stream = uuids(LEGACY, "tenant_id", "store_id")
    vector = LEGACY["state_root"]
    rows = vector["entity_versions"]
    columns = [
        ([row["entity_type"] for row in rows], "text[]"),
        ([row["entity_id"] for row in rows], "text[]"),
        ([row["version"] for row in rows], "bigint[]"),
    ]
    assert call("legacy_state_root", *stream, *columns).hex() == vector["state_root"]
    vector = LEGACY["signing_bytes"]
    signed = call(
        "legacy_signing_bytes",
        number(vector["envelope_version"]),
        *uuids(vector, "event_id", "command_id"),
        *stream,
        *(vector[name] for name in ("entity_type", "entity_id", "event_type")),
        unhex(vector["payload_hash"]),
        vector["base_version"],
        vector["created_at_unix_ms"],
    )
    assert signed.hex() == vector["signing_bytes_hex"]
