"""The registry of refusals: one way to raise, every raised name registered, every registered name raised."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

REGISTRY = ROOT / "sql" / "errors" / "errors.csv"
FIELDS = ["code", "name", "wire_code", "numeric_code", "http", "grpc", "retry", "message", "detail_fields"]
FAMILIES = {
    "VE0": "request",
    "VE1": "identity",
    "VE2": "signature and crypto",
    "VE3": "duplicates",
    "VE4": "sequencing",
    "VE5": "invariants",
    "VE6": "commitments and proofs",
    "VE7": "payments",
    "VE9": "operation",
}
# The generated mirror of the registry itself.
GENERATED = "error_codes.py"
# Names that only a later part raises; a name leaves this list when its part arrives.
RESERVED: dict[str, str] = {}


def registry() -> list[dict[str, str]]:
    with REGISTRY.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sources(*patterns: str) -> list[tuple[Path, str]]:
    return [
        (path, path.read_text(encoding="utf-8"))
        for pattern in patterns
        for path in sorted(ROOT.glob(pattern))
        if path.name != GENERATED
    ]


def sql_sources() -> list[tuple[Path, str]]:
    return sources("sql/**/*.sql", "plpython/wrappers/*.sql")


def test_every_row_is_complete_and_every_code_and_name_is_unique() -> None:
    rows = registry()
    assert list(rows[0]) == FIELDS
    for name in ("code", "name"):
        values = [row[name] for row in rows]
        assert len(values) == len(set(values))
    for row in rows:
        assert re.fullmatch(r"VE[0-9]{3}", row["code"]), row
        assert not row["code"].endswith("000"), row
        assert row["code"][:3] in FAMILIES, row
        assert 400 <= int(row["http"]) < 600, row
        assert re.fullmatch(r"[A-Z_]+", row["grpc"]), row
        assert row["retry"] in {"yes", "no"}, row
        assert row["message"], row


def test_a_wire_code_has_one_number() -> None:
    numbers: dict[str, set[str]] = {}
    for row in registry():
        numbers.setdefault(row["wire_code"], set()).add(row["numeric_code"])
    assert {code: found for code, found in numbers.items() if len(found) > 1} == {}


def test_the_database_has_the_registry(catalog: psycopg.Connection[Any]) -> None:
    stored = catalog.execute(
        "select code, name, http, retry, detail_fields from ves.errors order by code"
    ).fetchall()
    assert stored == [
        (row["code"], row["name"], int(row["http"]), row["retry"] == "yes", row["detail_fields"].split())
        for row in sorted(registry(), key=lambda row: row["code"])
    ]


def test_only_raise_error_raises() -> None:
    raising = [
        path.name
        for path, text in sql_sources()
        if re.search(r"raise\s+(exception|sqlstate)", text, re.IGNORECASE)
    ]
    assert raising == ["raise_error.sql"]
    python = [
        path.name
        for path, text in sources("plpython/wrappers/*.sql")
        if "plpy.error" in text or "plpy.Error" in text
    ]
    assert python == []


def raised_in_sql() -> set[str]:
    return {
        name for _, text in sql_sources() for name in re.findall(r"ves_int\.raise_error\(\s*'(\w+)'", text)
    }


def test_every_name_that_sql_raises_is_registered_and_given_as_a_literal() -> None:
    assert raised_in_sql() <= {row["name"] for row in registry()}
    for path, text in sql_sources():
        # The second raises the outcome of ves.append_payment_intents, which names the error as a literal.
        if path.name in {"raise_error.sql", "submit_payment_intent.sql"}:
            continue
        calls = re.findall(r"perform ves_int\.raise_error\((.)", text)
        assert set(calls) <= {"'"}, path


def raised_in_python() -> set[str]:
    """Names given as the first literal of a refusal."""
    return {
        name
        for _, text in sources("plpython/ves/**/*.py", "api/**/*.py", "workers/**/*.py")
        for name in re.findall(r"(?:RequestRefused|ApiError)\(\s*\"(\w+)\"", text)
    }


def test_every_name_that_python_raises_is_registered() -> None:
    assert raised_in_python() <= {row["name"] for row in registry()}


def test_every_registered_name_is_raised_somewhere() -> None:
    text = "\n".join(
        text
        for _, text in [*sql_sources(), *sources("plpython/ves/**/*.py", "api/**/*.py", "workers/**/*.py")]
    )
    unused = {row["name"] for row in registry() if not re.search(rf"['\"]{row['name']}['\"]", text)}
    assert unused == set(RESERVED)


def test_a_detail_carries_registered_members_only() -> None:
    allowed = {row["name"]: set(row["detail_fields"].split()) for row in registry()}
    unregistered = {}
    for path, text in sql_sources():
        for name, rest in re.findall(r"ves_int\.raise_error\(\s*'(\w+)'([^;]*);", text):
            members = set(re.findall(r"[(,]\s*'(\w+)',\s", rest)) | set(re.findall(r"\"(\w+)\":", rest))
            if not members <= allowed[name]:
                unregistered[path.name, name] = members - allowed[name]
    assert unregistered == {}
