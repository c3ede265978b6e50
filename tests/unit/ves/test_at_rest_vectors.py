"""Stored blobs against at_rest.json (VES 16)."""

from __future__ import annotations

import base64
from uuid import UUID

import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.unit.ves.vectors import load, unhex
from ves import at_rest, digests
from ves.errors import ProtocolError

VECTORS = load("at_rest")


def payload_aad(case):
    ids = [UUID(case[name]) for name in ("tenant_id", "store_id", "event_id")]
    texts = [case[name] for name in ("entity_type", "entity_id", "event_type")]
    return digests.at_rest_payload_aad(*ids, int(case["sequence_number"]), *texts)


def proof_aad(case):
    subject = "batch_id" if case["kind"] == "validity" else "event_id"
    ids = [UUID(case[name]) for name in ("tenant_id", "store_id", subject, "proof_id")]
    tail = (case["proof_version"], case["proof_type"], unhex(case["proof_hash"]))
    if case["kind"] == "validity":
        return digests.at_rest_validity_aad(*ids, *tail)
    return digests.at_rest_compliance_aad(*ids, unhex(case["policy_hash"]), *tail)


CASES = [(case, payload_aad, "plaintext_hex") for case in VECTORS["payloads"]]
CASES += [(case, proof_aad, "proof_hex") for case in VECTORS["proofs"]]


@pytest.mark.parametrize(("case", "aad_of", "plaintext_name"), CASES)
def test_a_blob_is_that_of_the_vector(case, aad_of, plaintext_name):
    aad, plaintext = aad_of(case), unhex(case[plaintext_name])
    key, stored = unhex(case["key"]), unhex(case["stored_hex"])
    assert aad.hex() == case["aad"]
    assert at_rest.encrypt(key, aad, plaintext, lambda _: unhex(case["nonce"])) == stored
    assert at_rest.decrypt([bytes(32), key], aad, stored) == plaintext
    assert at_rest.is_encrypted(stored)


@pytest.mark.parametrize("case", VECTORS["proofs"])
def test_the_proof_hash_in_a_blob_is_that_of_the_proof(case):
    digest = digests.validity_proof_hash if case["kind"] == "validity" else digests.compliance_proof_hash
    assert digest(unhex(case["proof_hex"])).hex() == case["proof_hash"]


def test_a_blob_opens_only_with_its_key_and_aad():
    case = VECTORS["payloads"][0]
    key, aad, stored = unhex(case["key"]), unhex(case["aad"]), unhex(case["stored_hex"])
    for keys, other_aad, blob in (
        ([bytes(32)], aad, stored),
        ([], aad, stored),
        ([key], bytes(32), stored),
        ([key], aad, stored[:-1]),
        ([key], aad, b"SSE2" + stored[4:]),
        ([key], aad, b"SSE1"),
    ):
        with pytest.raises(ProtocolError):
            at_rest.decrypt(keys, other_aad, blob)


def test_every_blob_has_a_fresh_nonce():
    blobs = {at_rest.encrypt(bytes(32), bytes(32), b"same") for _ in range(4)}
    assert len(blobs) == 4


@pytest.mark.parametrize(
    ("length", "frame"),
    [
        (0, b""),
        (100, b"no frame"),
        (100, zstandard.compress(b"p" * 100)[:-1]),
        (99, zstandard.compress(b"p" * 100)),
        (100, zstandard.ZstdCompressor(write_content_size=False).compress(b"p" * 100)),
        (64 * 1024 * 1024 + 1, zstandard.compress(bytes(64 * 1024 * 1024 + 1))),
    ],
    ids=["empty", "junk", "cut", "of another length", "of no told length", "too long"],
)
def test_a_compressed_blob_that_the_keys_holder_made_badly_is_refused(length, frame):
    nonce, aad, head = bytes(12), bytes(32), b"SSE2" + length.to_bytes(4, "big")
    blob = head + nonce + AESGCM(bytes(32)).encrypt(nonce, frame, head + aad)
    with pytest.raises(ProtocolError, match="the blob is"):
        at_rest.decrypt([bytes(32)], aad, blob)


@pytest.mark.parametrize("compress", [True, False])
def test_the_length_of_a_plaintext_is_told_without_its_key(compress):
    blob = at_rest.encrypt_with(AESGCM(bytes(32)), bytes(12), b"", b"p" * 1000, compress=compress)
    assert at_rest.plaintext_bytes(blob) == (1000 if compress else len(blob))


def test_content_above_the_length_that_is_expanded_is_not_compressed():
    content = bytes(64 * 1024 * 1024 + 1)
    blob = at_rest.encrypt_with(AESGCM(bytes(32)), bytes(12), b"", content, compress=True)
    assert (blob[:4], len(blob)) == (b"SSE1", len(content) + 4 + 12 + 16)


def test_a_key_is_read_from_each_of_its_forms():
    key = bytes(range(224, 256))
    url_safe = base64.urlsafe_b64encode(key).decode()
    for text in (key.hex(), f"0x{key.hex()}", base64.b64encode(key).decode(), url_safe.rstrip("="), url_safe):
        assert at_rest.parse_key(f" {text}\n") == key
    for text in ("", "00" * 31, "g" * 64, base64.b64encode(key[:-1]).decode(), "é" * 43):
        with pytest.raises(ProtocolError):
            at_rest.parse_key(text)
