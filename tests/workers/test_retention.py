"""The retention worker: deletes until nothing is left to delete, and remembers since when it has to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sql.support import Agent, Edge, scalar
from tests.support.waiting import wait_until
from tests.workers.conftest import drain
from ves_workers.retention import worker as module

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.conftest import Database


def reject(database: Database, agent: Agent, count: int) -> None:
    with database.connect("ves_api") as connection:
        edge = Edge.open(connection)
        agent.register(connection)
        bad = [agent.event().but(payload_plain_hash="0x" + "11" * 32) for _ in range(count)]
        edge.ingest(agent, agent.event(), *bad)


def kept(database: Database) -> int:
    with database.connect() as connection:
        count: int = scalar(connection, "select count(*) from ves.rejections")
        return count


async def test_steps_follow_each_other_while_there_is_more(
    database: Database, retention_worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 4)
    reject(database, Agent(), 9)
    with database.connect("ves_admin") as admin:
        admin.execute("select ves.set_limit('rejections', 1)")
    await drain(retention_worker)
    assert retention_worker.counters() == {"rejections": 8, "api_keys": 0, "dead_letters": 0}
    assert kept(database) == 1
    reject(database, Agent(), 3)
    await drain(retention_worker)
    assert kept(database) == 2


def test_the_process_deletes_by_itself(database: Database, start: Callable[..., Any]) -> None:
    with database.connect("ves_admin") as admin:
        admin.execute("select ves.set_limit('rejections', 2)")
    process = start("retention", VES_RETENTION_POLL_MS="10")
    reject(database, Agent(), 9)
    wait_until(lambda: kept(database) == 2, "the newest two are left")
    assert process.stop() == 0
