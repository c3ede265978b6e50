"""Each section of the protocol pages says whether it exists here: done, partial or absent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ves_api.http.routes import ROUTES

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "protocol").glob("*.md"))
_STATUS = re.compile(r"(?m)^Status: (done|partial|absent)\b")
# Lists of facts about the original have no status of their own.
_LISTS = ("Traps", "Read this first", "Vector files", "C. ", "Part ")


def without_status(text: str) -> list[str]:
    """Headings whose text, and that of every heading above them, has no status line."""
    found: list[str] = []
    above: list[tuple[int, str, bool]] = []
    for part in re.split(r"(?m)^(?=#{2,4} )", text)[1:]:
        marks, title = re.match(r"(#+) (.*)", part).groups()  # type: ignore[union-attr]
        while above and above[-1][0] >= len(marks):
            above.pop()
        above.append((len(marks), title, bool(_STATUS.search(part))))
        found.append(title)
        if any(known for _, _, known in above):
            found.pop()
    return found


def existing() -> set[str]:
    """Names that a section can only mention if it, or a part of it, exists: routes and tables."""
    tables = {path.stem for path in (ROOT / "sql" / "tables").glob("*.sql")}
    return tables | {f"{route.method} {route.template}" for route in ROUTES}


def absent_sections(text: str) -> list[tuple[str, str]]:
    """Heading and text of each section that says of itself that it is absent."""
    parts = re.split(r"(?m)^(?=#{2,4} )", text)[1:]
    return [(part.partition("\n")[0], part) for part in parts if re.search(r"(?m)^Status: absent\b", part)]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_nothing_that_an_absent_section_names_exists(page: Path) -> None:
    known = existing()
    found = [
        (title, name)
        for title, part in absent_sections(page.read_text(encoding="utf-8"))
        for name in sorted(set(re.findall(r"`([^`\n]+)`", part)) & known)
    ]
    assert found == []


def test_something_that_an_absent_section_names_and_that_exists_is_found() -> None:
    [(title, part)] = absent_sections("## 1. Pay\n\nStatus: absent.\n\n`GET /health` and `ves_events`\n")
    assert title == "## 1. Pay"
    assert set(re.findall(r"`([^`\n]+)`", part)) & existing() == {"GET /health", "ves_events"}


@pytest.mark.parametrize("page", [p for p in PAGES if p.name != "README.md"], ids=lambda p: p.name)
def test_each_section_has_a_status_or_is_below_one(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = without_status(text)
    parents = [title for title in missing if re.search(rf"(?ms)^##+ {re.escape(title)}\n\n###", text)]
    assert [t for t in missing if t not in parents and not any(word in t for word in _LISTS)] == []


def test_a_section_without_a_status_is_found() -> None:
    text = "# Page\n\n## 1. Here\n\nStatus: done.\n\n### 1.1 Below\n\ntext\n\n## 2. Not\n\ntext\n"
    assert without_status(text) == ["2. Not"]
