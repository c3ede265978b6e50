"""Rules of the tests themselves, read from their source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
FILES = sorted(TESTS.rglob("test_*.py"))
Test = ast.FunctionDef | ast.AsyncFunctionDef


def early_returns(source: str) -> list[str]:
    """Names of the tests with a `return` above their first assertion: such a run passes without asserting."""
    tests = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, Test) and node.name.startswith("test_")
    ]
    return [test.name for test in tests if returns_early(test)]


def returns_early(test: Test) -> bool:
    own = own_nodes(test)
    asserted = min((node.lineno for node in own if is_assertion(node)), default=(test.end_lineno or 0) + 1)
    return any(isinstance(node, ast.Return) and node.lineno < asserted for node in own)


def own_nodes(test: Test) -> list[ast.AST]:
    """The nodes of a test without those of the functions and classes that it defines."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(test.body)
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, Test | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def is_assertion(node: ast.AST) -> bool:
    """An assert statement, pytest.raises, or a call of a helper named assert_*."""
    if isinstance(node, ast.Assert):
        return True
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    return called == "pytest.raises" or called.rpartition(".")[2].startswith("assert_")


def test_no_test_returns_before_it_asserts() -> None:
    assert len(FILES) > 200
    found = {str(path.relative_to(TESTS)): early_returns(path.read_text(encoding="utf-8")) for path in FILES}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ("if x: return\n  assert x", True),
        ("for x in y:\n    if x: return\n    assert x", True),
        ("return", True),
        ("assert x\n  return", False),
        ("with pytest.raises(E): f()\n  return", False),
        ("assert_error(x)\n  return", False),
        ("def inner():\n    return 1\n  assert inner()", False),
        ("def inner():\n    assert x\n  return", True),
    ],
)
def test_the_rule_reads_what_a_test_does_itself(body: str, refused: bool) -> None:
    assert early_returns(f"def test_it():\n  {body}\n") == (["test_it"] if refused else [])
