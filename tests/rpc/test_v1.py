"""v1.Sequencer: every unary call on the legacy stream (grpc-api 2.2)."""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from tests.api.support import Agent
from tests.rpc.support import (
    BOTH_STUBS,
    CREATED,
    Clients,
    legacy_envelope,
    legacy_push,
    module,
    refused,
    stream_of,
)

if TYPE_CHECKING:
    import httpx

pytestmark = BOTH_STUBS
CODE = grpc.StatusCode


@pytest.fixture
def v1(stubs: None) -> Any:
    return module("v1")


@pytest.fixture
def sender() -> Agent:
    """A legacy agent has no key."""
    return Agent()


def test_a_push_is_numbered_and_its_events_are_read_back(grpc_admin: Clients, sender: Agent, v1: Any) -> None:
    events = [legacy_envelope(sender, {"n": n}, signature=b"ab", base_version=n) for n in range(2)]
    done = grpc_admin.call(grpc_admin.v1.Push, legacy_push(sender, *events))
    assert (done.events_accepted, len(done.events_rejected)) == (2, 0)
    assert (done.assigned_sequence_start, done.assigned_sequence_end, done.head_sequence) == (1, 2, 2)
    assert not done.HasField("commitment")
    request = v1.GetEntityHistoryRequest(**stream_of(sender), entity_type="order", entity_id="O-1")
    history = grpc_admin.call(grpc_admin.v1.GetEntityHistory, request)
    assert history.current_version == 2
    for sent, stored in zip(events, history.events, strict=True):
        digest = hashlib.sha256(json.dumps(json.loads(sent.payload), separators=(",", ":")).encode()).digest()
        back = v1.EventEnvelope.FromString(stored.envelope.SerializeToString())
        assert back.payload_hash == digest
        back.ClearField("payload_hash")
        back.payload = json.dumps(json.loads(back.payload)).encode()
        assert back == sent


def test_a_repeat_is_refused_and_numbers_are_zero_when_nothing_was_accepted(
    grpc_admin: Clients, sender: Agent
) -> None:
    request = legacy_push(sender, legacy_envelope(sender))
    grpc_admin.call(grpc_admin.v1.Push, request)
    again = grpc_admin.call(grpc_admin.v1.Push, request)
    assert [r.reason_code for r in again.events_rejected] == ["DuplicateEventId"]
    assert (again.events_accepted, again.assigned_sequence_start, again.assigned_sequence_end) == (0, 0, 0)
    assert again.head_sequence == 1


def test_what_refuses_a_whole_push(grpc_admin: Clients, sender: Agent) -> None:
    def push(*events: Any) -> None:
        grpc_admin.call(grpc_admin.v1.Push, legacy_push(sender, *events))

    with refused(CODE.INVALID_ARGUMENT):
        push()
    with refused(CODE.RESOURCE_EXHAUSTED):
        push(*[legacy_envelope(sender)] * 1001)
    with refused(CODE.RESOURCE_EXHAUSTED, name="PAYLOAD_TOO_LARGE"):
        push(*[legacy_envelope(sender, event_id="x", text=b"no json")] * 1001)
    for changes in (
        {"event_id": "x"},
        {"text": b"no json"},
        {"text": b'{}, "tenant_id": "smuggled"'},
        {"payload_hash": b"short"},
        {"source_agent": str(uuid.uuid4())},
        {"entity_id": ""},
    ):
        with refused(CODE.INVALID_ARGUMENT):
            push(legacy_envelope(sender, **changes))
    with refused(CODE.INVALID_ARGUMENT):
        push(legacy_envelope(sender), legacy_envelope(sender, store_id=str(uuid.uuid4())))


def test_an_event_without_a_time_gets_the_present(grpc_admin: Clients, sender: Agent, v1: Any) -> None:
    event = legacy_envelope(sender)
    event.ClearField("created_at")
    grpc_admin.call(grpc_admin.v1.Push, legacy_push(sender, event))
    request = v1.GetEntityHistoryRequest(**stream_of(sender), entity_type="order", entity_id="O-1")
    [stored] = grpc_admin.call(grpc_admin.v1.GetEntityHistory, request).events
    assert abs(stored.envelope.created_at.seconds - stored.sequenced_at.seconds) < 60
    assert stored.envelope.created_at.seconds > CREATED.seconds


def test_head_commitment_and_proof(grpc_admin: Clients, admin: httpx.Client, sender: Agent, v1: Any) -> None:
    calls = grpc_admin.v1
    head = grpc_admin.call(calls.GetHead, v1.GetHeadRequest(**stream_of(sender)))
    assert (head.head_sequence, head.HasField("latest_commitment")) == (0, False)
    events = [legacy_envelope(sender) for _ in range(3)]
    grpc_admin.call(calls.Push, legacy_push(sender, *events))
    body = {**stream_of(sender), "sequence_start": 1, "sequence_end": 2}
    made = admin.post("/api/v1/commitments", json=body).json()
    head = grpc_admin.call(calls.GetHead, v1.GetHeadRequest(**stream_of(sender)))
    assert head.head_sequence == 3
    assert head.latest_commitment.batch_id == made["batch_id"]
    found = grpc_admin.call(calls.GetCommitment, v1.GetCommitmentRequest(batch_id=made["batch_id"]))
    assert found.commitment == head.latest_commitment
    assert (found.commitment.start_sequence, found.commitment.end_sequence) == (1, 2)
    assert found.commitment.merkle_root.hex() == made["events_root"]

    def prove(event: Any) -> Any:
        request = v1.GetInclusionProofRequest(batch_id=made["batch_id"], event_id=event.event_id)
        return grpc_admin.call(calls.GetInclusionProof, request)

    answer = prove(events[1])
    assert (answer.event.sequence_number, answer.proof.leaf_index, answer.proof.leaf_count) == (2, 1, 2)
    assert answer.proof.merkle_root == found.commitment.merkle_root
    assert answer.commitment == found.commitment
    query = {**stream_of(sender), "batch_id": made["batch_id"]}
    rest = admin.get("/api/v1/proofs/2", params=query).json()
    assert [node.hex() for node in answer.proof.proof_hashes] == rest["proof_path"]
    with refused(CODE.NOT_FOUND, text="event not in specified batch"):
        prove(events[2])
    with refused(CODE.NOT_FOUND):
        prove(legacy_envelope(sender))
    with refused(CODE.NOT_FOUND):
        grpc_admin.call(calls.GetCommitment, v1.GetCommitmentRequest(batch_id=str(uuid.uuid4())))


def test_versions_are_positions_and_a_reversed_range_is_refused(
    grpc_admin: Clients, sender: Agent, v1: Any
) -> None:
    grpc_admin.call(grpc_admin.v1.Push, legacy_push(sender, *[legacy_envelope(sender) for _ in range(4)]))

    def history(**more: int) -> tuple[list[int], int]:
        request = v1.GetEntityHistoryRequest(
            **stream_of(sender), entity_type="order", entity_id="O-1", **more
        )
        answer = grpc_admin.call(grpc_admin.v1.GetEntityHistory, request)
        return [e.sequence_number for e in answer.events], answer.current_version

    assert history() == ([1, 2, 3, 4], 4)
    assert history(from_version=2, to_version=3) == ([2, 3], 4)
    assert history(from_version=5) == ([], 4)
    with refused(CODE.INVALID_ARGUMENT):
        history(from_version=3, to_version=1)
