"""A skip is a failure in CI and in `make test`, unless tests/skips.toml lists it: a missing tool is not a passed test."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

LISTED = Path(__file__).resolve().parents[1] / "skips.toml"
OPTION = "--only-listed-skips"


@dataclass(frozen=True)
class Skip:
    """Patterns (fnmatch) of the test's id below tests/ and of the skip's message, and why the skip is accepted."""

    test: str
    message: str
    reason: str

    def covers(self, nodeid: str, message: str) -> bool:
        return fnmatchcase(nodeid.removeprefix("tests/"), self.test) and fnmatchcase(message, self.message)


def listed(path: Path = LISTED) -> list[Skip]:
    return [Skip(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["skip"]]


class OnlyListedSkips:
    """Plugin that turns the report of a skip without an entry into a failure, at collection as well."""

    def __init__(self, skips: list[Skip]) -> None:
        self._skips = skips

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self,
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        self._judge(report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        self._judge(report)
        return report

    def _judge(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        # An expected failure is reported as a skip too, with `wasxfail`.
        if report.outcome != "skipped" or hasattr(report, "wasxfail"):
            return
        told = report.longrepr
        message = (told[2] if isinstance(told, tuple) else str(told)).removeprefix("Skipped: ")
        if not any(skip.covers(report.nodeid, message) for skip in self._skips):
            report.outcome = "failed"
            report.longrepr = f"skipped, and tests/skips.toml does not list it: {message}"


def add_option(parser: pytest.Parser) -> None:
    parser.addoption(
        OPTION,
        action="store_true",
        default=bool(os.environ.get("CI")),
        help="a skip that tests/skips.toml does not list is a failure; the default where CI is set",
    )


def configure(config: pytest.Config) -> None:
    if config.getoption(OPTION):
        config.pluginmanager.register(OnlyListedSkips(listed()))
