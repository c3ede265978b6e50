"""docs/limits.md names the bound of every table, and no limit that does not exist."""

from __future__ import annotations

import re

from tests.support.cluster import ROOT

PAGE = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## Rows that callers make grow")[1].split("\n## ")[0]
ROWS = [row.strip("| ").split(" | ") for row in SECTION.splitlines() if row.startswith("| `")]
SEEDS = re.findall(
    r"^\('(\w+)', ", (ROOT / "sql" / "tables" / "limits.sql").read_text(encoding="utf-8"), re.MULTILINE
)


def names(cell: str) -> list[str]:
    return re.findall(r"`([a-z0-9_]+)`", cell)


def test_every_table_has_one_bound() -> None:
    listed = [table for tables, _ in ROWS for table in names(tables)]
    assert sorted(listed) == sorted(path.stem for path in (ROOT / "sql" / "tables").glob("*.sql"))
    assert all(bound for _, bound in ROWS)


def test_the_limits_are_those_of_the_database() -> None:
    told = [name for _, bound in ROWS if "limit" in bound for name in names(bound)]
    assert sorted(told) == sorted(SEEDS)
