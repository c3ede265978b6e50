"""How long payments wait for others to share their transaction, by the rhythm of blocks."""

from __future__ import annotations

import pytest

from ves_workers.chain.rhythm import Rhythm

LOOK = 0.1


def seen(*blocks: float, until: float, first: float = 0.0) -> Rhythm:
    """Looks every 100 ms from `first` on at a chain with blocks at these times."""
    rhythm = Rhythm()
    for n in range(round(first / LOOK), round(until / LOOK) + 1):
        rhythm.note(100 + sum(block <= n * LOOK for block in blocks), n * LOOK)
    return rhythm


def every(interval: float, until: float) -> list[float]:
    return [0.53 + n * interval for n in range(int((until - 0.53) / interval) + 1)]


@pytest.mark.parametrize("interval", [1.0, 2.0, 12.0])
def test_the_next_block_of_a_regular_chain_is_told_to_a_look(interval: float) -> None:
    until = 6 * interval
    rhythm = seen(*every(interval, until), until=until)
    told = rhythm.until_next(until)
    assert (told is None) == (interval > 10), "what was seen is too old where blocks are rare"
    if told is not None:
        assert told == pytest.approx((0.53 - until) % interval, abs=LOOK)


def test_payments_share_a_transaction_between_blocks_and_are_sent_before_the_next_one() -> None:
    rhythm = seen(*every(1.0, 6.0), until=6.0)  # the next block is seen at 6.6
    assert [rhythm.sharing_ms(at) for at in (5.7, 6.1, 6.3, 6.45, 6.55, 6.7)] == [
        800,
        800,
        100,
        100,
        800,
        800,
    ]


def test_a_late_block_keeps_payments_until_the_time_of_the_one_after_it() -> None:
    rhythm = seen(*every(1.0, 6.0), until=6.9)
    assert [rhythm.sharing_ms(at) for at in (6.9, 7.3)] == [800, 100]


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [0.5, 1.5, 2.5],  # too few
        [0.5, 1.5, 1.9, 3.5, 4.5],  # as they come
        [0.5 + 0.25 * n for n in range(18)],  # faster than payments are worth waiting
    ],
)
def test_without_a_rhythm_payments_wait_200_ms(blocks: list[float]) -> None:
    assert seen(*blocks, until=5.0).sharing_ms(5.0) == 200


def test_what_came_while_nobody_looked_tells_no_rhythm() -> None:
    rhythm = Rhythm()
    for number in range(8):
        rhythm.note(number, number * 1.0)
    assert rhythm.until_next(8.0) is None


def test_a_chain_that_begins_anew_is_seen_anew() -> None:
    rhythm = seen(*every(1.0, 6.0), until=6.0)
    rhythm.note(3, 6.1)
    assert rhythm.until_next(6.2) is None


def test_a_rhythm_ends_when_it_was_not_seen_for_half_a_minute() -> None:
    rhythm = seen(*every(1.0, 6.0), until=6.0)
    assert rhythm.until_next(40.0) is None
