"""Consumers of every kind while transactions stay open, commits are slow and things are killed: no skip, twin or reorder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fault.conftest import TEMPLATE
from tests.fault.consumers import BATCH, WRITERS, World
from tests.fault.system import System, make_database
from tests.rpc.conftest import compiled, stubs
from tests.sql.support import scalar
from tests.support.processes import free_port
from tests.support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.cluster import Cluster

__all__ = ["compiled", "stubs"]
# Defects that make the engine leave out an event, as text of its functions.
PLANTED = {
    "group": (
        "ves.fetch_ranges",
        "c.store_id, c.done_to, c.due_at",
        "c.store_id, c.done_to + 1 as done_to, c.due_at",
    ),
    "queue": ("ves_int.fill_queue", "array_agg(d.done_to + 1)", "array_agg(d.done_to + 2)"),
    "feed": ("ves.read_feed", "array_agg(d.done_to + 1)", "array_agg(d.done_to + 2)"),
}


@pytest.fixture
def system(mortal: Cluster, tmp_path: Path, stubs: None) -> Iterator[System]:
    make_database(mortal, TEMPLATE)
    running = System(mortal, tmp_path)
    running.api.env |= {"GRPC_DISABLED": "false", "GRPC_PORT": str(free_port()), "VES_API_WORKERS": "1"}
    running.start()
    yield running
    running.stop()


@pytest.fixture
def world(system: System) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(*arguments: Any) -> World:
        made.append(World(system, *arguments))
        return made[0]

    yield make
    for one in made:
        one.end()


@pytest.mark.parametrize("events", [3_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_kills_open_snapshots_and_slow_commits_skip_repeat_and_reorder_nothing(
    world: Callable[..., World], system: System, events: int, size: float
) -> None:
    events = int(events * size)
    running = world(events)
    running.start()
    writers = [running.run(running.write, number) for number in range(WRITERS)]
    kills = (running.kill_consumers, system.kill_backend, system.kill_postmaster)
    for share, kill in enumerate(kills, start=1):
        wait_until(lambda share=share: running.written() >= events * share / 4, "the share", seconds=900)
        kill()
    for writer in writers:
        writer.join(900)
    running.wait(seconds=120)
    running.end()
    assert running.failures == []
    assert sum(running.heads().values()) == events // BATCH // WRITERS * BATCH * WRITERS
    running.check()


@pytest.mark.parametrize("kind", sorted(PLANTED))
def test_a_planted_skip_is_found(world: Callable[..., World], system: System, kind: str) -> None:
    running = world(600, (kind,))
    name, sound, planted = PLANTED[kind]
    with system.connect() as owner:
        text = scalar(owner, "select pg_get_functiondef(%s::regproc)", [name])
        assert sound in text
        owner.execute(text.replace(sound, planted))
    running.start()
    running.write(0)
    running.wait()
    running.end()
    assert running.failures == []
    with pytest.raises(AssertionError):
        running.check()
