"""A skip without an entry in tests/skips.toml fails a complete run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.skips import OPTION, Skip, listed

ROOT = Path(__file__).resolve().parents[2]
SKIPPING = """
import pytest
from tests.support import skips

def pytest_addoption(parser):
    skips.add_option(parser)

def pytest_configure(config):
    skips.configure(config)
"""
TESTS = {
    "test_body.py": "import pytest\ndef test_it():\n  pytest.skip('no tool')\n",
    "test_mark.py": "import pytest\n@pytest.mark.skipif(True, reason='no tool')\ndef test_it(): pass\n",
    "test_module.py": "import pytest\npytest.importorskip('no_such_module', reason='no tool')\n",
    "test_fixture.py": "import pytest\n@pytest.fixture\ndef tool():\n  pytest.skip('no tool')\n"
    "def test_it(tool): pass\n",
}


def outcome(folder: Path, *arguments: str, **variables: str) -> int:
    env = {name: value for name, value in os.environ.items() if name != "CI"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    done = subprocess.run(
        [*command, *arguments, str(folder)],
        env=env | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | variables,
        cwd=folder,
        check=False,
        capture_output=True,
    )
    return done.returncode


@pytest.fixture(params=TESTS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "conftest.py").write_text(SKIPPING, encoding="utf-8")
    (tmp_path / "test_good.py").write_text("def test_good(): assert True\n", encoding="utf-8")
    (tmp_path / request.param).write_text(TESTS[request.param], encoding="utf-8")
    return tmp_path


def test_a_skip_that_is_not_listed_fails_a_complete_run_and_no_other(folder: Path) -> None:
    assert outcome(folder) == 0
    assert outcome(folder, OPTION) != 0
    assert outcome(folder, CI="true") != 0


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(SKIPPING, encoding="utf-8")
    (tmp_path / "test_x.py").write_text(
        "import pytest\n@pytest.mark.xfail\ndef test_it(): assert False\n", encoding="utf-8"
    )
    assert outcome(tmp_path, OPTION) == 0


def test_an_entry_covers_its_own_test_with_its_own_message() -> None:
    entry = Skip("api/test_x.py::test_it*", "Node is *", "why")
    assert entry.covers("tests/api/test_x.py::test_it[direct]", "Node is not installed")
    assert not entry.covers("tests/api/test_x.py::test_it[direct]", "Go is not installed")
    assert not entry.covers("tests/api/test_y.py::test_it[direct]", "Node is not installed")


def test_every_entry_gives_a_reason_and_names_a_file_that_is_there() -> None:
    entries = listed()
    assert entries
    for entry in entries:
        assert len(entry.reason) > 20, entry
        assert (ROOT / "tests" / entry.test.partition("::")[0].rstrip("*")).exists(), entry
