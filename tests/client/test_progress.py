"""Progress of a push and the wait for it: exact, and as cheap for a large outbox as for a small one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from tests.cli.offline import AGENT, STORE, TENANT
from tests.client.original import Original
from tests.client.test_outbox import Send, record
from ves_client import Outbox, Progress, wait
from ves_client.progress import Backlog

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.client.double import Double


class Steps:
    """Counts the instructions that SQLite runs for an outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self.count = 0
        with outbox.transaction() as connection:
            connection.set_progress_handler(self._step, 1)

    def _step(self) -> int:
        self.count += 1
        return 0


def steps_of_progress(folder: Path, rows: int) -> list[int]:
    """SQLite's instructions for each estimate but the first while events are pushed in batches of ten."""
    folder.mkdir()
    with Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox:
        original = Original(folder / "shop.db", (TENANT, STORE))
        original.rows.execute("begin")
        for _ in range(rows):
            original.append()
        original.rows.execute("commit")
        original.close()
        steps, backlog = Steps(outbox), Backlog(outbox)
        assert backlog.after(0) == rows
        told = []
        for batch in range(4):
            before = steps.count
            assert backlog.after(10) == rows - 10 * (batch + 1)
            told.append(steps.count - before)
        return told


def test_an_estimate_of_what_is_left_costs_the_same_however_much_is_left(tmp_path: Path) -> None:
    few, many = (steps_of_progress(tmp_path / str(rows), rows) for rows in (100, 10_000))
    assert few == many


def steps_of_waits(folder: Path, held: int, rows: int) -> tuple[int, int]:
    """SQLite's instructions for a look of a wait that begins, and for one that goes on, with held rows before the others."""
    folder.mkdir()
    with Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox:
        original = Original(folder / "shop.db", (TENANT, STORE))
        original.rows.execute("begin")
        for n in range(held + rows):
            original.append(entity_id=f"{n}")
        original.rows.execute(
            "insert into ves_envelopes (event_id, envelope, signing_hash, refused_at)"
            " select event_id, x'', x'', 'then' from outbox order by id limit ?",
            (held,),
        )
        original.rows.execute("commit")
        original.close()
        steps = Steps(outbox)
        assert not wait(outbox, timeout=0)
        began = steps.count
        assert outbox.first_unsettled(held, outbox.last_row()) == held + 1
        return began, steps.count - began


def test_a_look_of_a_wait_costs_the_same_however_much_is_left(tmp_path: Path) -> None:
    few, many = (steps_of_waits(tmp_path / str(rows), 0, rows) for rows in (10, 5_000))
    assert few == many
    few_held, many_held = (steps_of_waits(tmp_path / f"held {held}", held, 10) for held in (10, 5_000))
    assert few_held[1] == many_held[1], "rows that were passed are not read again"


def test_a_wait_goes_on_for_an_event_that_was_refused_and_released(
    outbox: Outbox, double: Double, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = map(UUID, record(outbox, 2))

    def hold_both_and_release_the_second() -> None:
        double.refuse = lambda _: "policy"
        send()
        double.refuse = lambda _: None
        outbox.release(second)

    def send_the_second_and_release_the_first() -> None:
        send()
        outbox.release(first)

    due = iter((hold_both_and_release_the_second, send_the_second_and_release_the_first, send))
    monkeypatch.setattr("ves_client.sync.time.sleep", lambda _: next(due)())
    assert wait(outbox)
    assert double.order == [str(second), str(first)]
    assert next(due, None) is None


def test_the_counts_of_a_push_together_are_in_proportion_to_its_events(
    outbox: Outbox, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(outbox, 640)
    counted: list[int] = []
    count = Outbox.unsettled

    def counting(*given: Any, **named: Any) -> int:
        counted.append(count(*given, **named))
        return counted[-1]

    monkeypatch.setattr(Outbox, "unsettled", counting)
    told: list[Progress] = []
    send(batch=10, on_progress=told.append)
    assert [(it.done, it.total) for it in told] == [(n, 640) for n in range(10, 641, 10)]
    assert 640 < sum(counted) < 2 * 640


def test_an_estimate_takes_in_what_is_recorded_and_what_others_push(outbox: Outbox, send: Send) -> None:
    record(outbox, 20)
    backlog = Backlog(outbox)
    assert backlog.after(0) == 20
    record(outbox, 3)
    assert backlog.after(5) == 18
    send()
    backlog.recount()
    assert backlog.after(0) == 0


def test_progress_tells_what_is_done_and_left(outbox: Outbox, send: Send) -> None:
    record(outbox, 5)
    told: list[Progress] = []
    send(batch=2, on_progress=told.append)
    assert [(it.done, it.total) for it in told] == [(2, 5), (4, 5), (5, 5)]
    assert told[-1].remaining == 0
    assert told[0].rate > 0
    assert Progress(100, 300, 10.0).rate == 10
    assert Progress(100, 300, 10.0).remaining == 20
    assert Progress(0, 300, 10.0).remaining is None
