"""The generated pages of docs/reference are current; `make generate` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs import performance
from tests.docs.reference import PAGES, pages

if TYPE_CHECKING:
    from tests.conftest import Database


def test_every_generated_page_says_what_the_code_says_now(database: Database) -> None:
    with database.connect() as connection:
        made = pages(connection)
    stale = [
        name
        for name, text in made.items()
        if not (PAGES / name).exists() or (PAGES / name).read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `make generate`: {stale}"


def test_the_tables_of_figures_are_those_of_the_newest_result() -> None:
    stale = [
        file.name for file, text in performance.pages().items() if file.read_text(encoding="utf-8") != text
    ]
    assert not stale, f"run `make generate`: {stale}"


def test_nothing_but_generated_pages_and_the_index_lies_among_them(database: Database) -> None:
    with database.connect() as connection:
        made = set(pages(connection))
    assert {path.name for path in PAGES.glob("*.md")} - {"README.md"} == made
