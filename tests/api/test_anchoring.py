"""The anchor routes beside a chain and an anchor worker, and the separate anchor service of the original (http-api 6, 9)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from eth_account import Account

from tests.api.legacy_support import Sender
from tests.api.support import Agent, assert_error
from tests.api.surface.place import mint
from tests.chain.system import Ledger
from tests.conftest import Database, cloned
from tests.support.anvil import ANCHORER_KEY, KEY, anvil
from tests.support.processes import Server, Worker
from tests.support.waiting import wait_until
from ves_contracts import deploy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cluster import Cluster

CHAIN_ID = 84_532_001
TX, OTHER_TX = "ab" * 32, "cd" * 32


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    folder = tmp_path_factory.mktemp("chain")
    with anvil(folder, CHAIN_ID) as url:
        yield Ledger(url, Account.from_key(KEY), folder)


@pytest.fixture(scope="module")
def anchored(engine: Cluster) -> Iterator[Database]:
    with cloned(engine, "anchors") as own:
        yield own


@pytest.fixture(scope="module")
def client(
    anchored: Database, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """The bootstrap administrator of a server and a worker that anchor on the local chain."""
    folder = tmp_path_factory.mktemp("anchoring")
    chain = {"L2_RPC_URL": ledger.url, "SET_REGISTRY_ADDRESS": ledger.addresses["anchor"]}
    worker = Worker(
        anchored.url("ves_worker"),
        chain
        | {
            "SEQUENCER_PRIVATE_KEY": ANCHORER_KEY,
            "VES_CHAIN_POLL_MS": "50",
            "ANCHOR_FINALITY_CONFIRMATIONS": "1",
        }
        | {"ANCHOR_INTERVAL_SECS": "86400"},
        names=["anchoring"],
    )
    worker.launch(folder / "worker.log")
    running = Server(anchored.url("ves_api"), chain | {"VES_ANCHOR_WAIT_SECS": "20"}).start(folder / "log")
    with running.client() as opened:
        yield opened
    running.stop()
    worker.stop()


@pytest.fixture
def alone(api_database: Database, tmp_path: Path) -> Iterator[Server]:
    """A server with a contract and a node that nobody runs, and no worker."""
    chain = {
        "L2_RPC_URL": "http://127.0.0.1:1",
        "SET_REGISTRY_ADDRESS": "0x" + "ab" * 20,
        "VES_ANCHOR_WAIT_SECS": "0.3",
    }
    running = Server(api_database.url("ves_api"), chain).start(tmp_path / "log")
    yield running
    running.stop()


class Stream:
    """A stream with events, and what it commits."""

    def __init__(self, client: httpx.Client, events: int) -> None:
        self.client, self.agent = client, Agent()
        assert self.agent.register(client).status_code == 200
        self.agent.ingest(client, *[self.agent.event({"n": n}) for n in range(events)])
        self.names = {"tenant_id": str(self.agent.tenant_id), "store_id": str(self.agent.store_id)}

    def commit(self, first: int, last: int) -> dict[str, Any]:
        body = self.names | {"sequence_start": first, "sequence_end": last}
        made: dict[str, Any] = self.client.post("/api/v1/ves/commitments", json=body).json()
        return made

    def legacy(self) -> dict[str, Any]:
        sender = Sender(self.agent.tenant_id, self.agent.store_id, self.agent.agent_id)
        sender.ingest(self.client, sender.event({"n": 1}))
        body = self.names | {"sequence_start": 1, "sequence_end": 1}
        made: dict[str, Any] = self.client.post("/api/v1/commitments", json=body).json()
        return made


def ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def test_a_commitment_is_anchored_on_request_and_verified_on_the_chain(client: httpx.Client) -> None:
    assert ok(client.get("/api/v1/anchor/status")) == {
        "anchor_enabled": True,
        "message": "Anchor service configured",
        "anchors": ["chain"],
        "required": 1,
    }
    made = Stream(client, 2).commit(1, 2)
    batch = made["batch_id"]
    assert ok(client.get(f"/api/v1/ves/anchor/{batch}/verify")) == {
        "batch_id": batch,
        "anchored_on_chain": False,
    }
    told = ok(client.post("/api/v1/ves/anchor", json={"batch_id": batch}))
    assert told == {
        "batch_id": batch,
        "status": "anchored",
        "chain_tx_hash": told["chain_tx_hash"],
        "chain_block_number": told["chain_block_number"],
        "merkle_root": made["merkle_root"],
        "sequence_start": 1,
        "sequence_end": 2,
    }
    assert len(bytes.fromhex(told["chain_tx_hash"])) == 32
    assert ok(client.post("/api/v1/ves/anchor", json={"batch_id": batch})) == {
        "batch_id": batch,
        "status": "already_anchored",
        "chain_tx_hash": told["chain_tx_hash"],
    }
    assert ok(client.get(f"/api/v1/ves/anchor/{batch}/verify"))["anchored_on_chain"] is True
    shown = wait_until(
        lambda: (found := ok(client.get(f"/api/v1/ves/commitments/{batch}")))["is_anchored"] and found
    )
    assert (shown["chain_id"], shown["chain_tx_hash"], shown["chain_block_number"]) == (
        CHAIN_ID,
        told["chain_tx_hash"],
        told["chain_block_number"],
    )


def test_a_legacy_commitment_is_anchored_and_verified(client: httpx.Client) -> None:
    made = Stream(client, 0).legacy()
    batch = made["batch_id"]
    told = ok(client.post("/api/v1/anchor", json={"batch_id": batch}))
    assert told == {
        "batch_id": batch,
        "status": "anchored",
        "chain_tx_hash": told["chain_tx_hash"],
        "events_root": made["events_root"],
        "sequence_start": 1,
        "sequence_end": 1,
    }
    assert ok(client.get(f"/api/v1/anchor/{batch}/verify"))["anchored_on_chain"] is True
    again = ok(client.post("/api/v1/anchor", json={"batch_id": batch}))
    assert again == {k: told[k] for k in ("batch_id", "chain_tx_hash")} | {"status": "already_anchored"}
    shown = ok(client.get(f"/api/v1/commitments/{batch}"))["chain_tx_hash"]
    assert bytes(shown).hex() == told["chain_tx_hash"]


def test_a_range_or_the_next_one_is_committed_and_anchored_by_one_call(client: httpx.Client) -> None:
    stream = Stream(client, 5)
    path = "/api/v1/ves/commitments/anchor"
    first = ok(client.post(path, json=stream.names | {"max_events": 2}))
    assert (first["sequence_start"], first["sequence_end"], first["status"]) == (1, 2, "anchored")
    assert first["chain_id"] == CHAIN_ID
    given = stream.names | {"sequence_start": 3, "sequence_end": 3}
    second = ok(client.post(path, json=given))
    assert second["prev_state_root"] == first["new_state_root"]
    assert ok(client.post(path, json=given)) == second | {"status": "already_anchored"}
    assert ok(client.post(path, json=stream.names))["sequence_end"] == 5
    assert_error(client.post(path, json=stream.names), 400, "INVALID_FIELD_VALUE")
    assert_error(client.post(path, json=stream.names | {"sequence_start": 6}), 400, "INVALID_FIELD_VALUE")


def forge(ledger: Ledger, batch: str) -> None:
    """Anchor other content under the id of a commitment."""
    word = uuid.UUID(batch).bytes + bytes(16)
    contract: Any = deploy.contract(ledger.w3, "StateSetAnchor", ledger.addresses["anchor"])
    ledger.send(contract.functions.anchor(word, word, word, word, word, 1, 1, 1))


def test_other_content_on_the_chain_is_told_as_a_failure_and_as_not_anchored(
    client: httpx.Client, ledger: Ledger
) -> None:
    stream = Stream(client, 1)
    batch, legacy = stream.commit(1, 1)["batch_id"], stream.legacy()["batch_id"]
    forge(ledger, batch)
    forge(ledger, legacy)
    same_range = stream.names | {"sequence_start": 1, "sequence_end": 1}
    for path, body in (
        ("/api/v1/ves/anchor", {"batch_id": batch}),
        ("/api/v1/anchor", {"batch_id": legacy}),
        ("/api/v1/ves/commitments/anchor", same_range),
    ):
        assert_error(client.post(path, json=body), 500, "ANCHOR_FAILED", 9002)
    assert ok(client.get(f"/api/v1/ves/commitments/{batch}"))["chain_tx_hash"] is None
    assert ok(client.get(f"/api/v1/ves/anchor/{batch}/verify"))["anchored_on_chain"] is False
    assert ok(client.get(f"/api/v1/anchor/{legacy}/verify"))["anchored_on_chain"] is False


def test_a_range_that_breaks_a_rule_is_neither_committed_nor_anchored(
    client: httpx.Client, anchored: Database
) -> None:
    stream = Stream(client, 4)
    stream.commit(1, 2)
    with anchored.connect() as superuser:
        # As if the stream were that long: the length is checked before any event is read.
        superuser.execute(
            "update ves_store.ves_sequence_counters set current_sequence = 2^21 where tenant_id = %s",
            [stream.agent.tenant_id],
        )
    for first, last in ((1, 1), (3, 2), (4, 4), (3, 2**21 + 1), (3, 2**20 + 3)):
        given = stream.names | {"sequence_start": first, "sequence_end": last}
        told = client.post("/api/v1/ves/commitments/anchor", json=given)
        assert_error(told, 400, "INVALID_FIELD_VALUE")
    assert ok(client.get("/api/v1/ves/commitments", params=stream.names))["count"] == 1


def test_an_unknown_commitment_is_looked_up_for_the_bootstrap_administrator_only(
    client: httpx.Client, anchored: Database
) -> None:
    nothing = str(uuid.uuid4())
    for path in ("/api/v1/anchor", "/api/v1/ves/anchor"):
        assert_error(client.post(path, json={"batch_id": nothing}), 404, "RESOURCE_NOT_FOUND")
        assert ok(client.get(f"{path}/{nothing}/verify"))["anchored_on_chain"] is False
        key = mint(anchored, str(uuid.uuid4()), can_admin=True)
        told = client.get(f"{path}/{nothing}/verify", headers={"authorization": f"ApiKey {key}"})
        assert_error(told, 403, "INSUFFICIENT_PERMISSIONS")


def test_without_an_anchor_worker_or_a_node_nothing_hangs(alone: Server) -> None:
    with alone.client() as client:
        stream = Stream(client, 1)
        batch = stream.commit(1, 1)["batch_id"]
        legacy = stream.legacy()["batch_id"]
        for path, found in (("/api/v1/ves/anchor", batch), ("/api/v1/anchor", legacy)):
            told = client.post(path, json={"batch_id": found})
            assert_error(told, 503, "SERVICE_UNAVAILABLE")
            assert told.headers["retry-after"] == "1"
            assert_error(client.get(f"{path}/{found}/verify"), 503, "SERVICE_UNAVAILABLE")
        given = stream.names | {"sequence_start": 1, "sequence_end": 1}
        assert_error(client.post("/api/v1/ves/commitments/anchor", json=given), 503, "SERVICE_UNAVAILABLE")


def test_where_nothing_is_configured_that_is_told_before_anything_else(
    admin: httpx.Client, api_database: Database
) -> None:
    assert ok(admin.get("/api/v1/anchor/status"))["anchor_enabled"] is False
    nobody = mint(api_database, str(uuid.uuid4()), can_read=False, can_write=False)
    names = {"tenant_id": str(uuid.uuid4()), "store_id": str(uuid.uuid4())}
    for headers in ({}, {"authorization": f"ApiKey {nobody}"}):
        for path in ("/api/v1/anchor", "/api/v1/ves/anchor"):
            told = admin.post(path, json={"batch_id": str(uuid.uuid4())}, headers=headers)
            assert_error(told, 503, "ANCHOR_NOT_CONFIGURED", 9001)
            told = admin.get(f"{path}/{uuid.uuid4()}/verify", headers=headers)
            assert_error(told, 503, "ANCHOR_NOT_CONFIGURED", 9001)
        told = admin.post("/api/v1/ves/commitments/anchor", json=names, headers=headers)
        assert_error(told, 503, "ANCHOR_NOT_CONFIGURED", 9001)


def pending_of(client: httpx.Client, batch: str) -> list[dict[str, Any]]:
    listed = ok(client.get("/v1/commitments/pending", params={"limit": 5000}))
    assert listed["total"] == len(listed["commitments"])
    return [one for one in listed["commitments"] if one["batch_id"] == batch]


def test_a_separate_anchor_service_goes_through_its_cycle(
    admin: httpx.Client, api_database: Database
) -> None:
    """What the original's service does: it polls, sends to a contract of its own, and notifies, perhaps repeatedly."""
    stream = Stream(admin, 3)
    made = stream.commit(1, 2)
    batch = made["batch_id"]
    [pending] = pending_of(admin, batch)
    assert pending == stream.names | {
        "batch_id": batch,
        "prev_state_root": "0x" + made["prev_state_root"],
        "new_state_root": "0x" + made["new_state_root"],
        "events_root": "0x" + made["merkle_root"],
        "sequence_start": 1,
        "sequence_end": 2,
        "event_count": 2,
        "committed_at": made["committed_at"],
        "chain_tx_hash": None,
    }
    path = f"/v1/commitments/{batch}/anchored"
    notice = {"chain_tx_hash": "0x" + TX, "chain_id": 84_532_001, "block_number": 7, "gas_used": 132_000}
    told = {"batch_id": batch, "status": "anchored", "chain_tx_hash": "0x" + TX}
    assert ok(admin.post(path, json=notice)) == told | {"chain_id": 84_532_001, "block_number": 7}
    assert ok(admin.post(path, json=notice)) == {"batch_id": batch, "status": "already_anchored"}
    assert ok(admin.post(path, json=notice | {"chain_tx_hash": TX}))["status"] == "already_anchored"
    assert_error(admin.post(path, json=notice | {"chain_tx_hash": OTHER_TX}), 409, "ALREADY_EXISTS")
    next_batch = stream.commit(3, 3)["batch_id"]
    short = {"chain_tx_hash": TX, "chain_id": 84_532_001}
    assert ok(admin.post(f"/v1/commitments/{next_batch}/anchored", json=short)) == told | {
        "batch_id": next_batch, "chain_id": 84_532_001, "block_number": None,
    }  # fmt: skip
    assert pending_of(admin, batch) == []
    shown = ok(admin.get(f"/api/v1/ves/commitments/{batch}"))
    assert (shown["chain_tx_hash"], shown["chain_block_number"], shown["is_anchored"]) == (TX, 7, True)
    for wrong in (
        {"chain_tx_hash": ""},
        {"chain_tx_hash": "0xzz"},
        {"chain_tx_hash": "ab"},
        {"chain_id": 2**32},
    ):
        assert_error(admin.post(path, json=notice | wrong), 400, "INVALID_FIELD_VALUE")
    unknown = f"/v1/commitments/{uuid.uuid4()}/anchored"
    assert_error(admin.post(unknown, json=notice), 404, "RESOURCE_NOT_FOUND")
    key = mint(api_database, stream.names["tenant_id"], can_admin=True)
    other = {"authorization": f"ApiKey {key}"}
    assert_error(admin.post(path, json=notice, headers=other), 403, "INSUFFICIENT_PERMISSIONS")
    assert_error(admin.get("/v1/commitments/pending", headers=other), 403, "INSUFFICIENT_PERMISSIONS")


def test_a_separate_service_beside_our_worker_gets_what_is_not_taken_and_a_conflict_for_the_rest(
    client: httpx.Client,
) -> None:
    stream = Stream(client, 2)
    ours, theirs = (stream.commit(n, n)["batch_id"] for n in (1, 2))
    ok(client.post("/api/v1/ves/anchor", json={"batch_id": ours}))
    assert pending_of(client, ours) == []
    notice = {"chain_tx_hash": OTHER_TX, "chain_id": 1}
    assert_error(client.post(f"/v1/commitments/{ours}/anchored", json=notice), 409, "ALREADY_EXISTS")
    if pending_of(client, theirs):
        assert ok(client.post(f"/v1/commitments/{theirs}/anchored", json=notice))["status"] == "anchored"
        assert ok(client.post("/api/v1/ves/anchor", json={"batch_id": theirs})) == {
            "batch_id": theirs,
            "status": "already_anchored",
            "chain_tx_hash": OTHER_TX,
        }
