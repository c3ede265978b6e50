"""`ves.verify_inclusion` accepts a genuine path and refuses everything else without an error."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from tests.sql.support import scalar
from tests.support import ves_tree
from ves import merkle

if TYPE_CHECKING:
    import psycopg

LEAVES = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(11))
LEVELS = ves_tree.build_levels(LEAVES)
ROOT = LEVELS[-1]
INDEX = 6
LEAF = LEAVES[32 * INDEX : 32 * INDEX + 32]
PATH = ves_tree.inclusion_path(LEVELS, INDEX)


def verdict(connection: psycopg.Connection[Any], leaf: Any, index: Any, path: Any, root: Any) -> Any:
    return scalar(connection, "select ves.verify_inclusion(%s, %s, %s, %s)", [leaf, index, path, root])


def flipped(data: bytes, bit: int = 0) -> bytes:
    return bytes([data[0] ^ (1 << bit)]) + data[1:]


def test_a_genuine_path_is_accepted(admin: psycopg.Connection[Any]) -> None:
    assert verdict(admin, LEAF, INDEX, PATH, ROOT) is True


def test_a_single_leaf_is_its_own_root(admin: psycopg.Connection[Any]) -> None:
    assert verdict(admin, LEAF, 0, [], LEAF) is True
    assert verdict(admin, LEAF, 0, None, LEAF) is True
    assert verdict(admin, LEAF, 0, [], ROOT) is False


@pytest.mark.parametrize("index", [0, 1, 5, 7, 10, 14])
def test_another_index_is_refused(admin: psycopg.Connection[Any], index: int) -> None:
    assert verdict(admin, LEAF, index, PATH, ROOT) is False


@pytest.mark.parametrize("at", range(len(PATH)))
def test_a_changed_missing_or_swapped_sibling_is_refused(admin: psycopg.Connection[Any], at: int) -> None:
    assert verdict(admin, LEAF, INDEX, [*PATH[:at], flipped(PATH[at]), *PATH[at + 1 :]], ROOT) is False
    assert verdict(admin, LEAF, INDEX, PATH[:at] + PATH[at + 1 :], ROOT) is False
    assert verdict(admin, LEAF, INDEX, [*PATH[:at], bytes(32), *PATH[at:]], ROOT) is False
    assert verdict(admin, LEAF, INDEX, [*PATH[1:], PATH[0]], ROOT) is False


def test_a_changed_leaf_or_root_is_refused(admin: psycopg.Connection[Any]) -> None:
    assert verdict(admin, flipped(LEAF), INDEX, PATH, ROOT) is False
    assert verdict(admin, LEAF, INDEX, PATH, flipped(ROOT)) is False


def test_a_node_is_not_a_leaf(admin: psycopg.Connection[Any]) -> None:
    """The domains of leaves and nodes keep an inner node from posing as a leaf of a smaller tree only by the caller's
    leaf hash: the path of a node is genuine as a path, so the leaf must be recomputed from the event."""
    parent = LEVELS[1][32 * (INDEX >> 1) :][:32]
    assert verdict(admin, parent, INDEX >> 1, PATH[1:], ROOT) is True
    assert verdict(admin, parent, INDEX, PATH, ROOT) is False


@pytest.mark.parametrize(
    ("leaf", "index", "path", "root"),
    [
        (None, INDEX, PATH, ROOT),
        (LEAF, None, PATH, ROOT),
        (LEAF, INDEX, PATH, None),
        (LEAF, -1, PATH, ROOT),
        (LEAF[:31], INDEX, PATH, ROOT),
        (LEAF + b"x", INDEX, PATH, ROOT),
        (LEAF, INDEX, PATH, ROOT[:31]),
        (b"", INDEX, PATH, ROOT),
        (LEAF, INDEX, [*PATH[:2], None, PATH[3]], ROOT),
        (LEAF, INDEX, [*PATH[:3], PATH[3][:31]], ROOT),
        (LEAF, INDEX, [*PATH[:3], b""], ROOT),
        (LEAF, INDEX, [bytes(32)] * 65, ROOT),
        (LEAF, INDEX, None, ROOT),
        (LEAF, 2**63 - 1, PATH, ROOT),
    ],
)
def test_malformed_input_is_false_and_never_an_error(
    admin: psycopg.Connection[Any], leaf: Any, index: Any, path: Any, root: Any
) -> None:
    assert verdict(admin, leaf, index, path, root) is False


def test_an_index_beyond_the_tree_is_refused(admin: psycopg.Connection[Any]) -> None:
    """Only as many bits as the path is long would be read: 6 and 6 + 16 must not both be leaf 6."""
    assert verdict(admin, LEAF, INDEX + 16, PATH, ROOT) is False
    assert verdict(admin, LEAF, 1, [], LEAF) is False


def test_a_path_of_64_levels_is_followed(admin: psycopg.Connection[Any]) -> None:
    node = LEAF
    for _ in range(64):
        node = merkle.node(node, bytes(32))
    assert verdict(admin, LEAF, 0, [bytes(32)] * 64, node) is True
