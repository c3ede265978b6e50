"""A step looks at what it takes and not at what waits, whenever the planner's statistics were taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.plans.explain import Recorder
from tests.plans.statistics import Moments
from tests.plans.waiting_work import TENANTS, WAITING, WORK, Work
from tests.sql.support import scalar

if TYPE_CHECKING:
    import psycopg

    from tests.conftest import Database

FEW, MANY = 40, 2_000
# Of a step of a few rows: another order of look-ups.
SLACK = 60


class Backlog:
    """Work of one kind, waiting in a database, and what the planner knew of it when."""

    def __init__(self, connection: psycopg.Connection[Any], work: Work) -> None:
        self._connection, self._work, self._last = connection, work, 0
        self._tables = [name if "." in name else f"ves_store.{name}" for name in work.tables]
        self._recorder = Recorder(connection)
        connection.execute(work.prepare)
        self.moments = Moments(connection, *self._tables)
        self.moments.analyze("nothing yet")

    def live_through(self, count: int) -> None:
        """So many wait, all are done, so many wait again; statistics are kept of each."""
        self._fill(count)
        self.moments.analyze(f"{count} wait")
        self._run(self._work.finish)
        self.moments.analyze(f"{count} are done")
        self._connection.execute(f"vacuum {', '.join(self._tables)}")
        self.moments.analyze(f"{count} are done and vacuumed")
        self._fill(count)
        self.moments.analyze(f"{count} wait beside done ones")

    def rows(self) -> dict[tuple[str, str], int]:
        """Rows that each step looks at with the statistics of each moment, without an effect."""
        found = {}
        for moment in self.moments.each():
            for step in self._work.steps:
                for _ in range(2):
                    with self._connection.transaction(force_rollback=True):
                        ran = self._recorder.record(
                            lambda step=step: self._connection.execute(step, self._names)
                        )
                found[step, moment] = sum(item.rows for item in ran)
        return found

    def _fill(self, count: int) -> None:
        first = self._last + 1
        self._last += count
        self._run(f"{WAITING};\n{self._work.fill}", {"first": first, "last": self._last})
        self._names = {
            "number": first,
            "row": scalar(self._connection, "select md5('row' || %s)::uuid", [first]),
            "tenant": scalar(self._connection, "select md5('tenant' || mod(%s, %s))::uuid", [first, TENANTS]),
        }

    def _run(self, statements: str, names: dict[str, int] | None = None) -> None:
        """Without triggers and foreign keys."""
        with self._connection.transaction():
            self._connection.execute("set local session_replication_role = replica")
            for statement in statements.split(";\n"):
                self._connection.execute(statement, names if "%(" in statement else None)


@pytest.mark.parametrize("kind", WORK)
def test_a_step_looks_at_what_it_takes_and_not_at_what_waits(database: Database, kind: str) -> None:
    with database.connect() as superuser:
        backlog, found = Backlog(superuser, WORK[kind]), []
        for count in (FEW, MANY):
            backlog.live_through(count)
            found.append(backlog.rows())
    few, many = found
    least = {step: min(rows for (name, _), rows in few.items() if name == step) for step, _ in few}
    assert {
        (step, moment): (rows, least[step])
        for (step, moment), rows in many.items()
        if rows > least[step] + SLACK + WORK[kind].takes
    } == {}
