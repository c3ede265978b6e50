"""Every citation of a protocol section resolves to a heading of docs/protocol (the grammar is in its README)."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROTOCOL = ROOT / "docs" / "protocol"
PAGES = {
    "VES": "ves.md",
    "http-api": "http-api.md",
    "operations": "operations.md",
    "STARK": "stark.md",
    "grpc-api": "grpc-api.md",
    "x402": "x402.md",
    "chain": "chain.md",
}

_NUMBER = r"(?:[AB]\d+|\d+(?:\.\d+)?)(?![\d.]*\d)"
_MORE = rf"(?:(?:, | and | to |-){_NUMBER}(?! (?:bytes|bits|hex|items)))*"
_CITATION = re.compile(
    rf"(?<![\w./-])(?P<page>{'|'.join(PAGES)}) (?P<numbers>{_NUMBER}{_MORE})(?:, trap (?P<trap>\d+))?"
)
# Ways to cite that nobody can resolve: a page by another name, a trap or section without its page, a private document.
_AMBIGUOUS = re.compile(
    r"(?<![\w/.-])(?:HTTP|gRPC|Ves|Stark|protocol) \d{1,2}(?:\.\d+)?\b(?!\.)|\b(?:ves|stark|http-api|operations)\.md \d"
    r"|\bdesign (?:part )?\d|\bstyle (?:part )?\d|(?<!, )\btraps? \d"
)


@dataclass(frozen=True)
class Citation:
    page: str
    numbers: tuple[str, ...]
    trap: str | None


def citations(text: str) -> list[Citation]:
    return [
        Citation(match["page"], tuple(re.findall(_NUMBER, match["numbers"])), match["trap"])
        for match in _CITATION.finditer(text)
    ]


@cache
def sections(page: str) -> dict[str, str]:
    """The numbered headings of a page, each with the text up to the next heading."""
    found: dict[str, str] = {}
    text = (PROTOCOL / PAGES[page]).read_text(encoding="utf-8")
    for part in re.split(r"(?m)^(?=#{2,4} )", text)[1:]:
        heading = re.match(rf"#{{2,4}} ({_NUMBER})\.? ", part)
        if heading:
            assert heading[1] not in found, f"{page} has two sections {heading[1]}"
            found[heading[1]] = part
    return found


def unresolved(citation: Citation) -> str | None:
    known = sections(citation.page)
    for number in citation.numbers:
        if number not in known:
            return f"{citation.page} has no section {number}"
    last = citation.numbers[-1]
    if citation.trap and not re.search(rf"(?m)^0*{citation.trap}\. ", known[last]):
        return f"{citation.page} {last} has no trap {citation.trap}"
    return None


def files() -> list[Path]:
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "*.py",
            "*.sql",
            "*.md",
            "*.toml",
            "*.csv",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    own = {Path(__file__), PROTOCOL / "README.md"}
    return [
        path
        for name in listed.stdout.split("\n")
        if name and (path := ROOT / name) not in own and path.exists()
    ]


def test_every_citation_names_a_heading_that_exists() -> None:
    wrong: list[str] = []
    count = 0
    for path in files():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            for citation in citations(line):
                count += 1
                problem = unresolved(citation)
                if problem:
                    wrong.append(f"{path.relative_to(ROOT)}:{number}: {problem}")
    assert not wrong, "\n".join(wrong)
    assert count > 300


def test_no_citation_is_written_in_a_way_that_cannot_be_resolved() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]!r}"
        for path in files()
        if PROTOCOL not in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in _AMBIGUOUS.finditer(line)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(VES 14.2)", [Citation("VES", ("14.2",), None)]),
        ("VES 8.2 steps 3, 6 and 7", [Citation("VES", ("8.2",), None)]),
        (
            "VES 9.2, 10.2; STARK 15",
            [Citation("VES", ("9.2", "10.2"), None), Citation("STARK", ("15",), None)],
        ),
        ("VES 9.1, 32 bytes", [Citation("VES", ("9.1",), None)]),
        ("(VES 21, trap 12)", [Citation("VES", ("21",), "12")]),
        ("operations 1.1-1.4", [Citation("operations", ("1.1", "1.4"), None)]),
        ("x402 A4", [Citation("x402", ("A4",), None)]),
        ("VES v1.0 of 2025", []),
    ],
)
def test_the_grammar_reads_citations_as_its_page_says(text: str, expected: list[Citation]) -> None:
    assert citations(text) == expected


@pytest.mark.parametrize(
    "citation",
    [
        Citation("VES", ("23",), None),
        Citation("http-api", ("7", "7.9"), None),
        Citation("VES", ("21",), "25"),
        Citation("x402", ("4",), None),
    ],
)
def test_a_section_or_trap_that_does_not_exist_is_found(citation: Citation) -> None:
    assert unresolved(citation) is not None
