"""Answers are made in slices: one in a turn of the event loop, in order, whole."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ves_api import operations, slices
from ves_api.slices import Slices

if TYPE_CHECKING:
    from collections.abc import Sequence

MODULES = sorted(Path(operations.__file__).parent.glob("*.py"))


async def test_an_answer_is_whole_and_in_order() -> None:
    for count in (0, 1, 8, 9, 1000):
        assert await Slices().each(str, range(count)) == [str(n) for n in range(count)]


async def test_of_many_answers_one_slice_runs_in_a_turn_of_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slices, "_SECONDS", 1e-9)  # a slice is one part
    own, turn, seen = Slices(), 0, []

    def work(part: Sequence[int]) -> Sequence[int]:
        seen.append(turn)
        return part

    makers = [asyncio.create_task(own.parts(work, range(100))) for _ in range(5)]
    while not all(maker.done() for maker in makers):
        turn += 1
        await asyncio.sleep(0)
    assert len(seen) == 5 * 13
    assert len(set(seen)) == len(seen), "two slices in one turn"


async def test_a_failure_ends_its_own_answer_only() -> None:
    own = Slices()
    failing, other = own.each(lambda n: 1 // (50 - n), range(100)), own.each(str, range(100))
    results = await asyncio.gather(failing, other, return_exceptions=True)
    assert isinstance(results[0], ZeroDivisionError)
    assert len(results[1]) == 100


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_operation_makes_answers_of_rows_in_one_go(path: Path) -> None:
    """A thousand rows take the event loop 15 ms."""
    made = [
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ListComp | ast.GeneratorExp)
        and isinstance(node.elt, ast.Call)
        and isinstance(node.elt.func, ast.Name)
        and node.elt.func.id in {"answer", "summary"}
    ]
    assert not made, f"{path.name}:{made[0].lineno}: context.each"
