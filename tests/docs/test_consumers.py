"""The examples of docs/consumers.md run as they are printed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sql.support import Agent, Edge

if TYPE_CHECKING:
    from tests.conftest import Database

PAGE = (Path(__file__).parents[2] / "docs" / "consumers.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def fill(database: Database) -> Agent:
    """Three events in one stream and two in another."""
    with database.connect("ves_api") as api:
        agent, edge = Agent(), Edge.open(api)
        agent.register(api)
        edge.ingest(agent, *agent.events(3))
        agent.store_id = uuid.uuid4()
        edge.ingest(agent, *agent.events(2))
    return agent


def test_the_lines_for_psql_read_every_event(database: Database) -> None:
    agent = fill(database)
    printed = []
    for block in blocks("sql"):
        done = subprocess.run(
            [
                *(
                    database.cluster.bin / "psql",
                    database.url("ves_service"),
                    "-AtX",
                    "-v",
                    "ON_ERROR_STOP=1",
                ),
                *("-v", f"tenant={agent.tenant_id}"),
            ],
            input=block,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout.splitlines())
    group, queue, feed = printed
    assert [*group[:2], group[-1], queue[0], feed[0]] == ["t"] * 5
    events = sorted(line.split("|")[1:3] for line in group[4:-1])
    assert events == sorted([str(n), "order.created"] for n in (1, 2, 3, 1, 2))
    assert len(group[2:4]) == len(queue[1:]) == len(feed[1:]) == 2, "two streams"


def test_the_consumer_in_python_prints_each_event_in_order(database: Database) -> None:
    agent = fill(database)
    (program,) = blocks("python")
    assert len(program.splitlines()) <= 24
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "TENANT": str(agent.tenant_id), "DATABASE_URL": database.url("ves_service")},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().split() for _ in range(5)]
        finally:
            process.kill()
    streams: dict[str, list[int]] = {}
    for store, number, *_ in lines:
        streams.setdefault(store, []).append(int(number))
    assert sorted(streams.values()) == [[1, 2], [1, 2, 3]]
