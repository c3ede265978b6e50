"""What the edges send: generated statements that call one function of schema ves, and no other SQL."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import pglast
import pytest
from pglast import visitors

from tests.support.cluster import ROOT
from ves_edge.gen.functions import FUNCTIONS

if TYPE_CHECKING:
    from pathlib import Path

# The agents' side has a SQLite file of its own and never reaches PostgreSQL.
AGENTS = ROOT / "api" / "client"
# Streamed answers of httpx: `client.stream("POST", …)`.
HTTP_METHODS = {"GET", "POST"}
# Settings and savepoints of a session are not statements about data.
SESSION_VERBS = {
    "set",
    "reset",
    "begin",
    "commit",
    "rollback",
    "discard",
    "deallocate",
    "show",
    "listen",
    "unlisten",
}
LOOKS_LIKE_SQL = re.compile(
    r"^\s*(?:--[^\n]*\n\s*)*(select|insert\s+into|update|delete\s+from|truncate|merge|with|call|do|create|alter|drop|grant|revoke|copy|lock|explain)\b"
    r".*\b(from|into|set|table|function|schema|role|database|values|ves)\b",
    re.IGNORECASE | re.DOTALL,
)


class Named(visitors.Visitor):
    """Collects the relations and functions that a statement names."""

    def __init__(self) -> None:
        self.relations: set[tuple[str | None, str]] = set()
        self.functions: set[tuple[str | None, str]] = set()

    def visit_RangeVar(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's names
        self.relations.add((node.schemaname, node.relname))

    def visit_FuncCall(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's names
        *schema, name = [part.sval for part in node.funcname]
        self.functions.add((schema[0] if schema else None, name))


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_a_statement_is_one_call_of_its_function_and_reads_no_relation(name: str) -> None:
    parsed = pglast.parse_sql(re.sub(r"%\(\w+\)s", "$1", FUNCTIONS[name].statement.decode()))
    assert len(parsed) == 1
    found = Named()
    found(parsed)
    assert (found.functions, found.relations) == ({("ves", name)}, set())


def test_the_edges_have_no_sql_files() -> None:
    files = [path for room in ("api", "workers") for path in (ROOT / room).rglob("*.sql")]
    assert [path for path in files if not path.is_relative_to(AGENTS)] == []


def modules() -> list[Path]:
    """Modules of the edges, but of the package whose purpose is the text of the calls."""
    return [
        path
        for room in ("api", "workers")
        for path in sorted((ROOT / room).rglob("*.py"))
        if not path.is_relative_to(AGENTS)
        if "ves_edge" not in path.parts
    ]


def constants(tree: ast.AST) -> list[tuple[int, str]]:
    """Every string of a module but its docstrings; f-strings by their constant parts."""
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation:
            text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
            if isinstance(text, str):
                found.append((node.lineno, text))
    return found


def test_no_module_of_the_edges_holds_sql_text() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text[:60]!r}"
        for path in modules()
        for line, text in constants(ast.parse(path.read_text(encoding="utf-8")))
        if LOOKS_LIKE_SQL.search(text)
    ]
    assert found == []


def test_no_module_of_the_edges_executes_a_literal_but_a_session_setting() -> None:
    found = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
                continue
            first = node.args[0]
            if node.func.attr not in {"execute", "executemany", "copy", "stream"}:
                continue
            if isinstance(first, (ast.JoinedStr, ast.BinOp)):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: built text")
            if isinstance(first, ast.Constant):
                text = first.value.decode() if isinstance(first.value, bytes) else str(first.value)
                if text not in HTTP_METHODS and text.split(maxsplit=1)[0].lower() not in SESSION_VERBS:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text[:60]!r}")
    assert found == []


def test_no_module_of_the_edges_names_a_table() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in modules()
        if re.search(r"\b(ves_store|ves_int|pgmq)\.\w", path.read_text(encoding="utf-8"))
    ]
    assert found == []
