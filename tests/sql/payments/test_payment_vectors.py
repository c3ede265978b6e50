"""The SQL forms of the byte rules against the x402 vectors (x402 A4, A9), and the lifecycle's log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import scalar
from tests.unit.ves.payment_vectors import BATCHES, CASES, INCLUSIONS, signed_fields, unhex

if TYPE_CHECKING:
    import psycopg

    from tests.conftest import Database

FIELDS = ("payer_address", "payee_address", "amount", "asset", "network")


@pytest.fixture(scope="module")
def owner(shared: Database) -> Any:
    with shared.connect() as connection:
        yield connection


def bits(number: int) -> int:
    return number if number < 2**63 else number - 2**64


def receipt_of(batch: dict[str, Any], index: int) -> dict[str, Any]:
    """The receipt that the route would answer for an intent of a vector batch."""
    intent = batch["intents"][index]
    return {
        **signed_fields(intent),
        **{
            n: intent[n]
            for n in ("intent_id", "sequence_number", "signing_hash", "payer_signature", "chain_id")
        },
        "merkle_root": batch["merkle_root"],
        "inclusion_proof": next(r for r in batch["receipts"] if r["leaf_index"] == index)["inclusion_proof"],
        "leaf_index": index,
        "total_leaves": batch["total_leaves"],
    }


def verifies(connection: psycopg.Connection[Any], receipt: Any) -> bool:
    found = scalar(connection, "select ves.verify_payment_receipt(%s::jsonb)", [json.dumps(receipt)])
    assert found in (True, False)
    return bool(found)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("name", case["payer_address"]))
def test_what_is_signed_is_the_hash_of_the_vector(
    owner: psycopg.Connection[Any], case: dict[str, Any]
) -> None:
    digest = scalar(
        owner,
        "select ves_int.payment_signing_hash(%s, %s, %s, %s, %s, n.chain_id, %s, %s)"
        " from ves_store.x402_networks as n where n.network = %s",
        [*(case[n] for n in FIELDS), case["valid_until"], bits(case["nonce"]), case["network"]],
    )
    assert digest == unhex(case["signing_hash"])


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: str(batch["size"]))
def test_leaves_root_and_receipts_are_those_of_the_vector(
    owner: psycopg.Connection[Any], batch: dict[str, Any]
) -> None:
    leaves = [
        scalar(
            owner,
            "select ves_int.payment_leaf(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                i["intent_id"],
                i["sequence_number"],
                *(i[n] for n in FIELDS),
                i["chain_id"],
                bits(i["nonce"]),
                i["valid_until"],
                unhex(i["signing_hash"]),
                unhex(i["payer_signature"]),
            ],
        )
        for i in batch["intents"]
    ]
    assert leaves == [unhex(i["leaf"]) for i in batch["intents"]]
    levels = scalar(owner, "select ves_int.legacy_tree_levels(%s)", [b"".join(leaves)])
    assert levels[-1] == unhex(batch["merkle_root"])
    assert all(verifies(owner, receipt_of(batch, r["leaf_index"])) for r in batch["receipts"])


def test_a_receipt_with_anything_changed_does_not_verify(owner: psycopg.Connection[Any]) -> None:
    batch = next(b for b in BATCHES if b["size"] == 5)
    receipt = receipt_of(batch, 2)
    assert verifies(owner, receipt)
    for name, value in receipt.items():
        if name == "total_leaves":
            # The path of this leaf has the same shape in a tree of 6 leaves, not in one of 9.
            assert not verifies(owner, receipt | {name: 9})
        elif isinstance(value, int):
            assert not verifies(owner, receipt | {name: value + 1}), name
        elif name == "inclusion_proof":
            for proof in (value[:-1], [*value, value[0]], [*value[:-1], None], [], "x", None):
                assert not verifies(owner, receipt | {name: proof})
        else:
            assert not verifies(owner, receipt | {name: value[:-1] + ("0" if value[-1] != "0" else "1")}), (
                name
            )
        assert not verifies(owner, {n: v for n, v in receipt.items() if n != name}), name
        assert not verifies(owner, receipt | {name: [{}]}), name
    for wrong in ([], "x", None, 7, {}):
        assert not verifies(owner, wrong)


@pytest.mark.parametrize("case", INCLUSIONS, ids=lambda case: case["name"])
def test_the_walk_needs_exactly_the_siblings_of_index_and_count(
    owner: psycopg.Connection[Any], case: dict[str, Any]
) -> None:
    # The vector is about 5 leaves; a receipt of the batch with 5 intents has the same shape.
    batch = next(b for b in BATCHES if b["size"] == 5)
    receipt = receipt_of(batch, 4)
    changed = receipt | {"leaf_index": case["leaf_index"], "total_leaves": case["total_leaves"]}
    if not case["inclusion_proof"]:
        changed["inclusion_proof"] = []
    if case["name"] == "wrong-leaf":
        changed["amount"] += 1
    assert verifies(owner, changed) is case["valid"]
