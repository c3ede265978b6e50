"""Decoding legacy requests (VES 17.1, 17.2)."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support import legacy_tree
from ves import legacy
from ves.errors import RequestRefused
from ves.ingest import check_batch, check_limits, check_source_agent
from ves.legacy_ingest import parse_legacy_request
from ves.prepare import Limits

AGENT, TENANT, STORE = str(uuid4()), str(uuid4()), str(uuid4())


def event(payload: str = '{"total":1.0}', **changes: Any) -> str:
    members = {
        "event_id": str(uuid4()),
        "tenant_id": TENANT,
        "store_id": STORE,
        "entity_type": "order",
        "entity_id": "O-1",
        "event_type": "order.created",
        "payload_hash": legacy_tree.payload_hash(payload.encode()).hex(),
        "created_at": "2025-01-08T10:30:00+01:00",
        "source_agent": AGENT,
        **changes,
    }
    kept = {name: value for name, value in members.items() if value is not ...}
    return f'{json.dumps(kept)[:-1]},"payload":{payload}}}'


def parse(*events: str, limits: Limits | None = None):
    body = f'{{"agent_id":"{AGENT}","events":[{",".join(events)}]}}'.encode()
    request = parse_legacy_request(body, limits or Limits())
    if not request.is_empty:
        check_batch(request)
        check_source_agent(request)
        check_limits(request)
    return request


def refusal(*events: str, limits: Limits | None = None) -> tuple[str, Any]:
    with pytest.raises(RequestRefused) as caught:
        parse(*events, limits=limits)
    return caught.value.name, caught.value.details.get("field")


def test_an_event_keeps_its_text_and_its_claimed_hash():
    request = parse(event('{ "b":1e16, "a":null }', signature=[1, 255], base_version=0, envelope_version=7))
    (found,) = request.events
    assert found.payload == b'{ "b":1e16, "a":null }'
    assert found.signature == b"\x01\xff"
    assert (found.base_version, found.envelope_version, found.refusal) == (0, 7, None)
    assert found.created_at_micros == 1_736_328_600_000_000


def test_a_payload_may_be_null_but_not_absent():
    assert parse(event("null")).events[0].payload == b"null"
    text = event().replace('"payload":', '"other":')
    assert refusal(text)[0] == "invalid_shape"


def test_an_empty_batch_is_a_request():
    assert parse().is_empty


def test_a_wrong_payload_hash_refuses_the_event_alone():
    first, second = parse(event(payload_hash="11" * 32), event()).events
    assert (first.refusal, second.refusal) == ("InvalidPayloadHash", None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"payload_hash": "0x" + "11" * 32}, "payload_hash"),
        ({"payload_hash": "0x" + "11" * 31}, "payload_hash"),
        ({"payload_hash": "11" * 31}, "payload_hash"),
        ({"payload_hash": "zz" * 32}, "payload_hash"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"created_at": "2025-01-08T10:30:00"}, "created_at"),
        ({"created_at": "0000-01-01T00:00:00Z"}, "created_at"),
        ({"created_at": "9999-12-31T23:59:59-01:00"}, "created_at"),
    ],
)
def test_a_misshapen_member_is_named(changes, field):
    assert refusal(event(**changes)) == ("invalid_shape", field)


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": [256]},
        {"signature": "ff"},
        {"base_version": -1},
        {"envelope_version": 2**32},
        {"event_id": "x"},
        {"sequence_number": "x"},
        {"sequenced_at": "x"},
        {"source_agent": ...},
        {"payload_hash": ...},
    ],
)
def test_a_member_of_another_type_is_a_wrong_shape(changes):
    assert refusal(event(**changes))[0] == "invalid_shape"


@pytest.mark.parametrize(("field", "most"), [("entity_type", 128), ("entity_id", 512), ("event_type", 256)])
def test_names_have_their_limits_in_bytes(field, most):
    assert parse(event(**{field: "x" * most})).events
    assert parse(event(**{field: "ä" * (most // 2)})).events
    for text in ("", "x" * (most + 1), "ä" * (most // 2) + "x", "a\0b"):
        assert refusal(event(**{field: text})) == ("invalid_field", field)


def test_numbers_and_payloads_have_their_limits():
    assert [e.base_version for e in parse(event(base_version=2**64 - 1)).events] == [2**63 - 1]
    assert refusal(event(base_version=2**64)) == ("invalid_shape", "base_version")
    assert [e.payload for e in parse(event(r'{"a":"\u0000"}')).events] == [rb'{"a":"\u0000"}']
    limits = Limits(max_events=2, max_payload_bytes=13)
    assert parse(event('{ "total" : 1.0 }'), limits=limits).events, "the compact form counts"
    assert refusal(event('{"total":10.0}'), limits=limits)[0] == "payload_too_large"
    assert refusal(event(), event(), event(), limits=limits)[0] == "batch_too_large"


def test_a_batch_is_of_one_stream_and_one_agent():
    assert refusal(event(), event(store_id=str(uuid4())))[0] == "mixed_streams"
    assert refusal(event(source_agent=str(uuid4())))[0] == "source_agent_mismatch"


@pytest.mark.parametrize("payload", ["[" * 125 + "]" * 125, '"\\ud800"', "1e400"])
def test_an_unacceptable_payload_is_malformed(payload):
    text = event().replace('{"total":1.0}', payload)
    assert refusal(text)[0] == "malformed_json"


def test_every_proof_of_every_tree_verifies_by_its_length_alone():
    for count in range(1, 70):
        leaves = b"".join(number.to_bytes(32, "big") for number in range(1, count + 1))
        levels = legacy_tree.build_levels(leaves)
        for index in range(count):
            path = legacy_tree.inclusion_path(levels, index)
            leaf = leaves[32 * index : 32 * index + 32]
            assert legacy.verify_path(leaf, index, path, levels[-1])
            assert not legacy.verify_path(leaf, index, path, bytes(32))
            assert not path or not legacy.verify_path(leaf, index, path[1:], levels[-1])


def test_skipped_levels_are_sought_in_trees_of_up_to_a_million_leaves_only():
    leaf, sibling = bytes(32), b"\1" * 32
    last = 2**19
    assert legacy.verify_path(leaf, last, [sibling], legacy.node(sibling, leaf))
    assert not legacy.verify_path(leaf, 2**20, [sibling], legacy.node(sibling, leaf))
    assert not legacy.verify_path(leaf, -1, [sibling], legacy.node(sibling, leaf))
