"""kill -9 before each SQL statement of record, push, prune and pull: nothing is lost, nothing doubled, the order stays."""

from __future__ import annotations

import multiprocessing
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client import victim
from tests.client.double import Double
from tests.client.grpc_double import serving_grpc
from tests.client.test_pull import arrive
from ves_client import Outbox, Sequencer, Trust, pull, push

MOST_STATEMENTS = 400


@pytest.fixture(scope="module")
def processes() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.client.victim"])
    return context


def run(processes: Any, folder: Path, url: str, statement: int, life: Any = victim.live) -> int:
    process = processes.Process(target=life, args=(folder, url, statement))
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return int(process.exitcode)


def finish(folder: Path, double: Double) -> list[str]:
    """Let the agent come back and push; the entities that the file holds or held, by number."""
    with (
        Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox,
        Sequencer(double.url, "ss_x") as sequencer,
    ):
        push(outbox, sequencer, Trust((SEQUENCER_KEY,)), batch=3)
        status = outbox.status()
        assert (status.local, status.pushed, status.refused) == (0, 0, status.refused)
        return [str(item.event_id) for item in outbox.receipts()]


def check(folder: Path, double: Double) -> None:
    receipts = finish(folder, double)
    assert receipts == double.order, "each event that is stored has its receipt, and no other"
    entities = [double.stored[event_id]["entity_id"] for event_id in double.order]
    with sqlite3.connect(folder / "shop.db") as connection:
        exists = connection.execute("select 1 from sqlite_master where name = 'orders'").fetchone()
        orders = [row[0] for row in connection.execute("select id from orders order by id")] if exists else []
    connection.close()
    listed = folder / "acknowledged"
    acknowledged = listed.read_text().split() if listed.exists() else []
    assert entities == orders, "each business change has its event, once and in order"
    assert orders[: len(acknowledged)] == acknowledged
    assert len(orders) - len(acknowledged) <= 1


def kill_before_every_statement(
    processes: Any, double: Double, tmp_path: Path, fault: Callable[[Double], str | None], url: str
) -> None:
    statement, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        statement += 1
        assert statement < MOST_STATEMENTS
        folder = tmp_path / str(statement)
        folder.mkdir()
        double.order.clear()
        double.stored.clear()
        double.bodies.clear()
        double.fault = fault
        code = run(processes, folder, url, statement)
        double.fault = lambda _: None
        check(folder, double)
    assert code == 0
    assert statement > 60, "the kills reached every phase"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda _: None, id="an honest server"),
        pytest.param(lambda it: "lose answer" if len(it.bodies) % 2 else None, id="answers are lost"),
        pytest.param(lambda it: "lose" if len(it.bodies) % 2 else None, id="requests are lost"),
    ],
)
def test_a_kill_before_any_statement_loses_and_doubles_nothing(
    processes: Any, double: Double, tmp_path: Path, fault: Callable[[Double], str | None]
) -> None:
    kill_before_every_statement(processes, double, tmp_path, fault, double.url)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda _: None, id="an honest server"),
        pytest.param(
            lambda it: "lose answer" if (it.pushes + len(it.bodies)) % 3 == 1 else None, id="answers are lost"
        ),
    ],
)
def test_a_kill_before_any_statement_of_a_push_over_the_stream_does_neither(
    processes: Any, double: Double, tmp_path: Path, fault: Callable[[Double], str | None]
) -> None:
    with serving_grpc(double) as target:
        kill_before_every_statement(processes, double, tmp_path, fault, f"{target} {double.url}")
    assert double.pushes > 30, "the stream was used"


def test_a_kill_before_any_statement_of_a_pull_skips_and_doubles_nothing(
    processes: Any, double: Double, tmp_path: Path
) -> None:
    ids = arrive(double, 5)
    statement, code = 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        statement += 1
        assert statement < MOST_STATEMENTS
        folder = tmp_path / str(statement)
        folder.mkdir()
        code = run(processes, folder, double.url, statement, victim.follow)
        with (
            Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox,
            Sequencer(double.url, "ss_x") as sequencer,
        ):
            found = sqlite3.connect(folder / "shop.db")
            before = [row[0] for row in found.execute("select event_id from pulled_events order by 1")]
            assert sorted(ids[: outbox.last_pulled()]) == before, (
                "the cursor and the events are one transaction"
            )
            pull(outbox, sequencer, Trust((SEQUENCER_KEY,)))
            rows = found.execute("select event_id from pulled_events order by sequence_number").fetchall()
            found.close()
            assert [row[0] for row in rows] == ids == [str(item.event_id) for item in outbox.receipts()]
            assert outbox.entity_version("order", "P-0") == 1
        seen = folder / "seen"
        assert not seen.exists() or seen.read_text().split() == [
            str(n + 1) for n in range(len(seen.read_text().split()))
        ]
    assert code == 0
    assert statement > 60, "the kills reached every phase"
