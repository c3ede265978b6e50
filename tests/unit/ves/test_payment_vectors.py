"""Hashes, signatures, leaves, trees and proofs of payments against the x402 vectors (x402 A4, A5, A9)."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support import payment_tree
from tests.unit.ves.payment_vectors import (
    BATCHES,
    CASES,
    INCLUSIONS,
    SIGNING,
    leaf_fields,
    signed_fields,
    unhex,
)
from ves import ed25519, payments
from ves.errors import ProtocolError
from ves.payment_requests import payer_key


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.get("name", case["payer_address"]))
def test_what_is_signed_and_its_signature_are_those_of_the_vector(case):
    digest = unhex(case["signing_hash"])
    assert payments.signing_preimage(**signed_fields(case)) == unhex(case["preimage_hex"])
    assert payments.signing_hash(**signed_fields(case)) == digest
    assert payments.chain_id(case["network"]) == case["chain_id"]
    assert ed25519.sign(unhex(case["ed25519_seed"]), digest) == unhex(case["payer_signature"])
    assert payments.verify_signature(unhex(case["payer_public_key"]), digest, unhex(case["payer_signature"]))


@pytest.mark.parametrize("case", SIGNING["invalid_signatures"], ids=lambda case: case["name"])
def test_an_invalid_signature_does_not_verify(case):
    key, digest, signature = (
        unhex(case[name]) for name in ("payer_public_key", "signing_hash", "payer_signature")
    )
    assert payments.verify_signature(key, digest, signature) is case["valid"] is False


def test_two_splits_of_the_same_addresses_have_the_same_hash():
    pair = SIGNING["ambiguity"]
    assert payments.signing_hash(**signed_fields(pair["a"])) == payments.signing_hash(
        **signed_fields(pair["b"])
    )


def test_an_unknown_network_has_no_chain():
    with pytest.raises(ProtocolError, match="the network is not known"):
        payments.chain_id("solana")


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: str(batch["size"]))
def test_a_batch_with_all_its_proofs_is_that_of_the_vector(batch):
    leaves = [payments.leaf(**leaf_fields(intent)) for intent in batch["intents"]]
    assert leaves == [unhex(intent["leaf"]) for intent in batch["intents"]]
    levels = payment_tree.tree_levels(leaves)
    root = unhex(batch["merkle_root"])
    assert levels[-1] == [root]
    ids = (UUID(batch[name]) for name in ("tenant_id", "store_id", "batch_id"))
    assert payments.state_root(*ids, root) == unhex(batch["new_state_root"])
    for receipt in batch["receipts"]:
        index, proof = receipt["leaf_index"], [unhex(node) for node in receipt["inclusion_proof"]]
        assert payment_tree.inclusion_proof(levels, index) == proof
        assert payments.verify_inclusion(leaves[index], index, batch["total_leaves"], proof, root)


def test_no_leaves_have_no_tree():
    assert payment_tree.tree_levels([]) == []


@pytest.mark.parametrize("case", INCLUSIONS, ids=lambda case: case["name"])
def test_an_inclusion_is_judged_as_the_vector_says(case):
    proof = [unhex(node) for node in case["inclusion_proof"]]
    leaf, root = unhex(case["leaf"]), unhex(case["merkle_root"])
    assert (
        payments.verify_inclusion(leaf, case["leaf_index"], case["total_leaves"], proof, root)
        is case["valid"]
    )


def test_nonces_of_one_evm_address_are_counted_together_whatever_its_spelling():
    address = "0d2C1d1C40ABfc9c80c20d596ee7CECFFFDD2635"
    spellings = {address, "0x" + address, "0x" + address.lower(), "0x" + address.upper()}
    assert {payer_key(text) for text in spellings} == {"0x" + address.lower()}
    assert payer_key("0xABCD") == "0xABCD"
