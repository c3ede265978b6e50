"""docs/add-a-function.md, followed in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "add-a-function.md"
_NEW_FILE = re.compile(r"New file `([^`]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
_NEW_LINE = re.compile(r"In `([^`]+)`, below the line with `([^`]+)`:\n\n```\w+\n(.*?)```", re.DOTALL)
# What `make generate` runs.
_GENERATE = ("ves_install.generate", "tests.support.generated_calls", "tests.docs")


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    """A copy of the repository with the page's files and lines in it, generated anew."""
    folder = Path(tempfile.mkdtemp(prefix="ves-example-"))
    folder.chmod(0o755)  # the database server reads the protocol library as a user of its own
    try:
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in listed.stdout.splitlines():
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name)
        follow(folder)
        for module in _GENERATE:
            run(folder, "-m", module)
        yield folder
    finally:
        shutil.rmtree(folder)


def follow(folder: Path) -> None:
    """Write what the page says into the copy."""
    page = PAGE.read_text(encoding="utf-8")
    for name, text in _NEW_FILE.findall(page):
        assert not (folder / name).exists(), name
        (folder / name).write_text(text, encoding="utf-8")
    for name, anchor, text in _NEW_LINE.findall(page):
        lines = (folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (place,) = [number for number, line in enumerate(lines) if anchor in line]
        lines.insert(place + 1, text)
        (folder / name).write_text("".join(lines), encoding="utf-8")


def run(folder: Path, *arguments: str) -> str:
    rooms = ("", "plpython", "api", "api/client", "workers", "sql")
    path = os.pathsep.join(str(folder / room) for room in rooms)
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_pages_own_tests_pass_in_the_copy(copy: Path) -> None:
    assert "2 passed" in run(copy, "-m", "pytest", "tests/api/test_rejections.py")


def test_the_houses_rules_hold_for_what_was_added(copy: Path) -> None:
    run(
        copy,
        "-m",
        "pytest",
        "-q",
        "tests/security/test_grants.py",
        "tests/catalog/test_functions.py",
        "tests/api/test_openapi.py",
    )
    run(copy, "-m", "ruff", "check", "api/ves_api/operations/rejections.py", "tests/api/test_rejections.py")


def test_it_is_in_every_generated_file_that_it_belongs_to(copy: Path) -> None:
    for name, text in (
        ("docs/reference/routes.md", "`GET /api/v1/ves/rejections` | read, and the stream in scope"),
        ("docs/reference/functions.md", "### `list_rejections`"),
        ("docs/reference/commands.md", "`ves rejections list`"),
        ("api/ves_edge/gen/aio.py", "async def list_rejections("),
        ("api/ves_edge/gen/sync.py", "def list_rejections("),
    ):
        assert text in (copy / name).read_text(encoding="utf-8"), name


def test_its_command_has_the_options_of_the_functions_parameters(copy: Path) -> None:
    shown = run(copy, "-m", "ves_api.cli", "rejections", "list", "--help")
    for option in ("--tenant", "--store", "--after-id", "--max-rows", "--json"):
        assert option in shown


def test_a_route_without_a_permission_cannot_be_made(copy: Path) -> None:
    text = (copy / "api/ves_api/operations/rejections.py").read_text(encoding="utf-8")
    forgetful = text.replace('permission=in_stream("read"), ', "")
    assert forgetful != text
    (copy / "api/ves_api/operations/forgetful.py").write_text(forgetful, encoding="utf-8")
    with pytest.raises(AssertionError, match="missing 1 required keyword-only argument: 'permission'"):
        run(copy, "-c", "import ves_api.operations.forgetful")
