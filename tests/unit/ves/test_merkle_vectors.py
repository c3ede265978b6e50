"""Leaves, trees, proofs and commitments against merkle.json (VES 7, 9, 10)."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support import ves_tree
from tests.unit.ves.vectors import load, unhex
from ves import digests, merkle
from ves.errors import ProtocolError

VECTORS = load("merkle")
TENANT, STORE = UUID(VECTORS["tenant_id"]), UUID(VECTORS["store_id"])
LEAVES = {event["sequence_number"]: unhex(event["leaf_hash"]) for event in VECTORS["events"]}


def leaves(start: int, count: int) -> bytes:
    return b"".join(LEAVES[start + offset] for offset in range(count))


def test_the_stream_id_is_that_of_the_vector():
    assert digests.stream_id(TENANT, STORE).hex() == VECTORS["stream_id"]


def test_padding_empty_root_and_node_are_those_of_the_vector():
    example = VECTORS["node_example"]
    assert ves_tree.PAD.hex() == VECTORS["pad_leaf"]
    assert ves_tree.root(b"").hex() == VECTORS["empty_root"]
    assert merkle.node(unhex(example["left"]), unhex(example["right"])).hex() == example["node"]
    padding = "36e827d1c00aca28d1fa881d0d92c155592bc4aff0324e7b72cdecbb0993b24c"
    assert merkle.node(ves_tree.PAD, ves_tree.PAD).hex() == padding


@pytest.mark.parametrize("event", VECTORS["events"], ids=lambda event: str(event["sequence_number"]))
def test_a_leaf_is_that_of_the_vector(event):
    number, parts = (
        event["sequence_number"],
        (unhex(event["event_signing_hash"]), unhex(event["agent_signature"])),
    )
    assert len(digests.leaf_preimage(TENANT, STORE, number, *parts)) == 147
    assert digests.leaf_hash(TENANT, STORE, number, *parts).hex() == event["leaf_hash"]


@pytest.mark.parametrize("tree", VECTORS["trees"], ids=lambda tree: str(tree["leaf_count"]))
def test_a_tree_and_all_its_proofs_are_those_of_the_vector(tree):
    levels = ves_tree.build_levels(leaves(1, tree["leaf_count"]))
    root = unhex(tree["merkle_root"])
    assert levels[-1] == root
    assert len(levels[0]) == 32 * tree["padded_leaf_count"]
    assert len(levels) - 1 == tree["tree_depth"]
    for proof in tree["proofs"]:
        index, path = proof["leaf_index"], [unhex(item) for item in proof["proof_path"]]
        assert ves_tree.inclusion_path(levels, index) == path
        assert merkle.directions(index, len(path)) == proof["directions"]
        assert merkle.verify_inclusion(unhex(proof["leaf_hash"]), index, path, root)


def test_the_chain_of_commitments_is_that_of_the_vector():
    previous = bytes(32)
    for commitment in VECTORS["commitment_chain"]:
        start, count = commitment["sequence_start"], commitment["leaf_count"]
        root = ves_tree.root(leaves(start, count))
        assert root.hex() == commitment["merkle_root"]
        assert previous.hex() == commitment["prev_state_root"]
        previous = digests.state_root(
            digests.stream_id(TENANT, STORE), previous, root, start, commitment["sequence_end"], count
        )
        assert previous.hex() == commitment["new_state_root"]


def test_trees_refuse_lengths_and_indexes_that_do_not_fit():
    with pytest.raises(ProtocolError):
        ves_tree.build_levels(bytes(33))
    for levels, index in (
        (ves_tree.build_levels(bytes(32)), 1),
        ([], 0),
        (ves_tree.build_levels(bytes(96)), -1),
    ):
        with pytest.raises(ProtocolError):
            ves_tree.inclusion_path(levels, index)


def test_an_index_that_does_not_fit_the_path_is_refused():
    leaf, sibling = b"\1" * 32, b"\2" * 32
    root = merkle.node(leaf, sibling)
    assert merkle.verify_inclusion(leaf, 0, [sibling], root)
    assert not merkle.verify_inclusion(leaf, 2, [sibling], root)
    assert not merkle.verify_inclusion(leaf, 1, [], leaf)
