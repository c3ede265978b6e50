"""Rounds: keys take turns, whatever each has waiting; nothing is lost and nothing comes twice."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from ves_edge.rounds import Rounds

KEYS = st.sampled_from("abcd")


def everything(rounds: Rounds[list[int]]) -> list[tuple[object, list[int]]]:
    found = []
    while (taken := rounds.take()) is not None:
        found.append(taken)
    return found


def test_one_thing_of_another_waits_for_one_of_a_key_that_has_many() -> None:
    rounds: Rounds[list[int]] = Rounds()
    for number in range(5):
        rounds.add("many", [number])
    rounds.add("one", [9])
    assert everything(rounds) == [("many", [0]), ("one", [9]), *(("many", [n]) for n in range(1, 5))]
    assert not rounds


def test_what_is_put_back_is_the_next_one() -> None:
    rounds: Rounds[list[int]] = Rounds()
    for number, key in enumerate("aab", 1):
        rounds.add(key, [number])
    first = rounds.take()
    assert first == ("a", [1])
    rounds.put_back(*first)
    assert everything(rounds) == [("a", [1]), ("b", [3]), ("a", [2])]


def test_a_key_that_may_not_is_passed_over_and_keeps_its_things() -> None:
    rounds: Rounds[list[int]] = Rounds()
    rounds.add("a", [1])
    rounds.add("b", [2])
    assert rounds.take(lambda key: key != "a") == ("b", [2])
    assert rounds.take(lambda key: key != "a") is None
    assert "a" in rounds
    assert "b" not in rounds


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), KEYS),
            st.tuples(st.just("take"), KEYS),
            st.tuples(st.just("discard"), KEYS),
        )
    )
)
def test_each_key_keeps_its_order_and_its_turn(steps: list[tuple[str, str]]) -> None:
    rounds: Rounds[list[int]] = Rounds()
    waiting: dict[str, deque[list[int]]] = {key: deque() for key in "abcd"}
    skipped = dict.fromkeys("abcd", 0)
    for number, (step, key) in enumerate(steps):
        if step == "add":
            skipped[key] = skipped[key] if waiting[key] else 0
            waiting[key].append([number])
            rounds.add(key, waiting[key][-1])
        elif step == "discard":
            rounds.discard(key, waiting[key].pop() if waiting[key] else [number])
        elif (taken := rounds.take()) is None:
            assert not any(waiting.values())
        else:
            served = str(taken[0])
            assert taken[1] is waiting[served].popleft()
            for other in "abcd":
                skipped[other] = 0 if other == served else skipped[other] + bool(waiting[other])
            # nobody is passed over more often than there are others
            assert max(skipped.values()) <= 3
    assert bool(rounds) == any(waiting.values())
