"""Hostile requests: whatever the bytes, a request is decoded or refused, in bounded time."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ves.story import Agent
from tests.unit.ves.vectors import load
from ves import encrypted, ingest, timestamps
from ves.errors import ProtocolError, RequestRefused

AGENT = Agent()
NAMES = {
    "malformed_json",
    "invalid_shape",
    "empty_batch",
    "mixed_streams",
    "source_agent_mismatch",
    "batch_too_large",
    "payload_too_large",
    "invalid_field",
    "missing_field",
}
PLAIN_BODY = AGENT.body(AGENT.event(), AGENT.event(), payload='{"a":[1,2.5,"x"],"b":null}')
ENVELOPES = [step["request"] for item in load("ingest_scenarios")["scenarios"] for step in item["steps"]]
ENCRYPTED = load("encryption")["cases"][0]["envelope"]
BODIES = [
    PLAIN_BODY,
    json.dumps({"agentId": ENCRYPTED["source_agent_id"], "events": [ENCRYPTED]}).encode(),
    *(json.dumps(request).encode() for request in ENVELOPES[:6]),
]
INTERESTING = st.sampled_from(
    [
        b"\x00",
        b"\xff",
        b'"',
        b"\\",
        b"[",
        b"{",
        b"]",
        b"}",
        b"null",
        b"-0",
        b"1e999",
        b"\\u0000",
        b"\\ud800",
        b",",
        b"9" * 500,
    ]
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def decide(body: bytes) -> None:
    """Decode, verify and pack, or be refused with a registered name."""
    try:
        request = ingest.decode_request(body)
    except RequestRefused as error:
        refusal = error
        request = None
    if request is None:
        assert refusal.name in NAMES
        json.dumps(refusal.details)
        return
    ingest.verify_signatures(request.events, AGENT.keys)
    columns = ingest.to_columns(request.events)
    assert len(columns.digests) == 160 * len(request.events)
    texts = columns.entity_types + columns.entity_ids + columns.event_types + columns.created_at_texts
    assert not any("\0" in text for text in texts)
    assert all(-(2**31) <= bits < 2**31 for bits in columns.agent_key_ids)
    for payload in columns.payloads:
        json.loads(payload)


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_by_name(body):
    decide(body)


@settings(max_examples=400)
@given(st.sampled_from(BODIES), st.data())
def test_valid_requests_with_bytes_exchanged_are_decoded_or_refused(body, data):
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 4))
        body = body[:at] + data.draw(INTERESTING | st.binary(max_size=3)) + body[at + cut :]
    decide(body)


@settings(max_examples=300)
@given(
    st.sampled_from([*AGENT.event(), "payload", "payload_encrypted", "command_id", "base_version"]),
    JUNK,
)
def test_requests_with_one_member_replaced_are_decoded_or_refused(name, value):
    event = AGENT.event() | {"payload": {"delta": 100}}
    event[name] = value
    decide(json.dumps({"agentId": str(AGENT.agent_id), "events": [event]}).encode())


@settings(max_examples=200)
@given(st.sampled_from(sorted(ENCRYPTED["payload_encrypted"])), JUNK)
def test_encrypted_payloads_with_one_member_replaced_are_decoded_or_refused(name, value):
    members = ENCRYPTED["payload_encrypted"] | {name: value}
    outcome: encrypted.Encrypted | str | ProtocolError
    try:
        wire = encrypted.decode(json.dumps(members).encode())
    except ProtocolError as refusal:
        outcome = refusal
    else:
        outcome = encrypted.validate(wire)
    assert isinstance(outcome, encrypted.Encrypted | str | ProtocolError)


@given(
    st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{0,12})?(Z|[+-]\d\d:\d\d)")
)
def test_any_text_is_a_time_or_is_not(text):
    micros = timestamps.rfc3339_micros(text)
    assert micros is None or -(2**62) < micros < 2**62


SIZE = 4_000_000


def repeated(unit: bytes) -> bytes:
    """A JSON array of about SIZE bytes."""
    return b"[" + unit * (SIZE // len(unit)) + b"1]"


HOSTILE = {
    "unclosed strings": b'"\\' * (SIZE // 2),
    "quotes": b'"' * SIZE,
    "openings": b"[" * SIZE,
    "pairs": repeated(b"[],"),
    "deep towers": repeated(b"[" * 100 + b"]" * 100 + b","),
    "escaped openings": b'["' + b'\\"[' * (SIZE // 3) + b'"]',
    "digits": b"9" * SIZE,
    "floats": repeated(b"1e5,"),
    "negative zeros": repeated(b"-0,"),
    "big integers": repeated(b"9007199254740993,"),
    "emoji keys": ("{" + ",".join(f'"\U0001f600{n}":{n}' for n in range(SIZE // 16)) + "}").encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_four_hostile_megabytes_are_decided_within_seconds(name):
    payload = HOSTILE[name]
    start = time.process_time()
    decide(payload)
    decide(AGENT.body(AGENT.event(), payload=payload.decode()))
    assert time.process_time() - start < 15
