"""Re-verification of stored events finds each kind of damage and names it."""

from __future__ import annotations

import json

import pytest

from tests.unit.ves.story import Agent
from tests.unit.ves.vectors import key_of, load, request_body, unhex
from ves import digests, ed25519, ingest, plpython

AGENT = Agent(key_id=2**32 - 1)
SEQUENCER = ed25519.Signer(b"\x11" * 32)
NONE_STORED = ("signature_bundles", "key_bundles", "payloads_at_rest", "payload_key_ids", "payload_states")
STORED_AS_GIVEN = ("entity_types", "entity_ids", "event_types", "created_at_texts", "payload_kinds")


def stored(request, ring):
    """The SQL columns of a request's events, as if stored from sequence number 5 on."""
    columns = ingest.to_columns(request.events)
    numbers = [5 + at for at in range(len(request.events))]
    stream = request.tenant_id, request.store_id
    hashes = [event.signing_hash for event in request.events]
    receipts = digests.receipt_hashes(*stream, columns.event_ids, numbers, hashes)
    used = [ring[event.source_agent_id, event.agent_key_id] for event in request.events]
    return {
        "sequence_numbers": numbers,
        "event_ids": [e.event_id.bytes for e in request.events],
        "agent_ids": [e.source_agent_id.bytes for e in request.events],
        "ves_versions": [1 for _ in numbers],
        "agent_key_ids": [e.agent_key_id for e in request.events],
        **{name: list(getattr(columns, name)) for name in STORED_AS_GIVEN},
        "payloads": [event.payload for event in request.events],
        "plain_hashes": [event.plain_hash for event in request.events],
        "cipher_hashes": [event.cipher_hash for event in request.events],
        "signing_hashes": hashes,
        "signatures": [event.signature for event in request.events],
        "leaf_hashes": [
            digests.leaf_hash(*stream, number, event.signing_hash, event.signature)
            for number, event in zip(numbers, request.events, strict=True)
        ],
        "signature_schemes": columns.signature_schemes,
        "key_algorithms": [key.algorithm for key in used],
        "key_public_keys": [key.public_key for key in used],
        "receipt_hashes": list(receipts),
        "receipt_signatures": [SEQUENCER.sign(digest) for digest in receipts],
        "receipt_public_keys": [SEQUENCER.public_key for _ in numbers],
        **{name: [None for _ in numbers] for name in NONE_STORED},
    }


def plain_rows():
    events = [AGENT.event(entity_id=text) for text in ("a", "b", "日本")]
    return stored(ingest.decode_request(AGENT.body(*events)), AGENT.keys)


def encrypted_rows():
    case = load("encryption")["cases"][0]
    request = ingest.decode_request(request_body(case["envelope"]))
    return request, stored(request, key_of(case["envelope"], unhex(case["agent_public_key"])))


def findings(rows, tenant=AGENT.tenant_id, store=AGENT.store_id):
    return plpython.verify_events_batch(tenant, store, rows)


def flipped(column):
    """The column with another byte in its second row."""
    return [column[0], bytes([column[1][0] ^ 1]) + column[1][1:], *column[2:]]


def test_honest_rows_have_no_findings():
    assert findings(plain_rows()) == ["", "", ""]


def test_rows_without_receipts_have_no_findings():
    rows = plain_rows()
    rows |= {name: [None] * 3 for name in ("receipt_hashes", "receipt_signatures", "receipt_public_keys")}
    assert findings(rows) == ["", "", ""]
    rows = plain_rows()
    rows["receipt_signatures"] = [None] * 3
    assert findings(rows) == ["", "", ""]


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("payloads", lambda column: [column[0], b'{"delta":101}', column[2]], "payload_hash"),
        ("payloads", lambda column: [column[0], b"{", column[2]], "payload_hash"),
        ("payloads", lambda column: [column[0], None, column[2]], "payload_hash"),
        ("signing_hashes", flipped, "signing_hash"),
        ("signatures", flipped, "signature leaf_hash"),
        ("leaf_hashes", flipped, "leaf_hash"),
        ("key_public_keys", lambda column: [column[0], None, column[2]], ""),  # a finding of the database
        (
            "key_public_keys",
            lambda column: [column[0], SEQUENCER.public_key, column[2]],
            "signature",
        ),
        ("key_algorithms", lambda column: [1, 5, 1], "signature"),
        ("signature_schemes", lambda column: [0, 2, 1], "signature"),
        ("receipt_hashes", lambda column: [column[0], bytes(32), column[2]], "receipt_hash"),
        (
            "receipt_signatures",
            lambda column: [column[0], bytes(64), column[2]],
            "receipt_signature",
        ),
        ("receipt_public_keys", lambda column: [column[0], None, column[2]], "receipt_signature"),
    ],
)
def test_a_damaged_row_is_found_and_its_neighbours_are_not(name, change, found):
    rows = plain_rows()
    rows[name] = change(rows[name])
    assert findings(rows) == ["", found, ""]


EVERYTHING_SIGNED = "signing_hash signature leaf_hash receipt_hash receipt_signature"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("entity_types", "invoice"),
        ("entity_ids", "z"),
        ("event_types", "order.deleted"),
        ("created_at_texts", "2025-12-20T17:51:10.244Z"),
        ("agent_key_ids", 1),
        ("ves_versions", 2),
    ],
)
def test_a_change_of_any_signed_column_breaks_all_that_hangs_on_it(name, value):
    rows = plain_rows()
    rows[name] = [rows[name][0], value, rows[name][2]]
    assert findings(rows) == ["", EVERYTHING_SIGNED, ""]


@pytest.mark.parametrize("name", ["event_ids", "agent_ids"])
def test_another_event_or_agent_id_breaks_all_that_hangs_on_it(name):
    rows = plain_rows()
    rows[name] = flipped(rows[name])
    assert findings(rows) == ["", EVERYTHING_SIGNED, ""]


def test_a_moved_sequence_number_breaks_leaf_and_receipt():
    rows = plain_rows()
    rows["sequence_numbers"] = [5, 8, 7]
    wrong = "leaf_hash receipt_hash receipt_signature"
    assert findings(rows) == ["", wrong, ""]


def test_a_cipher_hash_on_a_plaintext_event_is_found():
    rows = plain_rows()
    rows["cipher_hashes"] = flipped(rows["cipher_hashes"])
    assert "cipher_hash" in findings(rows)[1].split()


def test_encrypted_rows_are_recomputed_too():
    request, rows = encrypted_rows()
    stream = request.tenant_id, request.store_id
    assert findings(rows, *stream) == [""]
    members = json.loads(rows["payloads"][0])
    for payload in (
        None,
        b"{}",
        json.dumps(members | {"aead": "x"}).encode(),
        json.dumps(members | {"tag_b64u": "A" * 22}).encode(),
    ):
        rows["payloads"] = [payload]
        assert findings(rows, *stream) == ["cipher_hash"]


@pytest.mark.parametrize("state", ["payload_shredded", "payload_missing"])
def test_the_reason_of_a_missing_payload_is_copied_and_its_hash_is_not_recomputed(state):
    rows = plain_rows()
    rows["payloads"][1], rows["payload_states"][1] = None, state
    assert findings(rows) == ["", state, ""]
