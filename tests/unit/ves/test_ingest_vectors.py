"""What the request text alone decides in ingest_scenarios.json (VES 14)."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from tests.unit.ves.vectors import load, unhex
from ves import digests, ingest
from ves.errors import RequestRefused

SCENARIOS = load("ingest_scenarios")["scenarios"]
STEPS = [
    pytest.param(scenario, step, id=f"{scenario['name']}, step {number}")
    for scenario in SCENARIOS
    for number, step in enumerate(scenario["steps"], 1)
]
ANSWERED = [step for step in STEPS if step.values[1]["expect"]["http_status"] == 200]
RECEIPTED = [step for step in ANSWERED if step.values[1]["expect"]["receipts"]]
DECIDED_BY_TEXT = ("unsupported_version", "schema_validation", "invalid_")


def key_ring(scenario):
    agent = UUID(scenario["agent_id"])
    return {
        (agent, key["key_id"]): ingest.AgentKey(agent, key["key_id"], 1, unhex(key["public_key"]))
        for key in scenario["keys"]
    }


def decoded(scenario, step):
    request = ingest.decode_request(json.dumps(step["request"]).encode())
    ingest.verify_signatures(request.events, key_ring(scenario))
    return request


@pytest.mark.parametrize(("scenario", "step"), STEPS)
def test_a_request_is_refused_as_a_whole_exactly_when_the_scenario_says(scenario, step):
    if step["expect"]["http_status"] == 200:
        assert decoded(scenario, step).events
        return
    with pytest.raises(RequestRefused) as caught:
        decoded(scenario, step)
    assert caught.value.name in (
        "empty_batch",
        "mixed_streams",
        "source_agent_mismatch",
        "invalid_field",
    )


@pytest.mark.parametrize(("scenario", "step"), ANSWERED)
def test_events_are_refused_with_the_reasons_of_the_scenario(scenario, step):
    rejections = {item["event_id"]: item["reason"] for item in step["expect"]["rejections"]}
    for event in decoded(scenario, step).events:
        expected = rejections.get(str(event.event_id))
        if event.refusal is None:
            assert expected is None or not expected.startswith(DECIDED_BY_TEXT)
        else:
            assert event.refusal_message
            # A stored id is judged before the text, and the database says why a key was not given.
            assert expected in (event.refusal, "duplicate_event_id", "agent_key_invalid: Agent key not found")


@pytest.mark.parametrize(("scenario", "step"), RECEIPTED)
def test_receipts_have_the_hashes_of_the_scenario(scenario, step):
    request = decoded(scenario, step)
    events = {str(event.event_id): event for event in request.events}
    for receipt in step["expect"]["receipts"]:
        event = events[receipt["event_id"]]
        digest = digests.receipt_hash(
            request.tenant_id,
            request.store_id,
            event.event_id,
            receipt["sequence_number"],
            event.signing_hash,
        )
        assert digest.hex() == receipt["receipt_hash"]


def test_the_whole_request_refusals_have_the_names_that_their_requests_deserve():
    (scenario,) = [item for item in SCENARIOS if item["name"] == "whole request refused"]
    names = []
    for step in scenario["steps"]:
        try:
            decoded(scenario, step)
        except RequestRefused as error:
            names.append(error.name)
    texts = ["invalid_field"] * 3
    assert names == ["empty_batch", "mixed_streams", "source_agent_mismatch", *texts, "invalid_field"]
