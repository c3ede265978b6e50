"""The command line under test: run in this process, with an environment and a folder of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from shop import command
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


def runner(name: str, main: Callable[[], None], monkeypatch: Any, capsys: Any) -> Callable[..., Result]:
    """Run a program with arguments in this process; VES_ variables of the caller's shell do not count."""
    for variable in list(os.environ):
        if variable.startswith("VES_"):
            monkeypatch.delenv(variable)

    def run(*arguments: str) -> Result:
        settings.layers.cache_clear()
        monkeypatch.setattr("sys.argv", [name, *map(str, arguments)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        captured = capsys.readouterr()
        return Result(code, captured.out, captured.err)

    return run


@pytest.fixture
def ves(monkeypatch: Any, capsys: Any, tmp_path: Path) -> Callable[..., Result]:
    """Run `ves` in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    return runner("ves", entry.main, monkeypatch, capsys)


@pytest.fixture
def demo(monkeypatch: Any, capsys: Any, tmp_path: Path) -> Callable[..., Result]:
    """Run the demo in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    return runner("ves demo", command.main, monkeypatch, capsys)


@pytest.fixture
def here(system: System, tmp_path: Path) -> System:  # noqa: F811
    """A running system whose `.ves/env` is in the folder of the test."""
    system.write_env(tmp_path)
    return system
