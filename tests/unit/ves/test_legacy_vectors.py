"""Legacy events and trees against legacy.json (VES 17)."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.support import legacy_tree
from tests.unit.ves.vectors import load, unhex
from ves import legacy, merkle
from ves.errors import ProtocolError

VECTORS = load("legacy")
TENANT, STORE = UUID(VECTORS["tenant_id"]), UUID(VECTORS["store_id"])
LEAVES = b"".join(unhex(event["leaf_hash"]) for event in VECTORS["events"])


@pytest.mark.parametrize("event", VECTORS["events"], ids=lambda event: str(event["sequence_number"]))
def test_an_event_has_the_payload_hash_and_leaf_of_the_vector(event):
    digest = legacy_tree.payload_hash(event["payload_json_text"].encode())
    assert digest.hex() == event["payload_hash"]
    leaf = legacy_tree.leaf_hash(
        TENANT, STORE, event["sequence_number"], digest, event["entity_type"], event["entity_id"]
    )
    assert leaf.hex() == event["leaf_hash"]


@pytest.mark.parametrize("tree", VECTORS["trees"], ids=lambda tree: str(tree["leaf_count"]))
def test_a_tree_and_its_proofs_are_those_of_the_vector(tree):
    count = tree["leaf_count"]
    leaves = LEAVES[: 32 * count]
    root = unhex(tree["events_root"])
    levels = legacy_tree.build_levels(leaves)
    assert levels[-1] == legacy_tree.root(leaves) == root
    for proof in tree["proofs"]:
        index, path = proof["leaf_index"], [unhex(item) for item in proof["proof_path"]]
        leaf = leaves[32 * index : 32 * (index + 1)]
        assert legacy_tree.inclusion_path(levels, index) == path
        assert legacy.directions(index, count) == proof["directions_correct"]
        assert merkle.directions(index, len(path)) == proof["directions_as_reference"]
        assert legacy.verify_inclusion(leaf, index, count, path, root)


@pytest.mark.parametrize("tree", VECTORS["trees"], ids=lambda tree: str(tree["leaf_count"]))
def test_the_reference_misjudges_exactly_the_proofs_whose_directions_differ(tree):
    for proof in tree["proofs"]:
        agree = proof["directions_as_reference"] == proof["directions_correct"]
        assert proof["reference_verify_result"] is agree


def test_the_empty_root_is_zero():
    assert legacy_tree.root(b"") == bytes(32)
    assert legacy_tree.build_levels(b"") == []


def test_trees_refuse_lengths_and_indexes_that_do_not_fit():
    with pytest.raises(ProtocolError):
        legacy_tree.build_levels(bytes(31))
    for index in (-1, 3):
        with pytest.raises(ProtocolError):
            legacy_tree.inclusion_path(legacy_tree.build_levels(bytes(96)), index)


def test_a_state_root_is_that_of_the_vector():
    vector = VECTORS["state_root"]
    rows = [(row["entity_type"], row["entity_id"], row["version"]) for row in vector["entity_versions"]]
    assert legacy_tree.state_root(TENANT, STORE, rows).hex() == vector["state_root"]
    assert legacy_tree.state_root(TENANT, STORE, []).hex() == vector["state_root_no_entities"]


def test_signing_bytes_are_those_of_the_vector():
    vector = VECTORS["signing_bytes"]
    names = ("envelope_version", "entity_type", "entity_id", "event_type", "base_version")
    fields = {name: vector[name] for name in names} | {
        "event_id": UUID(vector["event_id"]),
        "command_id": UUID(vector["command_id"]),
        "tenant_id": TENANT,
        "store_id": STORE,
        "payload_hash": unhex(vector["payload_hash"]),
        "created_at_ms": vector["created_at_unix_ms"],
    }
    assert legacy_tree.signing_bytes(**fields).hex() == vector["signing_bytes_hex"]
    shorter = legacy_tree.signing_bytes(**fields | {"command_id": None, "base_version": None})
    assert len(shorter) == len(vector["signing_bytes_hex"]) // 2 - 24


def test_the_state_root_is_that_of_the_vector():
    vector = VECTORS["state_root"]
    rows = [(row["entity_type"], row["entity_id"], row["version"]) for row in vector["entity_versions"]]
    assert legacy_tree.state_root(TENANT, STORE, rows).hex() == vector["state_root"]


def test_the_signing_bytes_are_those_of_the_vector_and_an_absent_command_takes_no_bytes():
    vector = VECTORS["signing_bytes"]
    fields = {
        name: vector[name]
        for name in ("envelope_version", "entity_type", "entity_id", "event_type", "base_version")
    }
    fields |= {"event_id": UUID(vector["event_id"]), "command_id": UUID(vector["command_id"])}
    fields |= {"tenant_id": TENANT, "store_id": STORE, "payload_hash": unhex(vector["payload_hash"])}
    fields["created_at_ms"] = vector["created_at_unix_ms"]
    assert legacy_tree.signing_bytes(**fields).hex() == vector["signing_bytes_hex"]
    without = legacy_tree.signing_bytes(**fields | {"command_id": None})
    assert len(without) * 2 == len(vector["signing_bytes_hex"]) - 32
