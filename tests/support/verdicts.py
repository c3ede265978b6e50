"""Judgements over a whole run: each process of the run gathers evidence, and one judges it after the last test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


class Verdicts:
    """Plugin that reports judgements as tests; under pytest-xdist the controller judges what its workers have sent.

    `gather(config)` is the evidence of one process in builtin types (execnet carries it), or None when the run does not
    contain everything that is judged. `judge(evidence of each process)` maps names to what is missing, empty if nothing is.
    """

    def __init__(
        self,
        file: str,
        gather: Callable[[pytest.Config], Any | None],
        judge: Callable[[list[Any]], dict[str, str]],
    ) -> None:
        self._file = file
        self._gather = gather
        self._judge = judge
        self._evidence: list[Any | None] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker process has ended; one that died has left no evidence."""
        self._evidence.append(getattr(node, "workeroutput", {}).get(self._file))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[self._file] = self._gather(session.config)
            return
        evidence = self._evidence or [self._gather(session.config)]
        interrupted = session.shouldstop or session.shouldfail
        if interrupted or session.config.option.collectonly or None in evidence:
            return
        for name, missing in self._judge(evidence).items():
            self._report(session, name, missing)

    def _report(self, session: pytest.Session, name: str, missing: str) -> None:
        report = pytest.TestReport(
            nodeid=f"{self._file}::{name}",
            location=(self._file, None, name),
            keywords={},
            outcome="failed" if missing else "passed",
            longrepr=missing or None,
            when="call",
        )
        session.config.hook.pytest_runtest_logreport(report=report)
        if missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
