"""Links between pages of the repository lead to a file, and to a heading where they name one."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).exists()]


@cache
def anchors(page: Path) -> set[str]:
    """The names that a reader's browser gives to the headings of a page."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> set[str]:
    """The targets of a page's links."""
    return set(_LINK.findall(page.read_text(encoding="utf-8")))


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for page in pages():
        text = re.sub(r"(?s)```.*?```", "", page.read_text(encoding="utf-8"))
        for target in _LINK.findall(re.sub(r"`[^`\n]*`", "", text)):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            if not path.exists() or (anchor and path.suffix == ".md" and anchor not in anchors(path)):
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("folder", ["decisions", "protocol", "reference"])
def test_every_page_of_a_folder_with_an_index_is_in_it(folder: str) -> None:
    path = ROOT / "docs" / folder
    assert {page.name for page in path.glob("*.md")} - {"README.md"} <= links(path / "README.md")


def test_every_other_page_is_in_the_manual_once() -> None:
    manual = ROOT / "docs" / "README.md"
    indexed = {manual.parent / folder for folder in ("decisions", "protocol", "reference")}
    expected = {page for page in pages() if page.parent not in indexed or page.name == "README.md"}
    listed = _LINK.findall(manual.read_text(encoding="utf-8").partition("\n## ")[2])
    found = [(manual.parent / name).resolve() for name in listed]
    assert expected - {ROOT / "README.md", manual} == set(found)
    assert [page for page in found if page.suffix == ".md" and found.count(page) > 1] == []


def test_every_path_that_a_page_names_exists() -> None:
    """In backticks, from the repository's root or the page's folder; the worked example makes its files itself."""
    # Folders of the repository, not those that `make up` and tools make beside them.
    tops = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    missing = [
        f"{page.relative_to(ROOT)}: {name}"
        for page in pages()
        if page.name != "add-a-function.md"
        for name in re.findall(r"`([\w.-]+/[\w./-]+)(?:::\w+)?`", page.read_text(encoding="utf-8"))
        if name.partition("/")[0] in tops and not (ROOT / name).exists() and not (page.parent / name).exists()
    ]
    assert missing == []
