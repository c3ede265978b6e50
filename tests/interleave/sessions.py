"""Sessions that take explicit steps: a step runs in a thread, and the server says who waits for whom."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

    from tests.conftest import Database

DEADLINE = 20.0


class Session:
    """One connection in a transaction of its own (or one a step); at most one step at a time."""

    def __init__(self, database: Database, role: str, *, autocommit: bool = False) -> None:
        self.connection: psycopg.Connection[Any] = database.connect(role)
        self.connection.autocommit = autocommit
        self._watch = database.connect()
        self._pool = ThreadPoolExecutor(1)
        self._pid = self.connection.info.backend_pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.cancel_safe(timeout=5)
        self._pool.shutdown()
        self.connection.close()
        self._watch.close()

    def do(self, action: Callable[[psycopg.Connection[Any]], Any]) -> Any:
        """Take a step and wait for its end."""
        return self.start(action).result(timeout=DEADLINE)

    def start(self, action: Callable[[psycopg.Connection[Any]], Any]) -> Future[Any]:
        """Take a step that may have to wait."""
        return self._pool.submit(action, self.connection)

    def commit(self) -> None:
        self.do(lambda connection: connection.commit())

    def rollback(self) -> None:
        self.do(lambda connection: connection.rollback())

    def blockers(self) -> list[int]:
        row = self._watch.execute("select pg_blocking_pids(%s)", [self._pid]).fetchone()
        return [] if row is None else list(row[0])

    def must_wait_for(self, other: Session, step: Future[Any]) -> None:
        """Assert that a started step waits for a lock that the other session holds."""
        limit = time.monotonic() + DEADLINE
        while self.blockers() != [other._pid]:
            assert not step.done(), f"it did not wait: {step.result()}"
            assert time.monotonic() < limit, f"it never waited for the other session: {self.blockers()}"
            time.sleep(0.002)
