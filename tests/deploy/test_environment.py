"""The environment of `make up` and the tests: made anew after an installation that was interrupted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.support.cluster import ROOT

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAM = """
. "$0/deploy/local/lib.sh"; . "$0/deploy/local/venv.sh"; make_state
install_locked() { {install}; }
ensure_venv
"""


def _ensure(checkout: Path, install: str) -> tuple[int, str]:
    """What `ensure_venv` returns and says, with an installation that does only this."""
    program = _PROGRAM.replace("{install}", install)
    env = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "HOME": str(checkout)}
    done = subprocess.run(
        ["bash", "-c", program, checkout], env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_half_of_a_package_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    shutil.copytree(ROOT / "deploy" / "local", tmp_path / "deploy" / "local")
    for name in (
        "requirements.lock",
        "pyproject.toml",
        "plpython/pyproject.toml",
        "api/client/pyproject.toml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    half, whole = tmp_path / ".venv" / "half", tmp_path / ".venv" / "whole"

    status, said = _ensure(tmp_path, 'touch "$venv/half"; kill -9 $$')
    assert (status, "making .venv" in said, half.exists()) == (-9, True, True)
    status, said = _ensure(tmp_path, 'touch "$venv/whole"')
    assert (status, "making .venv" in said, half.exists(), whole.exists()) == (0, True, False, True)
    assert _ensure(tmp_path, "false") == (0, "")

    # Another lock file changes the environment in place, unless that is interrupted too.
    with (tmp_path / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert _ensure(tmp_path, "kill -9 $$")[0] == -9
    assert whole.exists()
    status, said = _ensure(tmp_path, "true")
    assert (status, "making .venv" in said, whole.exists()) == (0, True, False)
