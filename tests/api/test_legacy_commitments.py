"""Legacy commitments and proofs over REST (http-api 4)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.legacy_support import COMMITMENTS, PROOFS, Sender
from tests.api.support import Raw, assert_error
from tests.api.test_credentials import mint
from tests.unit.ves.vectors import load
from ves import legacy

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

VECTORS = load("legacy")


@pytest.fixture
def sender(admin: httpx.Client) -> Sender:
    """A legacy stream of seven events."""
    fresh = Sender()
    fresh.send(admin, 7)
    return fresh


def test_a_commitment_is_made_listed_and_fetched_in_its_three_forms(
    admin: httpx.Client, sender: Sender
) -> None:
    made = sender.commit(admin, 1, 5).json()
    assert list(made) == [
        "batch_id",
        "tenant_id",
        "store_id",
        "prev_state_root",
        "new_state_root",
        "events_root",
        "event_count",
        "sequence_start",
        "sequence_end",
        "committed_at",
    ]
    assert (made["event_count"], made["sequence_start"], made["sequence_end"]) == (5, 1, 5)
    assert made["prev_state_root"] == "00" * 32
    assert made["committed_at"].endswith("Z")
    second = sender.commit(admin, 6, 7).json()
    assert second["prev_state_root"] == made["new_state_root"]

    listed = sender.get(admin, COMMITMENTS).json()
    assert listed["count"] == 2
    assert listed["commitments"][0] == {
        name: value for name, value in made.items() if not name.endswith("state_root")
    } | {"is_anchored": False}

    one = admin.get(f"{COMMITMENTS}/{made['batch_id']}").json()
    for name in ("prev_state_root", "new_state_root", "events_root"):
        assert bytes(one.pop(name)).hex() == made[name]
    assert one == {
        **sender.stream,
        "batch_id": made["batch_id"],
        "event_count": 5,
        "sequence_range": [1, 5],
        "committed_at": made["committed_at"],
        "chain_tx_hash": None,
    }


@pytest.mark.parametrize(("start", "end"), [(2, 1), (0, 3), (1, 8), (2**63, 2**64 - 1), (1, 2**64 - 1)])
def test_a_range_that_cannot_be_committed_is_a_400(
    admin: httpx.Client, sender: Sender, start: int, end: int
) -> None:
    assert_error(sender.commit(admin, start, end), 400, "INVALID_FIELD_VALUE")


def test_a_second_commitment_must_follow_the_first_and_not_repeat_it(
    admin: httpx.Client, sender: Sender
) -> None:
    sender.commit(admin, 1, 3)
    error = assert_error(sender.commit(admin, 1, 3), 400, "INVALID_FIELD_VALUE")
    assert error["details"] == {"sequence_start": 1, "sequence_end": 3}
    error = assert_error(sender.commit(admin, 5, 6), 400, "INVALID_FIELD_VALUE")
    assert error["details"] == {"expected_start": 4}


def test_a_commitment_of_another_tenant_is_like_an_unknown_one(
    admin: httpx.Client, server: Server, api_database: Database, sender: Sender
) -> None:
    batch = sender.commit(admin, 1, 3).json()["batch_id"]
    with server.client(mint(api_database, uuid.uuid4())) as stranger:
        seen = assert_error(stranger.get(f"{COMMITMENTS}/{batch}"), 404, "RESOURCE_NOT_FOUND")
        unknown = assert_error(stranger.get(f"{COMMITMENTS}/{uuid.uuid4()}"), 404, "RESOURCE_NOT_FOUND")
        assert seen["message"] == unknown["message"]
        assert_error(sender.commit(stranger, 4, 5), 403, "INSUFFICIENT_PERMISSIONS")
    with server.client(mint(api_database, sender.tenant_id, read=False)) as writer:
        assert_error(writer.get(f"{COMMITMENTS}/{batch}"), 403, "INSUFFICIENT_PERMISSIONS")
    with server.client(mint(api_database, sender.tenant_id, write=False)) as reader:
        assert_error(sender.commit(reader, 4, 5), 403, "INSUFFICIENT_PERMISSIONS")
    assert_error(admin.get(f"{COMMITMENTS}/x"), 400, "INVALID_FIELD_VALUE")


def verify(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post(f"{PROOFS}/verify", json=body)


def sent_form(proof: dict[str, Any], **changes: Any) -> dict[str, Any]:
    names = ("leaf_hash", "events_root", "proof_path", "leaf_index")
    return {name: proof[name] for name in names} | changes


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 7])
def test_every_proof_verifies_also_of_leaves_that_moved_up(
    admin: httpx.Client, sender: Sender, count: int
) -> None:
    batch = sender.commit(admin, 1, count).json()["batch_id"]
    for index in range(count):
        proof = sender.get(admin, f"{PROOFS}/{index + 1}", batch_id=batch).json()
        assert proof["sequence_number"] == index + 1
        assert proof["leaf_index"] == index
        assert proof["directions"] == legacy.directions(index, count)
        answer = verify(admin, **sent_form(proof)).json()
        assert answer == {"valid": True, "leaf_hash": proof["leaf_hash"], "events_root": proof["events_root"]}
        assert not verify(admin, **sent_form(proof, events_root="00" * 32)).json()["valid"]


def test_the_vectors_proofs_verify_over_http(admin: httpx.Client) -> None:
    for tree in VECTORS["trees"]:
        for proof in tree["proofs"]:
            body = {
                "leaf_hash": VECTORS["events"][proof["leaf_index"]]["leaf_hash"],
                "events_root": tree["events_root"],
                "proof_path": proof["proof_path"],
                "leaf_index": proof["leaf_index"],
            }
            assert verify(admin, **body).json()["valid"]


def test_the_vectors_payload_hashes_are_accepted_over_http(admin: httpx.Client) -> None:
    sender = Sender()
    events = [
        sender.event(
            raw=e["payload_json_text"].encode(), entity_type=e["entity_type"], entity_id=e["entity_id"]
        )
        for e in VECTORS["events"]
    ]
    assert all(isinstance(event["payload"], Raw) for event in events)
    for event, vector in zip(events, VECTORS["events"], strict=True):
        event["payload_hash"] = vector["payload_hash"]
    assert sender.ingest(admin, *events).json()["events_accepted"] == len(events)


def test_a_proof_is_of_its_own_commitment(admin: httpx.Client, sender: Sender) -> None:
    batch = sender.commit(admin, 1, 3).json()["batch_id"]
    assert_error(sender.get(admin, f"{PROOFS}/4", batch_id=batch), 400, "INVALID_FIELD_VALUE")
    assert_error(sender.get(admin, f"{PROOFS}/1", batch_id=str(uuid.uuid4())), 404, "RESOURCE_NOT_FOUND")
    assert_error(sender.get(admin, f"{PROOFS}/1"), 400, "INVALID_FIELD_VALUE")
    assert_error(sender.get(admin, f"{PROOFS}/x", batch_id=batch), 400, "INVALID_FIELD_VALUE")
    elsewhere = Sender(tenant_id=sender.tenant_id)
    error = assert_error(elsewhere.get(admin, f"{PROOFS}/1", batch_id=batch), 403, "INSUFFICIENT_PERMISSIONS")
    assert error["message"] == "Commitment access denied"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"leaf_hash": "0x" + "00" * 32}, 400),
        ({"events_root": "00" * 31}, 400),
        ({"proof_path": ["zz" * 32]}, 400),
        ({"proof_path": ["00" * 32] * 65}, 400),
        ({"leaf_index": -1}, 422),
        ({"leaf_index": "0"}, 422),
    ],
)
def test_a_proof_that_cannot_be_read_is_refused(
    admin: httpx.Client, changes: dict[str, Any], status: int
) -> None:
    good = {"leaf_hash": "00" * 32, "events_root": "00" * 32, "proof_path": [], "leaf_index": 0}
    assert verify(admin, **good).json()["valid"]
    code = "INVALID_REQUEST_BODY" if status == 422 else "INVALID_FIELD_VALUE"
    assert_error(verify(admin, **(good | changes)), status, code)
    assert (
        verify(admin, **(good | {"proof_path": ["00" * 32] * 64, "leaf_index": 2**64 - 1})).status_code == 200
    )
