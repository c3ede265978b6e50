"""Commitments and inclusion proofs over REST: made, listed, fetched, verified offline, and kept apart by tenant."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.legacy_support import Sender
from tests.api.support import Agent, assert_error, post
from tests.api.test_credentials import mint
from ves.merkle import verify_inclusion

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database
    from tests.support.processes import Server

COMMITMENTS = "/api/v1/ves/commitments"
VERIFY = "/api/v1/ves/proofs/verify"
FIELDS = [
    "batch_id",
    "tenant_id",
    "store_id",
    "ves_version",
    "tree_depth",
    "leaf_count",
    "padded_leaf_count",
    "merkle_root",
    "prev_state_root",
    "new_state_root",
    "sequence_start",
    "sequence_end",
    "committed_at",
]
ZULU = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3}(\d{3})?)?Z")


def stream(agent: Agent) -> dict[str, str]:
    return {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}


def commit(client: httpx.Client, agent: Agent, start: Any, end: Any) -> httpx.Response:
    return client.post(COMMITMENTS, json={**stream(agent), "sequence_start": start, "sequence_end": end})


def prove(client: httpx.Client, agent: Agent, number: Any, batch_id: str) -> httpx.Response:
    return client.get(f"/api/v1/ves/proofs/{number}", params={**stream(agent), "batch_id": batch_id})


@pytest.fixture
def committed(admin: httpx.Client, agent: Agent) -> dict[str, Any]:
    """A commitment of events 1 to 5."""
    agent.ingest(admin, *[agent.event() for _ in range(8)])
    answer = commit(admin, agent, 1, 5)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_range_is_committed_once_and_repeats_answer_the_same(
    admin: httpx.Client, agent: Agent, committed: dict[str, Any]
) -> None:
    assert list(committed) == FIELDS
    assert (committed["leaf_count"], committed["padded_leaf_count"], committed["tree_depth"]) == (5, 8, 3)
    assert committed["prev_state_root"] == "00" * 32
    assert re.fullmatch("[0-9a-f]{64}", committed["merkle_root"])
    assert ZULU.fullmatch(committed["committed_at"])
    assert commit(admin, agent, 1, 5).json() == committed
    following = commit(admin, agent, 6, 8).json()
    assert following["prev_state_root"] == committed["new_state_root"]


def test_commitments_are_listed_in_order_and_fetched_by_id(
    admin: httpx.Client, agent: Agent, committed: dict[str, Any]
) -> None:
    second = commit(admin, agent, 6, 8).json()
    listed = admin.get(COMMITMENTS, params=stream(agent)).json()
    assert listed["count"] == 2
    assert listed["commitments"] == [c | {"is_anchored": False} for c in (committed, second)]
    fetched = admin.get(f"{COMMITMENTS}/{second['batch_id']}").json()
    assert fetched == second | {
        "chain_id": None,
        "chain_tx_hash": None,
        "chain_block_number": None,
        "anchored_at": None,
        "is_anchored": False,
    }
    assert admin.get(f"{COMMITMENTS}/{second['batch_id'].replace('-', '').upper()}").json() == fetched


@pytest.mark.parametrize(
    ("start", "end"),
    [(5, 4), (1, 4), (2, 5), (7, 8), (6, 9), (0, 0), (6, 2**63 - 1), (6, 2**64 - 1), (2**63, 2**63)],
    ids=str,
)
def test_a_wrong_range_is_400_and_commits_nothing(
    start: int, end: int, admin: httpx.Client, agent: Agent, committed: dict[str, Any]
) -> None:
    error = assert_error(commit(admin, agent, start, end), 400, "INVALID_FIELD_VALUE", 3003)
    assert error["message"]
    assert admin.get(COMMITMENTS, params=stream(agent)).json()["count"] == 1


def test_an_unknown_stream_has_nothing_to_commit_or_list(admin: httpx.Client) -> None:
    nobody = Agent()
    assert_error(commit(admin, nobody, 1, 1), 400, "INVALID_FIELD_VALUE")
    assert admin.get(COMMITMENTS, params=stream(nobody)).json() == {"commitments": [], "count": 0}


@pytest.mark.parametrize("value", ["1", -1, 1.5, None, True, 10**30])
def test_a_number_of_another_type_is_422(value: Any, admin: httpx.Client, agent: Agent) -> None:
    answer = commit(admin, agent, value, 5)
    assert answer.status_code in (400, 422)
    assert_error(answer, answer.status_code, answer.json()["error"]["code"])


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"tenant_id": "x", "store_id": "y"},
        {"tenant_id": str(uuid.uuid4())},
        {"store_id": str(uuid.uuid4())},
    ],
)
def test_a_bad_query_is_400_with_its_field(query: dict[str, str], admin: httpx.Client) -> None:
    error = assert_error(admin.get(COMMITMENTS, params=query), 400, "INVALID_FIELD_VALUE")
    assert error["details"]["field"] in ("tenant_id", "store_id")


def test_a_query_that_is_no_text_is_400(admin: httpx.Client) -> None:
    for query in ("%ff=%fe", "tenant_id=%ff", "tenant_id=%00", "a" * 5000, "tenant_id=1&tenant_id=2"):
        assert_error(admin.get(f"{COMMITMENTS}?{query}"), 400, "INVALID_FIELD_VALUE")


def test_unknown_and_bad_batch_ids_are_told_apart(admin: httpx.Client) -> None:
    assert_error(admin.get(f"{COMMITMENTS}/{uuid.uuid4()}"), 404, "RESOURCE_NOT_FOUND", 4001)
    for bad in ("nope", "%00", "%ff", "é", "0" * 300):
        assert_error(admin.get(f"{COMMITMENTS}/{bad}"), 400, "INVALID_FIELD_VALUE")


def test_every_proof_verifies_offline_and_over_rest(
    admin: httpx.Client, agent: Agent, committed: dict[str, Any]
) -> None:
    for number in range(1, 6):
        proof = prove(admin, agent, number, committed["batch_id"]).json()
        assert list(proof) == [
            "sequence_number",
            "batch_id",
            "merkle_root",
            "leaf_hash",
            "leaf_index",
            "proof_path",
            "directions",
        ]
        assert proof["merkle_root"] == committed["merkle_root"]
        assert proof["leaf_index"] == number - 1
        assert proof["directions"] == [not (number - 1) >> level & 1 for level in range(3)]
        path = [bytes.fromhex(node) for node in proof["proof_path"]]
        leaf, root = bytes.fromhex(proof["leaf_hash"]), bytes.fromhex(proof["merkle_root"])
        assert verify_inclusion(leaf, proof["leaf_index"], path, root)
        request = {k: proof[k] for k in ("leaf_hash", "merkle_root", "proof_path", "leaf_index")}
        assert admin.post(VERIFY, json=request).json() == {
            "valid": True,
            "leaf_hash": proof["leaf_hash"],
            "merkle_root": proof["merkle_root"],
        }
        wrong = request | {"leaf_hash": "00" * 32}
        assert admin.post(VERIFY, json=wrong).json()["valid"] is False
        moved = request | {"leaf_index": proof["leaf_index"] ^ 1}
        assert admin.post(VERIFY, json=moved).json()["valid"] is False


def test_a_proof_outside_its_commitment_is_400(
    admin: httpx.Client, agent: Agent, committed: dict[str, Any]
) -> None:
    for number in (0, 6, 2**63 - 1):
        assert_error(prove(admin, agent, number, committed["batch_id"]), 400, "INVALID_FIELD_VALUE")
    for number in ("x", "-1", "1.0", 2**63, "%00", "\uff19"):
        assert_error(prove(admin, agent, number, committed["batch_id"]), 400, "INVALID_FIELD_VALUE")


def test_a_proof_in_an_unknown_commitment_is_404_and_in_a_foreign_one_403(
    admin: httpx.Client, agent: Agent, committed: dict[str, Any]
) -> None:
    assert_error(prove(admin, agent, 1, str(uuid.uuid4())), 404, "RESOURCE_NOT_FOUND")
    other_store = Agent(agent.tenant_id)
    assert_error(prove(admin, other_store, 1, committed["batch_id"]), 403, "INSUFFICIENT_PERMISSIONS")


@pytest.mark.parametrize("missing", ["tenant_id", "store_id", "batch_id"])
def test_a_proof_needs_all_three_parameters(missing: str, admin: httpx.Client) -> None:
    query = {name: str(uuid.uuid4()) for name in ("tenant_id", "store_id", "batch_id") if name != missing}
    error = assert_error(admin.get("/api/v1/ves/proofs/1", params=query), 400, "INVALID_FIELD_VALUE")
    assert error["details"]["field"] == missing


GOOD = {"leaf_hash": "00" * 32, "merkle_root": "00" * 32, "proof_path": [], "leaf_index": 0}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"leaf_hash": "0x" + "00" * 32}, 400),
        ({"merkle_root": "00"}, 400),
        ({"proof_path": ["zz" * 32]}, 400),
        ({"proof_path": ["00" * 32] * 64}, 200),
        ({"proof_path": ["00" * 32] * 65}, 400),
        ({"leaf_index": 2**64 - 1}, 200),
        ({"leaf_index": -1}, 422),
        ({"leaf_index": "0"}, 422),
        ({"proof_path": "00"}, 422),
        ({"leaf_hash": None}, 422),
    ],
)
def test_a_verification_is_answered_or_refused_by_field(
    change: dict[str, Any], status: int, admin: httpx.Client
) -> None:
    answer = admin.post(VERIFY, json=GOOD | change)
    assert answer.status_code == status, answer.text
    if status == 400:
        assert_error(answer, 400, "INVALID_FIELD_VALUE")


def test_verification_reads_no_tenant_and_needs_read_or_admin(server: Server, api_database: Database) -> None:
    tenant = uuid.uuid4()
    with server.client(mint(api_database, tenant, write=False)) as reader:
        assert reader.post(VERIFY, json=GOOD).json()["valid"] is True
    with server.client(mint(api_database, tenant, read=False, write=False, admin=True)) as admin_only:
        assert admin_only.post(VERIFY, json=GOOD).status_code == 200
    with server.client(mint(api_database, tenant, read=False)) as writer:
        assert_error(writer.post(VERIFY, json=GOOD), 403, "INSUFFICIENT_PERMISSIONS")


def test_another_tenants_commitment_looks_like_an_unknown_one(
    server: Server, api_database: Database, committed: dict[str, Any]
) -> None:
    with server.client(mint(api_database, uuid.uuid4(), admin=True)) as stranger:
        foreign = assert_error(
            stranger.get(f"{COMMITMENTS}/{committed['batch_id']}"), 404, "RESOURCE_NOT_FOUND"
        )
        unknown = assert_error(stranger.get(f"{COMMITMENTS}/{uuid.uuid4()}"), 404, "RESOURCE_NOT_FOUND")
    assert foreign["message"] == unknown["message"]


def test_a_key_for_other_stores_may_not_fetch_a_commitment(
    server: Server, api_database: Database, agent: Agent, committed: dict[str, Any]
) -> None:
    key = mint(api_database, agent.tenant_id, stores=(uuid.uuid4(),))
    with server.client(key) as client:
        answer = client.get(f"{COMMITMENTS}/{committed['batch_id']}")
        assert_error(answer, 403, "INSUFFICIENT_PERMISSIONS")
        assert_error(commit(client, agent, 6, 8), 403, "INSUFFICIENT_PERMISSIONS")


def test_bad_bodies_are_refused_with_their_code(admin: httpx.Client) -> None:
    for path in (COMMITMENTS, VERIFY):
        assert_error(post(admin, b"{", path), 400, "INVALID_REQUEST_BODY")
        assert_error(post(admin, b"{}", path), 422, "INVALID_REQUEST_BODY")
        assert_error(
            post(admin, b"{}", path, **{"content-type": "text/plain"}), 415, "UNSUPPORTED_MEDIA_TYPE"
        )


@pytest.mark.parametrize("kind", ["", "ves/"])
def test_commitments_come_in_pages_of_a_thousand(
    admin: httpx.Client, agent: Agent, api_database: Database, kind: str
) -> None:
    sender = Sender(agent.tenant_id, agent.store_id, agent.agent_id)
    for _ in range(2):
        batch = [agent.event() if kind else sender.event() for _ in range(501)]
        sent = agent.ingest(admin, *batch) if kind else sender.ingest(admin, *batch)
        assert sent.status_code == 200
    make = "ves.create_commitment" if kind else "ves.create_legacy_commitment"
    with api_database.connect("ves_admin") as connection:
        connection.execute(
            f"select count(made.*) from generate_series(1, 1001) as n, {make}(%s, %s, n, n) as made",
            [agent.tenant_id, agent.store_id],
        )
    path = f"/api/v1/{kind}commitments"
    first = admin.get(path, params=sender.stream).json()
    assert (first["count"], first["has_more"]) == (1000, True)
    assert [c["sequence_start"] for c in first["commitments"]] == list(range(1, 1001))
    rest = admin.get(path, params={**sender.stream, "after": 1000}).json()
    assert ([c["sequence_start"] for c in rest["commitments"]], set(rest)) == (
        [1001],
        {"commitments", "count"},
    )
    full = admin.get(path, params={**sender.stream, "after": 1}).json()
    assert (full["count"], set(full)) == (1000, {"commitments", "count"})
    assert admin.get(path, params={**sender.stream, "after": 2**64 - 1}).json()["count"] == 0
