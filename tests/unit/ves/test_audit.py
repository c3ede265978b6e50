"""Re-verification of stored events finds each kind of damage and names it."""

from __future__ import annotations

import json

import pytest

from tests.unit.ves.story import Agent
from tests.unit.ves.vectors import key_of, load, request_body, unhex
from ves import audit, digests, ed25519, ingest, plpython

AGENT = Agent(key_id=2**32 - 1)
SEQUENCER = ed25519.Signer(b"\x11" * 32)
COLUMNS = (
    "ids",
    "sequence_numbers",
    "ves_versions",
    "agent_key_ids",
    "entity_types",
    "entity_ids",
    "event_types",
    "created_at_texts",
    "payload_kinds",
    "payloads",
    "digests",
    "leaf_hashes",
    "signature_schemes",
    "signature_bundles",
    "key_algorithms",
    "key_public_keys",
    "key_bundles",
    "receipt_hashes",
    "receipt_signatures",
    "receipt_public_keys",
    "payloads_at_rest",
    "payload_key_ids",
    "payload_states",
)


def stored(request, ring):
    """The SQL columns of a request's events, as if stored from sequence number 5 on."""
    columns = ingest.to_columns(request.events)
    numbers = [5 + at for at in range(len(request.events))]
    stream = request.tenant_id, request.store_id
    hashes = [event.signing_hash for event in request.events]
    receipts = digests.receipt_hashes(*stream, columns.event_ids, numbers, hashes)
    used = [ring[event.source_agent_id, event.agent_key_id] for event in request.events]
    return {
        "ids": b"".join(e.event_id.bytes + e.source_agent_id.bytes for e in request.events),
        "sequence_numbers": numbers,
        "ves_versions": [1 for _ in numbers],
        **{name: list(getattr(columns, name)) for name in COLUMNS[3:9]},
        "payloads": [event.payload for event in request.events],
        "digests": columns.digests,
        "leaf_hashes": digests.leaf_hashes(*stream, 5, columns.digests),
        "signature_schemes": columns.signature_schemes,
        "signature_bundles": None,
        "key_algorithms": [key.algorithm for key in used],
        "key_public_keys": [key.public_key for key in used],
        "key_bundles": None,
        "receipt_hashes": list(receipts),
        "receipt_signatures": [SEQUENCER.sign(digest) for digest in receipts],
        "receipt_public_keys": [SEQUENCER.public_key for _ in numbers],
        "payloads_at_rest": None,
        "payload_key_ids": None,
        "payload_states": [0 for _ in numbers],
    }


def plain_rows():
    events = [AGENT.event(entity_id=text) for text in ("a", "b", "日本")]
    return stored(ingest.decode_request(AGENT.body(*events)), AGENT.keys)


def encrypted_rows():
    case = load("encryption")["cases"][0]
    request = ingest.decode_request(request_body(case["envelope"]))
    return request, stored(request, key_of(case["envelope"], unhex(case["agent_public_key"])))


def findings(rows, tenant=AGENT.tenant_id, store=AGENT.store_id):
    return plpython.verify_events_batch(str(tenant), str(store), *(rows[name] for name in COLUMNS))


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_honest_rows_have_no_findings():
    assert findings(plain_rows()) == [0, 0, 0]


def test_rows_without_receipts_have_no_findings():
    rows = plain_rows()
    rows |= {"receipt_hashes": None, "receipt_signatures": None, "receipt_public_keys": None}
    assert findings(rows) == [0, 0, 0]
    rows = plain_rows()
    rows["receipt_signatures"] = None
    assert findings(rows) == [0, 0, 0]


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("payloads", lambda column: [column[0], b'{"delta":101}', column[2]], audit.PAYLOAD_HASH_WRONG),
        ("payloads", lambda column: [column[0], b"{", column[2]], audit.PAYLOAD_HASH_WRONG),
        ("payloads", lambda column: [column[0], None, column[2]], audit.PAYLOAD_HASH_WRONG),
        ("digests", lambda data: flipped(data, 160 + 64), audit.SIGNING_HASH_WRONG),
        ("digests", lambda data: flipped(data, 160 + 96), audit.SIGNATURE_WRONG | audit.LEAF_HASH_WRONG),
        ("leaf_hashes", lambda data: flipped(data, 40), audit.LEAF_HASH_WRONG),
        ("key_public_keys", lambda column: [column[0], None, column[2]], audit.SIGNATURE_WRONG),
        (
            "key_public_keys",
            lambda column: [column[0], SEQUENCER.public_key, column[2]],
            audit.SIGNATURE_WRONG,
        ),
        ("key_algorithms", lambda column: [1, 5, 1], audit.SIGNATURE_WRONG),
        ("signature_schemes", lambda column: [0, 2, 1], audit.SIGNATURE_WRONG),
        ("receipt_hashes", lambda column: [column[0], bytes(32), column[2]], audit.RECEIPT_HASH_WRONG),
        (
            "receipt_signatures",
            lambda column: [column[0], bytes(64), column[2]],
            audit.RECEIPT_SIGNATURE_WRONG,
        ),
        ("receipt_public_keys", lambda column: [column[0], None, column[2]], audit.RECEIPT_SIGNATURE_WRONG),
    ],
)
def test_a_damaged_row_is_found_and_its_neighbours_are_not(name, change, found):
    rows = plain_rows()
    rows[name] = change(rows[name])
    assert findings(rows) == [0, found, 0]


EVERYTHING_SIGNED = (
    audit.SIGNING_HASH_WRONG
    | audit.SIGNATURE_WRONG
    | audit.LEAF_HASH_WRONG
    | audit.RECEIPT_HASH_WRONG
    | audit.RECEIPT_SIGNATURE_WRONG
)


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
    assert findings(rows) == [0, EVERYTHING_SIGNED, 0]


@pytest.mark.parametrize("at", [32, 48])
def test_another_event_or_agent_id_breaks_all_that_hangs_on_it(at):
    rows = plain_rows()
    rows["ids"] = flipped(rows["ids"], at)
    assert findings(rows) == [0, EVERYTHING_SIGNED, 0]


def test_a_moved_sequence_number_breaks_leaf_and_receipt():
    rows = plain_rows()
    rows["sequence_numbers"] = [5, 8, 7]
    wrong = audit.LEAF_HASH_WRONG | audit.RECEIPT_HASH_WRONG | audit.RECEIPT_SIGNATURE_WRONG
    assert findings(rows) == [0, wrong, 0]


def test_a_cipher_hash_on_a_plaintext_event_is_found():
    rows = plain_rows()
    rows["digests"] = flipped(rows["digests"], 160 + 40)
    assert findings(rows)[1] & audit.CIPHER_HASH_WRONG


def test_encrypted_rows_are_recomputed_too():
    request, rows = encrypted_rows()
    stream = request.tenant_id, request.store_id
    assert findings(rows, *stream) == [0]
    members = json.loads(rows["payloads"][0])
    for payload in (
        None,
        b"{}",
        json.dumps(members | {"aead": "x"}).encode(),
        json.dumps(members | {"tag_b64u": "A" * 22}).encode(),
    ):
        rows["payloads"] = [payload]
        assert findings(rows, *stream) == [audit.CIPHER_HASH_WRONG]
