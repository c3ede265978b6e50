"""Openings of many leaves at once (STARK 10)."""

from __future__ import annotations

from random import Random

import pytest

from ves_stark import wire
from ves_stark.errors import InvalidProofError, MalformedProofError
from ves_stark.merkle import build, check_opening, open_many
from ves_stark.transcript import digest

LEAVES = [digest(bytes([number])) for number in range(256)]
LEVELS = build(LEAVES)
ROOT = LEVELS[-1][0]


def check(positions, lists, leaves=None, root=ROOT):
    check_opening(root, 8, positions, leaves or [LEAVES[at] for at in positions], lists)


def samples():
    source = Random(1)
    yield from ([at] for at in (0, 1, 128, 255))
    yield from ([0, 1], [0, 255], [2, 3, 4, 5], list(range(256)), list(range(0, 256, 2)))
    for count in range(2, 60):
        yield sorted(source.sample(range(256), count))


def nodes_needed(positions):
    """How many digests an opening needs, counted on the set of known nodes level by level."""
    known, needed = set(positions), 0
    for _ in range(8):
        needed += sum((node ^ 1) not in known for node in known)
        known = {node >> 1 for node in known}
    return needed


def test_every_set_of_leaves_opens_with_the_fewest_digests():
    for positions in samples():
        lists = open_many(LEVELS, positions)
        check(positions, lists)
        assert sum(map(len, lists)) == nodes_needed(positions)
        assert len(lists) == len({at // 2 for at in positions})


def test_an_opening_of_other_leaves_is_refused():
    for positions in samples():
        lists = open_many(LEVELS, positions)
        wrong = [LEAVES[at] for at in positions]
        wrong[0] = bytes(32)
        with pytest.raises(InvalidProofError):
            check(positions, lists, wrong)
        with pytest.raises(InvalidProofError):
            check(positions, lists, root=bytes(32))


def test_a_changed_digest_is_refused():
    positions = [3, 77, 78, 200]
    lists = open_many(LEVELS, positions)
    for nodes in lists:
        for index, node in enumerate(nodes):
            nodes[index] = bytes(32)
            with pytest.raises(InvalidProofError):
                check(positions, lists)
            nodes[index] = node
    check(positions, lists)


def test_digests_in_another_list_are_refused():
    positions = [3, 200]
    first, second = open_many(LEVELS, positions)
    with pytest.raises(InvalidProofError):
        check(positions, [first[:-1], [*second, first[-1]]])


@pytest.mark.parametrize(
    ("value", "encoded"),
    [(0, "01"), (1, "03"), (127, "ff"), (128, "0202"), (35712, "04 5c 04"), (2**56 - 1, "80 ffffffffffffff")],
)
def test_a_length_is_written_in_its_shortest_form(value, encoded):
    assert wire.vint(value) == bytes.fromhex(encoded)


def test_a_length_of_any_size_is_read_back():
    for value in [*range(300), 2**14 - 1, 2**14, 2**35, 2**49 - 1, 2**56 - 1, 2**56, 2**63, 2**64 - 1]:
        data = wire.vint(value)
        reader = wire._Reader(data)
        assert reader.vint() == value
        reader.finish()


def test_every_longer_form_of_a_length_is_refused():
    for value in (0, 5, 127, 128, 2**20):
        for length in range(len(wire.vint(value)) + 1, 9):
            data = ((value << 1 | 1) << length - 1).to_bytes(length, "little")
            with pytest.raises(MalformedProofError, match="shortest"):
                wire._Reader(data).vint()
        with pytest.raises(MalformedProofError, match="shortest"):
            wire._Reader(b"\x00" + value.to_bytes(8, "little")).vint()
