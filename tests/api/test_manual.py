"""The manual page of the edge names every route and every setting."""

from __future__ import annotations

import re
from collections import UserDict
from pathlib import Path

from ves_api.app import ROUTES
from ves_api.settings import load

MANUAL = (Path(__file__).parents[2] / "api" / "README.md").read_text(encoding="utf-8")


class Recorder(UserDict[str, str]):
    """An empty environment that remembers what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: str = "") -> str:  # type: ignore[override]
        self.asked.add(key)
        return default


def test_every_setting_is_in_the_manual_and_the_other_way_round() -> None:
    environment = Recorder()
    load(environment)
    table = MANUAL.split("## Settings", 1)[1].split("## ", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert set(re.findall(r"`([A-Z0-9_]+)`", " ".join(rows))) == environment.asked


def test_every_route_is_in_the_manual_and_the_other_way_round() -> None:
    served = {
        f"{str(method).rsplit('.', maxsplit=1)[-1]} {re.sub(r':str', '', path)}"
        for handler in ROUTES
        for path in handler.paths
        for method in handler.http_methods
    }
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", MANUAL, re.MULTILINE)) == served


def test_every_test_file_that_the_manual_names_exists() -> None:
    for name in re.findall(r"`(test_\w+\.py)`", MANUAL):
        assert (Path(__file__).parent / name).exists(), name
