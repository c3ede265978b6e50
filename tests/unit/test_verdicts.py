"""A judgement over a whole run fails the run, whether one process ran the tests or several."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from tests.support.verdicts import Verdicts

SEEN = []

def missing(evidence):
    return {"both_were_seen": " ".join(sorted({"a", "b"} - {name for names in evidence for name in names}))}

def gather(config):
    return None if config.getoption("keyword") else SEEN

def pytest_configure(config):
    config.pluginmanager.register(Verdicts("evidence.py", gather, missing))
"""
BODY = "import conftest\ndef test_it(): conftest.SEEN.append('{name}')\n"


def run(folder: Path, *arguments: str, **names: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    for file, name in names.items():
        (folder / f"{file}.py").write_text(BODY.format(name=name), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "xdist",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
    ]
    done = subprocess.run(
        [*command, *arguments, str(folder)],
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{folder}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("processes", ["0", "2"])
def test_evidence_of_every_process_counts(tmp_path: Path, processes: str) -> None:
    code, told = run(tmp_path, "-n", processes, "--dist", "loadfile", test_one="a", test_two="b")
    assert (code, "3 passed" in told) == (0, True), told


@pytest.mark.parametrize("processes", ["0", "2"])
def test_what_no_process_has_seen_fails_the_run(tmp_path: Path, processes: str) -> None:
    code, told = run(tmp_path, "-n", processes, "--dist", "loadfile", test_one="a", test_two="a")
    assert (code, "1 failed, 2 passed" in told) == (1, True), told
    assert "FAILED evidence.py::both_were_seen" in told


@pytest.mark.parametrize("processes", ["0", "2"])
def test_a_part_of_the_tests_is_not_judged(tmp_path: Path, processes: str) -> None:
    code, told = run(
        tmp_path, "-k", "test_it", "-n", processes, "--dist", "loadfile", test_one="a", test_two="a"
    )
    assert (code, "2 passed" in told) == (0, True), told
