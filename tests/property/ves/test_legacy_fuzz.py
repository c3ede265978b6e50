"""Hostile legacy requests: whatever the bytes, a request is decoded or refused, in bounded time."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.ves.test_ingest_fuzz import HOSTILE, INTERESTING, JUNK, NAMES
from tests.unit.ves.test_legacy_ingest import event
from ves.errors import RequestRefused
from ves.legacy_ingest import parse_legacy_request

AGENT = json.loads(event())["source_agent"]


def body_of(text: str) -> bytes:
    return f'{{"agent_id":"{AGENT}","events":[{text}]}}'.encode()


def decide(body: bytes) -> None:
    """Decode, or be refused with a registered name."""
    try:
        request = parse_legacy_request(body)
    except RequestRefused as error:
        refusal = error
        request = None
    if request is None:
        assert refusal.name in NAMES
        json.dumps(refusal.details)
        return
    for found in request.events:
        json.loads(found.payload)
        assert not any("\0" in text for text in (found.entity_type, found.entity_id, found.event_type))


@settings(max_examples=400)
@given(st.data())
def test_valid_requests_with_bytes_exchanged_are_decoded_or_refused(data):
    body = body_of(event('{"a":[1,2.5,"x"],"b":null}', signature=[1], command_id=AGENT))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 4))
        body = body[:at] + data.draw(INTERESTING | st.binary(max_size=3)) + body[at + cut :]
    decide(body)


@settings(max_examples=300)
@given(st.sampled_from([*json.loads(event()), "command_id", "base_version", "signature"]), JUNK)
def test_requests_with_one_member_replaced_are_decoded_or_refused(name, value):
    members = json.loads(event()) | {name: value}
    decide(body_of(json.dumps(members)))


@pytest.mark.parametrize("name", HOSTILE)
def test_four_hostile_megabytes_are_decided_within_seconds(name):
    start = time.process_time()
    decide(HOSTILE[name])
    decide(body_of(event().replace('{"total":1.0}', HOSTILE[name].decode())))
    assert time.process_time() - start < 15
