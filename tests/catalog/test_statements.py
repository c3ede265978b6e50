"""What the edges send: named statements that call one function or view of schema ves, and nothing else."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any

import pglast
import pytest
from pglast import visitors

from tests.catalog.statements import FILES, Statement, sql_files, statements
from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from tests.conftest import Database

ALL = [pytest.param(item, id=str(item)) for item in statements()]
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
        self.own: set[str] = set()

    def visit_RangeVar(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's names
        self.relations.add((node.schemaname, node.relname))

    def visit_CommonTableExpr(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's names
        self.own.add(node.ctename)

    def visit_FuncCall(self, _ancestors: Any, node: Any) -> None:  # noqa: N802 - pglast's names
        *schema, name = [part.sval for part in node.funcname]
        self.functions.add((schema[0] if schema else None, name))


def named(statement: Statement) -> Named:
    found = Named()
    found(pglast.parse_sql(statement.numbered))
    found.relations = {item for item in found.relations if not (item[0] is None and item[1] in found.own)}
    return found


def test_the_edges_keep_their_sql_in_the_declared_files_only() -> None:
    assert sql_files() == set(FILES)


@pytest.mark.parametrize("statement", ALL)
def test_a_statement_is_one_call_into_schema_ves(statement: Statement) -> None:
    assert len(pglast.parse_sql(statement.numbered)) == 1
    found = named(statement)
    targets = found.relations | found.functions
    assert {schema for schema, _ in targets} == {"ves"}
    assert len(targets) == 1, "two gateway calls are a database function waiting to be written"
    assert re.fullmatch(r"(--[^\n]+\n)+", statement.description), "a statement says what it is for"


@pytest.mark.parametrize("statement", ALL)
def test_a_statement_is_prepared_and_permitted_as_its_own_role(
    shared: Database, statement: Statement
) -> None:
    with shared.connect(role=statement.role) as connection:
        connection.execute(f"prepare probe as {statement.numbered}")
        found = named(statement)
        for _, function in found.functions:
            assert granted(connection, "has_function_privilege(to_regproc(%s), 'execute')", f"ves.{function}")
        for _, relation in found.relations:
            assert granted(connection, "has_table_privilege(%s, 'select')", f"ves.{relation}")


def granted(connection: psycopg.Connection[Any], expression: str, name: str) -> bool:
    row = connection.execute(f"select {expression}", [name]).fetchone()
    return row == (True,)


@pytest.mark.parametrize("path", FILES)
def test_a_statement_name_is_used_once_in_its_file_and_in_some_module(path: str) -> None:
    names = [item.name for item in statements() if item.path == path]
    assert len(names) == len(set(names))
    room = ROOT / path.split("/", maxsplit=1)[0]
    source = "\n".join(file.read_text(encoding="utf-8") for file in room.rglob("*.py"))
    assert [name for name in names if f'"{name}"' not in source] == []


def modules() -> list[Path]:
    """Modules of the edges, but of the package whose purpose is the text of the calls."""
    return [
        path
        for room in ("api", "workers")
        for path in sorted((ROOT / room).rglob("*.py"))
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
                if text.split(maxsplit=1)[0].lower() not in SESSION_VERBS:
                    found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {text[:60]!r}")
    assert found == []


def test_no_module_of_the_edges_names_a_table() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in modules()
        if re.search(r"\b(ves_store|ves_int|pgmq)\.\w", path.read_text(encoding="utf-8"))
    ]
    assert found == []
