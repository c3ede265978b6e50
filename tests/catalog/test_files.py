"""The shape of the sources: short files, one object a file, nothing left unfinished."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from tests.support.cluster import ROOT
from ves_install.generate import generated

ROOMS = ("sql", "plpython", "api", "workers", "contracts", "tests", "deploy")
KINDS = {".py", ".sql", ".toml", ".sh", ".sol"}
MAX_LINES = 500
MAX_FUNCTION_LINES = 60
# Functions that stay long, with the reason: what calling a part of them costs.
LONG_DATABASE_FUNCTIONS = {
    "ves.ingest_events": "one statement judges and one stores a batch, whatever its size",
    "ves.ingest_legacy_events": "divided into six functions, a call of one event took 0.9 ms instead of 0.75",
    "ves.append_payment_intents": "with its judgement in functions of its own, 100 intents took 27 ms of CPU instead of 24",
    "ves_int.apply_event": "runs once an event, and each further function entered costs 4 us",
    "ves_int.take_budget": "with its locks in a function of their own, a request's limits took 0.35 ms instead of 0.29",
}
GENERATED = ROOT / "api" / "ves_edge" / "gen"


@cache
def sources() -> list[Path]:
    made = generated().keys()
    return [
        path
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.suffix in KINDS
        and path.is_file()
        and "__pycache__" not in path.parts
        and not {".venv", "node_modules", "out"} & set(path.parts)
        and path not in made
    ]


def test_no_source_file_has_500_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources()
        if path.parent != GENERATED
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) >= MAX_LINES
    }
    assert long == {}


def test_no_python_function_of_production_has_more_than_60_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}: {node.name}": lines
        for path in sources()
        if path.suffix == ".py" and "tests" not in path.parts and "gen" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or 0) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_no_function_of_the_database_has_a_body_of_more_than_60_lines() -> None:
    functions = re.compile(
        r"^create (?:or replace )?function ([\w.]+)\(.*?as (\$\w*\$)\n(.*?)\n\2;", re.MULTILINE | re.DOTALL
    )
    found = {
        name: lines
        for path in sources()
        if path.suffix == ".sql" and not {"tests", "migrations"} & set(path.parts)
        for name, _, body in functions.findall(path.read_text(encoding="utf-8"))
        if (lines := len(body.splitlines())) > MAX_FUNCTION_LINES
    }
    assert found.keys() == LONG_DATABASE_FUNCTIONS.keys(), found


def test_nothing_is_left_unfinished() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if path.name != Path(__file__).name and marks.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_table_function_view_or_trigger_file_holds_the_object_it_is_named_after() -> None:
    wrong = []
    for folder, schemas in {
        "tables": ("ves_store",),
        "views": ("ves", "ves_int"),
        "rest": ("rest",),
        "types": ("ves", "ves_int"),
        "functions": ("ves", "ves_int"),
    }.items():
        for path in (ROOT / "sql" / folder).rglob("*.sql"):
            text = path.read_text(encoding="utf-8")
            created = re.findall(
                r"^create (?:or replace )?(?:unlogged )?(?:table|view|type|domain|function|aggregate) ([\w.]+)",
                text,
                re.MULTILINE,
            )
            if created not in [[f"{schema}.{path.stem}"] for schema in schemas]:
                wrong.append(str(path.relative_to(ROOT)))
    assert wrong == []


def test_a_function_that_takes_a_lock_says_so_in_its_header() -> None:
    lock = re.compile(r"\bfor (?:no key )?(?:update|share)\b|\bpg_(?:try_)?advisory\w+\(")
    silent = [
        path.name
        for path in (ROOT / "sql" / "functions").rglob("*.sql")
        if lock.search((text := path.read_text(encoding="utf-8")).partition("as $$")[2].rpartition("$$;")[0])
        and "-- Locks (sql/README.md): " not in text.partition("create or replace")[0]
    ]
    assert silent == []
