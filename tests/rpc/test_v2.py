"""v2.Sequencer and KeyManagement: every unary call, its answers and its refusals (grpc-api 3.3 and 4)."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf import empty_pb2

from tests.api.support import Agent, post
from tests.api.test_credentials import mint
from tests.rpc.support import (
    BOTH_STUBS,
    CREATED,
    Clients,
    envelope,
    module,
    push_request,
    refused,
    stream_of,
)
from ves import ed25519
from ves.merkle import verify_inclusion

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

pytestmark = BOTH_STUBS
CODE = grpc.StatusCode


@pytest.fixture
def v2(stubs: None) -> Any:
    return module("v2")


def commit(admin: httpx.Client, agent: Agent, first: int, last: int) -> dict[str, Any]:
    body = {**stream_of(agent), "sequence_start": first, "sequence_end": last}
    answer = admin.post("/api/v1/ves/commitments", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_push_is_appended_and_read_back_as_sent(grpc_admin: Clients, agent: Agent, v2: Any) -> None:
    events = [envelope(agent, {"n": n}, command_id=str(uuid.uuid4())) for n in range(3)]
    done = grpc_admin.call(grpc_admin.v2.Push, push_request(agent, *events, request_id="mine"))
    assert (done.events_accepted, done.events_rejected, done.sequence_start, done.sequence_end) == (
        3,
        0,
        1,
        3,
    )
    assert (done.head_sequence, done.request_id) == (3, "mine")
    assert not done.HasField("commitment")
    window = grpc_admin.call(
        grpc_admin.v2.PullEvents, v2.PullEventsRequest(**stream_of(agent), from_sequence=1)
    )
    assert [e.sequence_number for e in window.events] == [1, 2, 3]
    assert (window.next_sequence, window.has_more, window.head_sequence) == (4, False, 3)
    for sent, stored in zip(events, window.events, strict=True):
        envelope_back = v2.EventEnvelope.FromString(stored.envelope.SerializeToString())
        assert envelope_back.payload_cipher_hash == bytes(32)
        assert envelope_back.ves_version == 1
        envelope_back.ClearField("payload_cipher_hash")
        envelope_back.ClearField("ves_version")
        assert envelope_back == sent
        assert len(stored.receipt_hash) == 32


def test_http_and_grpc_are_one_stream_and_an_exact_repeat_is_neither_accepted_nor_refused(
    grpc_admin: Clients, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    request = push_request(agent, envelope(agent))
    grpc_admin.call(grpc_admin.v2.Push, request)
    assert post(admin, agent.body(agent.event())).json()["sequenceStart"] == 2
    again = grpc_admin.call(grpc_admin.v2.Push, request)
    assert (again.events_accepted, again.events_rejected, again.sequence_start) == (0, 0, 0)
    assert again.head_sequence == 2
    receipts = admin.get(f"/api/v1/ves/receipts/{request.events[0].event_id}", params=stream_of(agent))
    assert receipts.status_code in (200, 404)


def test_refused_events_are_listed_with_the_reasons_of_the_protocol(
    grpc_admin: Clients, agent: Agent, v2: Any
) -> None:
    first = envelope(agent, base_version=0)
    grpc_admin.call(grpc_admin.v2.Push, push_request(agent, first))
    used = str(uuid.uuid4())
    bad_signature, bad_hash, other = envelope(agent), envelope(agent), envelope(agent)
    bad_signature.agent_signature = bytes(64)
    bad_hash.payload_plain_hash = bytes(range(32))
    other.event_id = first.event_id
    done = grpc_admin.call(
        grpc_admin.v2.Push,
        push_request(
            agent,
            bad_signature,
            bad_hash,
            envelope(agent, agent_key_id=99),
            other,
            envelope(agent, command_id=used),
            envelope(agent, command_id=used),
            envelope(agent, base_version=7),
        ),
    )
    found = {
        r.event_id: v2.RejectionReason.Name(r.reason).removeprefix("REJECTION_REASON_")
        for r in done.rejections
    }
    assert sorted(found.values()) == sorted(
        [
            "INVALID_SIGNATURE",
            "INVALID_HASH",
            "UNKNOWN_KEY",
            "DUPLICATE_EVENT",
            "DUPLICATE_COMMAND",
            "VERSION_CONFLICT",
        ]
    )
    assert (done.events_accepted, done.events_rejected) == (1, 6)
    assert all(r.message for r in done.rejections)


def test_a_malformed_event_refuses_the_whole_call(grpc_admin: Clients, agent: Agent, v2: Any) -> None:
    def push(**changes: Any) -> None:
        event = envelope(agent)
        for name, value in changes.items():
            event.ClearField(name) if value is None else setattr(event, name, value)
        grpc_admin.call(grpc_admin.v2.Push, push_request(agent, event))

    for changes in (
        {"event_id": "x"},
        {"tenant_id": str(uuid.uuid4())},
        {"source_agent": str(uuid.uuid4())},
        {"ves_version": 2},
        {"payload_kind": 0},
        {"payload_kind": 2},
        {"payload": b"{"},
        {"payload": b"null"},
        {"payload": b'{}, "event_id": "smuggled"'},
        {"payload": b'"\xff"'},
        {"payload_plain_hash": b"short"},
        {"agent_signature": b"short"},
        {"created_at": None},
        {"entity_type": ""},
        {"entity_id": "x" * 513},
        {"command_id": "x"},
    ):
        with refused(CODE.INVALID_ARGUMENT):
            push(**changes)
    with refused(CODE.INVALID_ARGUMENT, name="INVALID_FIELD_VALUE"):
        grpc_admin.call(grpc_admin.v2.Push, push_request(agent))
    with refused(CODE.RESOURCE_EXHAUSTED, name="PAYLOAD_TOO_LARGE"):
        grpc_admin.call(grpc_admin.v2.Push, push_request(agent, *[envelope(agent)] * 1001))
    malformed = envelope(agent)
    malformed.event_id, malformed.payload = "x", b"{"
    with refused(CODE.RESOURCE_EXHAUSTED, name="PAYLOAD_TOO_LARGE"):
        grpc_admin.call(grpc_admin.v2.Push, push_request(agent, *[malformed] * 1001))
    state = grpc_admin.call(grpc_admin.v2.GetSyncState, v2.GetSyncStateRequest(**stream_of(agent)))
    assert state.head_sequence == 0


def test_hashes_that_are_left_out_are_computed(grpc_admin: Clients, agent: Agent) -> None:
    event = envelope(agent)
    event.ClearField("payload_plain_hash")
    assert grpc_admin.call(grpc_admin.v2.Push, push_request(agent, event)).events_accepted == 1


def test_a_window_is_of_numbers_and_filters_apply_to_it(grpc_admin: Clients, agent: Agent, v2: Any) -> None:
    kinds = ["order", "return", "order", "order"]
    grpc_admin.call(
        grpc_admin.v2.Push, push_request(agent, *[envelope(agent, entity_type=kind) for kind in kinds])
    )

    def pull(**more: Any) -> tuple[list[int], int, bool]:
        window = grpc_admin.call(grpc_admin.v2.PullEvents, v2.PullEventsRequest(**stream_of(agent), **more))
        return [e.sequence_number for e in window.events], window.next_sequence, window.has_more

    assert pull(from_sequence=0, limit=2) == ([1], 2, True)
    assert pull(from_sequence=2, limit=2) == ([2, 3], 4, True)
    assert pull(from_sequence=2, limit=1, entity_type_filter="order") == ([], 3, True)
    assert pull(from_sequence=1, entity_type_filter="order") == ([1, 3, 4], 5, False)
    assert pull(from_sequence=1, agent_filter=[str(uuid.uuid4())]) == ([], 5, False)
    assert pull(from_sequence=90) == ([], 5, False)
    assert pull(from_sequence=2**64 - 1, limit=1000) == ([], 5, False)
    with refused(CODE.INVALID_ARGUMENT):
        pull(event_type_filter=["same"] * 101)


def test_state_commitment_and_proof_agree_and_the_proof_verifies(
    grpc_admin: Clients, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    calls = grpc_admin.v2
    state = grpc_admin.call(calls.GetSyncState, v2.GetSyncStateRequest(**stream_of(agent)))
    assert (state.head_sequence, state.state_root, state.HasField("latest_commitment")) == (0, b"", False)
    events = [envelope(agent) for _ in range(5)]
    grpc_admin.call(calls.Push, push_request(agent, *events))
    with refused(CODE.NOT_FOUND, name="RESOURCE_NOT_FOUND"):
        grpc_admin.call(
            calls.GetInclusionProof, v2.GetInclusionProofRequest(**stream_of(agent), sequence_number=2)
        )
    first, second = commit(admin, agent, 1, 3), commit(admin, agent, 4, 5)
    state = grpc_admin.call(calls.GetSyncState, v2.GetSyncStateRequest(**stream_of(agent)))
    assert state.head_sequence == 5
    assert state.state_root.hex() == second["new_state_root"]
    assert state.latest_commitment.previous_root.hex() == first["new_state_root"]
    by_id = grpc_admin.call(calls.GetCommitment, v2.GetCommitmentRequest(batch_id=second["batch_id"]))
    assert by_id == state.latest_commitment
    assert (by_id.start_sequence, by_id.end_sequence, by_id.event_count) == (4, 5, 2)
    for number, event in enumerate(events, 1):
        selector = {"sequence_number": number} if number % 2 else {"event_id": event.event_id}
        answer = grpc_admin.call(
            calls.GetInclusionProof, v2.GetInclusionProofRequest(**stream_of(agent), **selector)
        )
        proof = answer.proof
        assert answer.included
        assert answer.event.envelope.event_id == event.event_id
        assert verify_inclusion(
            proof.leaf_hash, proof.leaf_index, list(proof.proof_hashes), proof.merkle_root
        )
        assert proof.leaf_count == (3 if number <= 3 else 2)
    with refused(CODE.FAILED_PRECONDITION):
        grpc_admin.call(
            calls.GetInclusionProof,
            v2.GetInclusionProofRequest(**stream_of(agent), sequence_number=1, expected_root=bytes(32)),
        )
    for selector in ({"sequence_number": 6}, {"event_id": str(uuid.uuid4())}):
        with refused(CODE.NOT_FOUND, name="EVENT_NOT_FOUND"):
            grpc_admin.call(
                calls.GetInclusionProof, v2.GetInclusionProofRequest(**stream_of(agent), **selector)
            )


def test_a_commitment_by_number_needs_a_credential_for_one_store(
    server: Server, api_database: Database, grpc_admin: Clients, admin: httpx.Client, agent: Agent, v2: Any
) -> None:
    grpc_admin.call(grpc_admin.v2.Push, push_request(agent, envelope(agent)))
    made = commit(admin, agent, 1, 1)
    by_number = v2.GetCommitmentRequest(sequence_number=1)
    with Clients(server, mint(api_database, agent.tenant_id, stores=[agent.store_id])) as one:
        assert one.call(one.v2.GetCommitment, by_number).batch_id == made["batch_id"]
        with refused(CODE.NOT_FOUND):
            one.call(one.v2.GetCommitment, v2.GetCommitmentRequest(sequence_number=2))
    with refused(CODE.INVALID_ARGUMENT):
        grpc_admin.call(grpc_admin.v2.GetCommitment, by_number)
    with refused(CODE.INVALID_ARGUMENT):
        grpc_admin.call(grpc_admin.v2.GetCommitment, v2.GetCommitmentRequest())
    with Clients(server, mint(api_database, uuid.uuid4())) as stranger, refused(CODE.NOT_FOUND):
        stranger.call(stranger.v2.GetCommitment, v2.GetCommitmentRequest(batch_id=made["batch_id"]))


def test_versions_of_an_entity_are_positions_in_its_history(
    grpc_admin: Clients, agent: Agent, v2: Any
) -> None:
    grpc_admin.call(
        grpc_admin.v2.Push, push_request(agent, *[envelope(agent, entity_id=f"O-{n % 2}") for n in range(10)])
    )

    def history(**more: Any) -> tuple[list[int], int]:
        request = v2.GetEntityHistoryRequest(
            **stream_of(agent), **{"entity_type": "order", "entity_id": "O-1", **more}
        )
        answer = grpc_admin.call(grpc_admin.v2.GetEntityHistory, request)
        return [e.sequence_number for e in answer.events], answer.current_version

    assert history() == ([2, 4, 6, 8, 10], 5)
    assert history(from_version=2, to_version=3) == ([4, 6], 5)
    assert history(from_version=4, limit=1) == ([8], 5)
    assert history(from_version=6) == ([], 5)
    assert history(entity_id="none") == ([], 0)
    with refused(CODE.INVALID_ARGUMENT):
        history(from_version=3, to_version=2)
    with refused(CODE.INVALID_ARGUMENT):
        history(entity_id="")


def test_health_needs_a_credential(server: Server, grpc_admin: Clients) -> None:
    answer = grpc_admin.call(grpc_admin.v2.GetHealth, empty_pb2.Empty())
    assert (answer.healthy, answer.version) == (True, "0.1.0")
    assert answer.timestamp.nanos == 0
    with Clients(server, None) as nobody, refused(CODE.UNAUTHENTICATED, name="AUTH_REQUIRED"):
        nobody.call(nobody.v2.GetHealth, empty_pb2.Empty())


def test_a_signing_key_is_registered_listed_and_revoked(grpc_admin: Clients, v2: Any) -> None:
    agent, calls = Agent(), grpc_admin.keys
    names = {"tenant_id": str(agent.tenant_id), "agent_id": str(agent.agent_id)}
    public = ed25519.public_key(agent.seed)
    request = v2.RegisterKeyRequest(
        **names, key_id=3, key_type=v2.KEY_TYPE_SIGNING, public_key=public, valid_from=CREATED
    )
    assert grpc_admin.call(calls.RegisterAgentKey, request).success
    with refused(CODE.ALREADY_EXISTS):
        grpc_admin.call(calls.RegisterAgentKey, request)
    [key] = grpc_admin.call(calls.GetAgentKeys, v2.GetAgentKeysRequest(**names)).keys
    assert (key.key_id, key.public_key, key.status) == (3, public, v2.KEY_STATUS_ACTIVE)
    assert (key.valid_from, key.HasField("valid_to"), key.key_algorithm) == (CREATED, False, 1)
    agent.key_id = 3
    assert grpc_admin.call(grpc_admin.v2.Push, push_request(agent, envelope(agent))).events_accepted == 1
    with refused(CODE.INVALID_ARGUMENT):
        grpc_admin.call(calls.RevokeAgentKey, v2.RevokeKeyRequest(**names, key_id=3, reason="lo\0st"))
    with refused(CODE.INVALID_ARGUMENT):
        grpc_admin.call(calls.RevokeAgentKey, v2.RevokeKeyRequest(**names, key_id=3, reason="x" * 1025))
    revoke = v2.RevokeKeyRequest(**names, key_id=3, reason="lost")
    first = grpc_admin.call(calls.RevokeAgentKey, revoke)
    assert first.success
    assert grpc_admin.call(calls.RevokeAgentKey, revoke).revoked_at == first.revoked_at
    [refusal] = grpc_admin.call(grpc_admin.v2.Push, push_request(agent, envelope(agent))).rejections
    assert refusal.reason == v2.REJECTION_REASON_REVOKED_KEY
    assert not grpc_admin.call(calls.GetAgentKeys, v2.GetAgentKeysRequest(**names)).keys
    listed = grpc_admin.call(calls.GetAgentKeys, v2.GetAgentKeysRequest(**names, include_revoked=True)).keys
    assert [k.status for k in listed] == [v2.KEY_STATUS_REVOKED]
    with refused(CODE.NOT_FOUND):
        grpc_admin.call(calls.RevokeAgentKey, v2.RevokeKeyRequest(**names, key_id=9))


def test_encryption_keys_are_unimplemented_and_bad_keys_refused(grpc_admin: Clients, v2: Any) -> None:
    agent, calls = Agent(), grpc_admin.keys
    names = {"tenant_id": str(agent.tenant_id), "agent_id": str(agent.agent_id)}
    for kind in (v2.KEY_TYPE_UNSPECIFIED, v2.KEY_TYPE_ENCRYPTION):
        with refused(CODE.UNIMPLEMENTED, text="only signing keys are supported"):
            grpc_admin.call(calls.RegisterAgentKey, v2.RegisterKeyRequest(**names, key_type=kind))
    signing = {**names, "key_type": v2.KEY_TYPE_SIGNING}
    for more in (
        {"public_key": b"short"},
        {"public_key": bytes(32), "key_algorithm": v2.KEY_ALGORITHM_ED25519_ML_DSA_65},
        {"public_key": hashlib.sha256(b"x").digest(), "proof_of_possession": bytes(64)},
    ):
        with refused(CODE.INVALID_ARGUMENT):
            grpc_admin.call(calls.RegisterAgentKey, v2.RegisterKeyRequest(**signing, **more))
    only_encryption = v2.GetAgentKeysRequest(**names, key_type_filter=v2.KEY_TYPE_ENCRYPTION)
    assert not grpc_admin.call(calls.GetAgentKeys, only_encryption).keys
