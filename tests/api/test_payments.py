"""Payment intents over HTTP: submit, read back, batch, prove, settle (http-api 10, x402 part A)."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.support import Agent, Raw, assert_error, dump
from tests.support.payments import Payer
from tests.unit.ves.payment_vectors import CASES, unhex
from ves import ed25519, payments

if TYPE_CHECKING:
    import httpx

    from tests.conftest import Database

PAYMENTS = "/api/v1/x402/payments"
BATCHES = "/api/v1/x402/batches"
STATE = {"intent_id", "status", "sequence_number", "sequenced_at", "batch_id"}


@pytest.fixture
def payer() -> Payer:
    return Payer()


def submit(client: httpx.Client, request: dict[str, Any]) -> httpx.Response:
    return client.post(PAYMENTS, content=dump(request), headers={"content-type": "application/json"})


def submitted(client: httpx.Client, payer: Payer, **members: Any) -> dict[str, Any]:
    answer = submit(client, payer.intent(**members))
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def make_batch(client: httpx.Client, payer: Payer, **members: Any) -> httpx.Response:
    body = {
        "tenant_id": str(payer.tenant_id),
        "store_id": str(payer.store_id),
        "network": "set_chain",
        **members,
    }
    return client.post(BATCHES, json=body)


def listed(client: httpx.Client, payer: Payer, **filters: Any) -> list[dict[str, Any]]:
    answer = client.get(PAYMENTS, params={"tenant_id": str(payer.tenant_id), **filters})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


def legacy_events(client: httpx.Client, payer: Payer) -> list[dict[str, Any]]:
    stream = {"tenant_id": str(payer.tenant_id), "store_id": str(payer.store_id), "limit": "1000"}
    events = client.get("/api/v1/events", params=stream).json()["events"]
    return [event["envelope"] for event in events]


def test_an_intent_is_sequenced_and_read_back(admin: httpx.Client, payer: Payer) -> None:
    first, second = submitted(admin, payer), submitted(admin, payer)
    assert set(first) == STATE
    assert (first["status"], first["sequence_number"], first["batch_id"]) == ("sequenced", 1, None)
    assert second["sequence_number"] == 2
    assert admin.get(f"{PAYMENTS}/{first['intent_id']}").json() == first


def test_a_listed_intent_has_every_member_that_was_sent(admin: httpx.Client, payer: Payer) -> None:
    request = payer.intent(
        asset="ss_usd",
        amount=2**63 - 1,
        nonce=2**64 - 1,
        agent_key_id=2**32 - 1,
        idempotency_key="k1",
        resource_uri="https://shop/item",
        description="café",
        order_id=str(uuid.uuid4()),
        merchant_id="m",
        metadata=Raw(b'{"n":1e16,"z":"\\u0000"}'),
    )
    answer = submit(admin, request)
    assert answer.status_code == 200, answer.text
    [row] = listed(admin, payer)
    same = (
        "tenant_id",
        "store_id",
        "agent_key_id",
        "payer_address",
        "payee_address",
        "amount",
        "network",
        "valid_until",
        "nonce",
        "idempotency_key",
        "resource_uri",
        "description",
        "order_id",
        "merchant_id",
        "signing_hash",
        "payer_signature",
    )
    assert {name: row[name] for name in same} == {name: request[name] for name in same}
    assert row["asset"] == "ssusd"
    assert (row["x402_version"], row["chain_id"]) == (1, 84532001)
    assert row["token_address"] == "0x0000000000000000000000000000000000001001"
    assert row["payer_public_key"] == payer.public_key.hex()
    assert row["source_agent_id"] == request["agent_id"]
    assert row["metadata"] == {"n": 1e16, "z": "\0"}
    assert abs(row["created_at_unix"] - time.time()) < 60
    assert row["is_settleable"] is False
    unset = ("batch_id", "tx_hash", "block_number", "settled_at")
    assert [row[name] for name in unset] == [None] * 4
    assert row["intent_id"] == answer.json()["intent_id"]


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["amount"] > 0 and c["payer_address"] != c["payee_address"]],
    ids=lambda case: case.get("name", case["payer_address"]),
)
def test_what_a_vector_signs_is_accepted_with_its_bytes(admin: httpx.Client, case: dict[str, Any]) -> None:
    # The instants of the vectors pass, so the case is signed again with a later one; all other bytes are the vector's.
    agent = Agent(seed=unhex(case["ed25519_seed"]))
    assert agent.register(admin).status_code == 200
    payer = Payer(agent.tenant_id, agent.store_id, agent.agent_id, agent.seed)
    names = ("payer_address", "payee_address", "amount", "asset", "network", "nonce")
    members = {name: case[name] for name in names}
    if len(case["payer_address"]) % 2:
        return
    request = payer.intent(**members, payer_public_key=None)
    answer = submit(admin, request)
    assert answer.status_code == 200, answer.text
    [row] = listed(admin, payer)
    assert {name: row[name] for name in names} == members
    assert row["chain_id"] == case["chain_id"]
    assert row["token_address"] == case["token_address"]
    assert "payer_public_key" not in row


def test_a_repeat_of_an_idempotency_key_answers_the_intent(admin: httpx.Client, payer: Payer) -> None:
    request = payer.intent(idempotency_key="once")
    first = submit(admin, request)
    assert submit(admin, request).json() == first.json()
    assert submit(admin, request | {"metadata": {"a": 1}}).status_code == 409
    other = payer.intent(idempotency_key="once", amount=7)
    assert_error(submit(admin, other), 409, "ALREADY_EXISTS", 5004)
    # what the signature says is looked at only for an intent that is new
    assert_error(submit(admin, request | {"amount": 7}), 409, "ALREADY_EXISTS")
    assert len(listed(admin, payer)) == 1


def test_simultaneous_first_uses_of_a_key_are_one_intent(admin: httpx.Client, payer: Payer) -> None:
    request = payer.intent(idempotency_key="together")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: submit(admin, request), range(8)))
    assert [a.status_code for a in answers] == [200] * 8
    assert len({a.json()["intent_id"] for a in answers}) == 1
    assert len(listed(admin, payer)) == 1


def test_numbers_have_no_gap_whatever_is_refused_between(admin: httpx.Client, payer: Payer) -> None:
    requests = [payer.intent() for _ in range(40)]
    bad = [payer.intent(signed={"amount": 3}) for _ in range(10)]
    mixed = [r for pair in zip(requests, bad * 4, strict=True) for r in pair]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda r: submit(admin, r), mixed))
    numbers = sorted(a.json()["sequence_number"] for a in answers if a.status_code == 200)
    assert numbers == list(range(1, 41))


def test_a_nonce_is_used_once_whatever_the_spelling_of_the_address(admin: httpx.Client, agent: Agent) -> None:
    payer = Payer(agent.tenant_id, agent.store_id, agent.agent_id, agent.seed)
    address = "0x0d2C1d1C40ABfc9c80c20d596ee7CECFFFDD2635"
    assert submit(admin, payer.intent(payer_address=address, nonce=5)).status_code == 200
    assert submit(admin, payer.intent(payer_address=address, nonce=6)).status_code == 200
    for spelling in (address.lower(), address[2:], f" {address}", f"{address.lower()}\n", f"{address}\u2003"):
        again = payer.intent(payer_address=spelling, nonce=5)
        assert_error(submit(admin, again), 400, "INVALID_FIELD_VALUE")
        to_itself = payer.intent(payer_address=address, payee_address=spelling)
        assert_error(submit(admin, to_itself), 400, "INVALID_FIELD_VALUE")
    elsewhere = Payer(agent.tenant_id, uuid.uuid4(), agent.agent_id, agent.seed)
    assert submit(admin, elsewhere.intent(payer_address=address, nonce=5)).status_code == 200


REFUSED = {
    "another hash": ({"signed": {"amount": 2}}, 400, "INVALID_FIELD_VALUE"),
    "no amount": ({"amount": 0}, 400, "INVALID_FIELD_VALUE"),
    "too much": ({"amount": 2**63}, 400, "INVALID_FIELD_VALUE"),
    "nil agent": ({"agent_id": str(uuid.UUID(int=0))}, 400, "INVALID_FIELD_VALUE"),
    "key 0": ({"agent_key_id": 0}, 400, "INVALID_FIELD_VALUE"),
    "odd address": ({"payee_address": "0x123"}, 400, "INVALID_FIELD_VALUE"),
    "long address": ({"payee_address": "0x" + "12" * 33}, 413, "PAYLOAD_TOO_LARGE"),
    "blank text": ({"idempotency_key": " "}, 400, "INVALID_FIELD_VALUE"),
    "long text": ({"description": "x" * 8193}, 413, "PAYLOAD_TOO_LARGE"),
    "long merchant": ({"merchant_id": "x" * 256}, 413, "PAYLOAD_TOO_LARGE"),
    "expired": ({"valid_until": 1_700_000_000}, 400, "INVALID_FIELD_VALUE"),
    "too late": ({"valid_until": 9_000_000_000}, 400, "INVALID_FIELD_VALUE"),
    "short signature": ({"payer_signature": "0x12"}, 400, "INVALID_FIELD_VALUE"),
    "wrong signature": ({"payer_signature": "0x" + "12" * 64}, 400, "SIGNATURE_VERIFICATION_FAILED"),
    "unregistered key": ({"payer_public_key": None}, 404, "AGENT_KEY_NOT_FOUND"),
    "unbound key": ({"payer_address": "0x" + "ab" * 20}, 400, "SIGNATURE_VERIFICATION_FAILED"),
    "amount as text": ({"amount": Raw(b'"1"')}, 422, "INVALID_REQUEST_BODY"),
    "unknown asset": ({"asset": Raw(b'"btc"')}, 422, "INVALID_REQUEST_BODY"),
    "nonce beyond 64 bits": ({"nonce": Raw(str(2**64).encode())}, 422, "INVALID_REQUEST_BODY"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_intent_is_refused_and_takes_no_number(admin: httpx.Client, payer: Payer, name: str) -> None:
    members, status, code = REFUSED[name]
    kept = {k: v for k, v in members.items() if not isinstance(v, Raw)}
    request = payer.intent(**kept) | {k: v for k, v in members.items() if isinstance(v, Raw)}
    assert_error(submit(admin, request), status, code)
    assert submitted(admin, payer)["sequence_number"] == 1


def test_a_65_byte_signature_counts_without_its_last_byte(admin: httpx.Client, payer: Payer) -> None:
    request = payer.intent()
    request["payer_signature"] += "1b"
    assert submit(admin, request).status_code == 200
    [row] = listed(admin, payer)
    assert row["payer_signature"] == request["payer_signature"][:-2]


def test_a_revoked_key_signs_no_intent(admin: httpx.Client, agent: Agent) -> None:
    payer = Payer(agent.tenant_id, agent.store_id, agent.agent_id, agent.seed)
    address = {"payer_address": "0x" + "ab" * 20}
    assert submit(admin, payer.intent(**address, payer_public_key=None)).status_code == 200
    assert submit(admin, payer.intent(**address)).status_code == 200
    path = f"/api/v1/agents/{agent.agent_id}/keys/1"
    assert admin.delete(path, params={"tenantId": str(agent.tenant_id)}).status_code == 200
    refused = submit(admin, payer.intent(**address, payer_public_key=None))
    assert_error(refused, 404, "AGENT_KEY_NOT_FOUND")
    assert_error(submit(admin, payer.intent(**address)), 400, "SIGNATURE_VERIFICATION_FAILED")


def test_intents_are_listed_by_every_filter_newest_first(admin: httpx.Client, payer: Payer) -> None:
    first = submitted(admin, payer, network="base", asset="usdc")
    second = submitted(admin, payer, asset="dai", payee_address="0xab")
    own = {"payer_address": "0x" + payer.public_key.hex()}
    assert [r["intent_id"] for r in listed(admin, payer, **own)] == [
        second["intent_id"],
        first["intent_id"],
    ]
    for filters, wanted in (
        ({"network": "base"}, first),
        ({"asset": "dai"}, second),
        ({"payee_address": "0xab"}, second),
        ({"limit": 1}, second),
        ({"offset": 1}, first),
        ({"store_id": str(payer.store_id), "limit": 1}, second),
        ({"from_date": second["sequenced_at"]}, second),
    ):
        assert [r["intent_id"] for r in listed(admin, payer, **filters)] == [wanted["intent_id"]], filters
    assert listed(admin, payer, status="pending") == []
    assert len(listed(admin, payer, status="sequenced")) == 2


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"limit": 0}, 400, "INVALID_FIELD_VALUE"),
        ({"limit": 1001}, 413, "BATCH_TOO_LARGE"),
        ({"offset": 10_001}, 400, "INVALID_FIELD_VALUE"),
        ({"status": "paid"}, 400, "INVALID_FIELD_VALUE"),
        (
            {"from_date": "2026-01-02T00:00:00Z", "to_date": "2026-01-01T00:00:00Z"},
            400,
            "INVALID_FIELD_VALUE",
        ),
        ({"tenant_id": ""}, 400, "INVALID_FIELD_VALUE"),
    ],
)
def test_a_wrong_page_is_refused(admin: httpx.Client, query: dict[str, Any], status: int, code: str) -> None:
    answer = admin.get(PAYMENTS, params={"tenant_id": str(uuid.uuid4()), **query})
    assert_error(answer, status, code)


def test_a_page_without_a_tenant_lacks_a_field(admin: httpx.Client) -> None:
    assert_error(admin.get(PAYMENTS), 400, "MISSING_REQUIRED_FIELD", 3002)


def test_a_receipt_verifies_offline_and_in_the_database(
    admin: httpx.Client, payer: Payer, api_database: Database
) -> None:
    intents = [submitted(admin, payer, amount=n + 1) for n in range(5)]
    early = admin.get(f"{PAYMENTS}/{intents[0]['intent_id']}/receipt")
    assert_error(early, 409, "INVALID_STATE_TRANSITION", 7001)
    made = make_batch(admin, payer).json()
    assert (made["status"], made["payment_count"], made["sequence_range"]) == ("committed", 5, [1, 5])
    for index, intent in enumerate(intents):
        receipt = admin.get(f"{PAYMENTS}/{intent['intent_id']}/receipt").json()["receipt"]
        assert (receipt["leaf_index"], receipt["total_leaves"]) == (index, 5)
        assert receipt["merkle_root"] == made["merkle_root"]
        names = ("payer_address", "payee_address", "amount", "asset", "network", "nonce", "valid_until")
        leaf = payments.leaf(
            intent_id=uuid.UUID(receipt["intent_id"]),
            sequence_number=receipt["sequence_number"],
            signing_hash=unhex(receipt["signing_hash"]),
            payer_signature=unhex(receipt["payer_signature"]),
            **{name: receipt[name] for name in names},
        )
        proof = [unhex(node) for node in receipt["inclusion_proof"]]
        assert payments.verify_inclusion(leaf, index, 5, proof, unhex(made["merkle_root"]))
        assert ed25519.verify(
            payer.public_key, unhex(receipt["signing_hash"]), unhex(receipt["payer_signature"])
        )
        with api_database.connect("ves_reader") as reader:
            for changed, verdict in (({}, True), ({"amount": 99}, False), ({"leaf_index": 5}, False)):
                row = reader.execute(
                    "select ves.verify_payment_receipt(%s::jsonb)", [dump(receipt | changed).decode()]
                ).fetchone()
                assert row == (verdict,)
    assert admin.get(f"{PAYMENTS}/{intents[0]['intent_id']}").json()["status"] == "batched"


def test_a_batch_has_totals_by_asset_and_both_roots(admin: httpx.Client, payer: Payer) -> None:
    for asset, amount in (("dai", 2**63 - 1), ("usdc", 5), ("dai", 2**63 - 1), ("dai", 2**63 - 1)):
        submitted(admin, payer, asset=asset, amount=amount)
    batch_id = make_batch(admin, payer).json()["batch_id"]
    batch = admin.get(f"{BATCHES}/{batch_id}").json()["batch"]
    assert batch["total_amounts"] == [
        {"asset": "dai", "total_amount": 2**64 - 1, "payment_count": 3},
        {"asset": "usdc", "total_amount": 5, "payment_count": 1},
    ]
    assert batch["intent_ids"] == []
    assert "prev_state_root" not in batch
    root = unhex(batch["merkle_root"])
    state_root = payments.state_root(payer.tenant_id, payer.store_id, uuid.UUID(batch_id), root)
    assert batch["new_state_root"] == state_root.hex()
    assert [batch[n] for n in ("tx_hash", "block_number", "gas_used", "submitted_at", "settled_at")] == [
        None
    ] * 5
    assert [r["batch_id"] for r in listed(admin, payer, batch_id=batch_id)] == [batch_id] * 4


def test_a_batch_takes_the_named_intents_or_the_lowest_numbers(admin: httpx.Client, payer: Payer) -> None:
    ids = [submitted(admin, payer)["intent_id"] for _ in range(4)]
    named = make_batch(admin, payer, intent_ids=[ids[3], ids[1]]).json()
    assert (named["payment_count"], named["sequence_range"]) == (2, [2, 4])
    lowest = make_batch(admin, payer, max_size=1, intent_ids=[]).json()
    assert lowest["sequence_range"] == [1, 1]
    for members, status, code in (
        ({"intent_ids": [ids[0]]}, 400, "INVALID_FIELD_VALUE"),
        ({"intent_ids": [str(uuid.uuid4())]}, 404, "RESOURCE_NOT_FOUND"),
        ({"intent_ids": [ids[2], ids[2]]}, 400, "INVALID_FIELD_VALUE"),
        ({"intent_ids": ids, "max_size": 3}, 413, "BATCH_TOO_LARGE"),
        ({"intent_ids": [ids[2]], "network": "base"}, 400, "INVALID_FIELD_VALUE"),
        ({"max_size": 0}, 400, "INVALID_FIELD_VALUE"),
        ({"max_size": 1001}, 413, "BATCH_TOO_LARGE"),
        ({"network": "base"}, 400, "INVALID_FIELD_VALUE"),
    ):
        assert_error(make_batch(admin, payer, **members), status, code)


def test_a_settlement_is_recorded_step_by_step(admin: httpx.Client, payer: Payer) -> None:
    intent = submitted(admin, payer)
    batch_id = make_batch(admin, payer).json()["batch_id"]
    tx = "0x" + "ab" * 32

    def settle(**values: Any) -> httpx.Response:
        return admin.post(f"{BATCHES}/settle", json={"batch_id": batch_id, **values})

    assert_error(settle(block_number=1), 400, "MISSING_REQUIRED_FIELD")
    assert_error(settle(tx_hash="0x12"), 400, "INVALID_FIELD_VALUE")
    assert settle(tx_hash=tx).json() == {
        "batch_id": batch_id,
        "status": "submitted",
        "tx_hash": tx,
        "block_number": None,
        "gas_used": None,
        "message": "Batch submission recorded",
    }
    assert_error(settle(tx_hash=tx), 400, "MISSING_REQUIRED_FIELD")
    assert_error(settle(tx_hash=tx.upper().replace("0X", "0x"), block_number=1), 400, "INVARIANT_VIOLATION")
    done = settle(block_number=7, gas_used=21_000).json()
    assert (done["status"], done["message"]) == ("settled", "Batch settlement confirmed")
    assert settle(tx_hash=tx, gas_used=21_000).json()["message"] == "Batch already settled"
    assert_error(settle(block_number=8), 400, "INVARIANT_VIOLATION", 7002)
    [row] = listed(admin, payer, status="settled")
    assert (row["intent_id"], row["tx_hash"], row["block_number"]) == (intent["intent_id"], tx, 7)
    unknown = admin.post(f"{BATCHES}/settle", json={"batch_id": str(uuid.uuid4()), "tx_hash": tx})
    assert_error(unknown, 404, "BATCH_NOT_FOUND", 4003)


def test_a_batch_is_settled_at_once_with_a_block_number(admin: httpx.Client, payer: Payer) -> None:
    submitted(admin, payer)
    batch_id = make_batch(admin, payer).json()["batch_id"]
    body = {"batch_id": batch_id, "tx_hash": "ab" * 32, "block_number": 7}
    done = admin.post(f"{BATCHES}/settle", json=body).json()
    assert (done["status"], done["message"], done["tx_hash"]) == (
        "settled",
        "Batch submitted and settled",
        "ab" * 32,
    )


def test_every_step_is_an_event_of_the_stream(admin: httpx.Client, payer: Payer) -> None:
    intent = submitted(admin, payer, payee_address="0xab")
    batch_id = make_batch(admin, payer).json()["batch_id"]
    admin.post(f"{BATCHES}/settle", json={"batch_id": batch_id, "tx_hash": "ab" * 32, "block_number": 7})
    events = legacy_events(admin, payer)
    assert [e["event_type"] for e in events] == [
        "x402_payment.created",
        "x402_payment.sequenced",
        "x402_batch.created",
        "x402_payment.batched",
        "x402_batch.committed",
        "x402_batch.submitted",
        "x402_payment.settled",
        "x402_batch.settled",
    ]
    assert {e["entity_id"] for e in events} == {intent["intent_id"], batch_id}
    assert events[0]["payload"]["payee_address"] == "0xab"
    assert events[1]["payload"] == {"intent_id": intent["intent_id"], "sequence_number": 1}
    assert [e["sequence_number"] for e in events] == list(range(1, 9))


def test_an_intent_beyond_a_spending_limit_is_refused(
    admin: httpx.Client, api_database: Database, payer: Payer
) -> None:
    with api_database.connect("ves_admin") as operator:
        operator.execute("select ves.set_spending_limit(%s, 'usdc', 100, '1 day')", [payer.tenant_id])
    submitted(admin, payer, asset="usdc", amount=100)
    assert_error(submit(admin, payer.intent(asset="usdc", amount=1)), 429, "QUOTA_EXCEEDED")


def test_a_failed_batch_cannot_be_settled(admin: httpx.Client, api_database: Database, payer: Payer) -> None:
    submitted(admin, payer)
    batch_id = make_batch(admin, payer).json()["batch_id"]
    with api_database.connect() as owner:
        owner.execute("set session_replication_role = replica")
        owner.execute(
            "update ves_store.x402_payment_batches set status = 'failed' where batch_id = %s", [batch_id]
        )
    answer = admin.post(f"{BATCHES}/settle", json={"batch_id": batch_id, "tx_hash": "ab" * 32})
    assert_error(answer, 400, "INVALID_STATE_TRANSITION")
