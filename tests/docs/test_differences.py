"""Each row of docs/differences.md is whole, and the test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_COLUMNS = 5
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    text = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("|")
    ]
    return [row for row in cells if row[0] != "what" and set(row[0]) != {"-"}]


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_difference_says_what_it_was_what_it_is_and_why() -> None:
    found = rows()
    assert len(found) > 40
    assert not [row for row in found if len(row) != _COLUMNS or not all(row)]


def test_each_difference_names_a_test_that_exists() -> None:
    missing = []
    for row in rows():
        named = _TEST.search(row[-1])
        if named is None or not (ROOT / named[1]).exists() or named[2] not in functions_of(ROOT / named[1]):
            missing.append(row[-1])
    assert not missing, "\n".join(missing)
