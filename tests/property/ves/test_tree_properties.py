"""Trees of every size prove every leaf and nothing else (VES 9, 17.3)."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import legacy_tree, ves_tree
from ves import legacy, merkle

LEAVES = [sha256(number.to_bytes(4, "big")).digest() for number in range(301)]


def joined(count):
    return b"".join(LEAVES[:count])


def slow_root(leaves):
    """The VES root by its definition, on lists."""
    if not leaves:
        return bytes(32)
    size = 1
    while size < len(leaves):
        size *= 2
    level = leaves + [ves_tree.PAD] * (size - len(leaves))
    while len(level) > 1:
        level = [
            sha256(b"VES_NODE_V1" + level[at] + level[at + 1]).digest() for at in range(0, len(level), 2)
        ]
    return level[0]


def slow_legacy_root(leaves):
    if not leaves:
        return bytes(32)
    while len(leaves) > 1:
        pairs = [leaves[at : at + 2] for at in range(0, len(leaves), 2)]
        leaves = [sha256(pair[0] + pair[1]).digest() if len(pair) == 2 else pair[0] for pair in pairs]
    return leaves[0]


@pytest.mark.parametrize("count", range(301))
def test_a_tree_of_any_size_proves_each_leaf_and_refuses_the_next(count):
    levels = ves_tree.build_levels(joined(count))
    root = ves_tree.root(joined(count))
    assert root == slow_root(LEAVES[:count])
    for index in range(count):
        path = ves_tree.inclusion_path(levels, index)
        assert merkle.verify_inclusion(LEAVES[index], index, path, root)
        assert not merkle.verify_inclusion(LEAVES[index + 1 if index < 300 else 0], index, path, root)
        if path:
            assert not merkle.verify_inclusion(LEAVES[index], index ^ 1, path, root)
            assert not merkle.verify_inclusion(LEAVES[index], index, path[1:], root)


@pytest.mark.parametrize("count", range(301))
def test_a_legacy_tree_of_any_size_proves_each_leaf(count):
    levels = legacy_tree.build_levels(joined(count))
    root = legacy_tree.root(joined(count))
    assert root == slow_legacy_root(LEAVES[:count])
    for index in range(count):
        path = legacy_tree.inclusion_path(levels, index)
        assert legacy.verify_inclusion(LEAVES[index], index, count, path, root)
        assert not legacy.verify_inclusion(LEAVES[index], index, count, [*path, bytes(32)], root)
        assert not legacy.verify_inclusion(bytes(32), index, count, path, root)


@given(st.integers(1, 300), st.data())
def test_one_flipped_byte_anywhere_in_a_proof_is_refused(count, data):
    levels = ves_tree.build_levels(joined(count))
    index = data.draw(st.integers(0, count - 1))
    parts = [LEAVES[index], levels[-1], *ves_tree.inclusion_path(levels, index)]
    which = data.draw(st.integers(0, len(parts) - 1))
    at, flip = data.draw(st.integers(0, 31)), data.draw(st.integers(1, 255))
    changed = bytearray(parts[which])
    changed[at] ^= flip
    parts[which] = bytes(changed)
    leaf, root, *path = parts
    assert not merkle.verify_inclusion(leaf, index, path, root)


def test_proofs_of_the_wrong_shape_are_refused():
    leaf = LEAVES[0]
    verify = merkle.verify_inclusion
    assert verify(leaf, 0, [], leaf)
    assert not verify(leaf, -1, [], leaf)
    assert not verify(leaf[:-1], 0, [], leaf[:-1])
    assert not verify(leaf, 0, [b""], leaf)
    assert not verify(leaf, 0, [leaf] * 65, leaf)
    assert not legacy.verify_inclusion(leaf, 0, 0, [], leaf)
    assert not legacy.verify_inclusion(leaf, 0, 1, [leaf], leaf)
    assert not legacy.verify_inclusion(leaf[1:], 0, 1, [], leaf[1:])
