"""Links between pages of the repository lead to a file, and to a heading where they name one."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

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


def test_every_decision_is_in_the_index() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(_LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert {page.name for page in folder.glob("*.md")} - {"README.md"} <= listed


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
