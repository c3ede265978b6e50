"""The command line under test: run in this process, with an environment and a folder of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.system import System, system  # noqa: F401 - a fixture
from ves_api.cli import main as entry
from ves_client.commands import settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def ves(monkeypatch: Any, capsys: Any, tmp_path: Path) -> Callable[..., Result]:
    """Run `ves` with arguments; VES_ variables of the caller's shell do not count."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith("VES_"):
            monkeypatch.delenv(name)

    def run(*arguments: str) -> Result:
        settings.layers.cache_clear()
        monkeypatch.setattr("sys.argv", ["ves", *map(str, arguments)])
        code = 0
        try:
            entry.main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def here(system: System, tmp_path: Path) -> System:  # noqa: F811
    """A running system whose `.ves/env` is in the folder of the test."""
    system.write_env(tmp_path)
    return system
