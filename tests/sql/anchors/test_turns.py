"""Commitments of many tenants wait for an anchor: whoever has the most of them delays no other."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.sql.support import Agent, Edge, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

WAITING = """
insert into ves_store.commitment_anchors (tenant_id, batch_id, anchor, is_legacy, status, committed_at)
select c.tenant_id, c.batch_id, 'opentimestamps', false, 'pending', c.committed_at from ves_store.ves_commitments as c
"""


class Waiting:
    """Commitments of several tenants, for both anchors, in a database of their own."""

    def __init__(self, database: Database) -> None:
        self.superuser, self.api = database.connect(), database.connect("ves_api")
        self.worker = database.connect("ves_worker")
        self.owners: dict[uuid.UUID, str] = {}

    def commit(self, name: str, count: int) -> list[uuid.UUID]:
        agent = Agent()
        agent.register(self.api)
        Edge.open(self.api).ingest(agent, *agent.events(count))
        one = "select batch_id from ves.create_commitment(%s, %s, %s, %s)"
        made = [scalar(self.api, one, [agent.tenant_id, agent.store_id, n, n]) for n in range(1, count + 1)]
        self.owners |= dict.fromkeys(made, name)
        return made

    def listed(self, most: int, anchor: str = "chain") -> list[uuid.UUID]:
        call = "select batch_id from ves.list_pending_anchors(%s, max_rows => %s)"
        return [batch for (batch,) in self.worker.execute(call, [anchor, most]).fetchall()]

    def shares(self, most: int, anchor: str = "chain") -> Counter[str]:
        return Counter(self.owners[batch] for batch in self.listed(most, anchor))

    def close(self) -> None:
        for connection in (self.superuser, self.api, self.worker):
            connection.close()


@pytest.fixture
def waiting(database: Database) -> Iterator[Waiting]:
    made = Waiting(database)
    yield made
    made.close()


@pytest.mark.parametrize("anchor", ["chain", "opentimestamps"])
def test_tenants_take_turns_and_what_is_left_goes_to_whoever_has_more(waiting: Waiting, anchor: str) -> None:
    busy, quiet = waiting.commit("busy", 8), waiting.commit("quiet", 2)
    if anchor != "chain":
        waiting.superuser.execute(WAITING)
    assert waiting.shares(2, anchor) == {"busy": 1, "quiet": 1}
    assert waiting.shares(6, anchor) == {"busy": 4, "quiet": 2}
    assert waiting.listed(100, anchor) == [*busy, *quiet], "the oldest first"
    assert waiting.listed(0, anchor) == []


def test_of_more_tenants_than_there_are_places_none_is_always_left_out(waiting: Waiting) -> None:
    for name in ("first", "second", "third"):
        waiting.commit(name, 3)
    seen: Counter[str] = Counter()
    for _ in range(60):
        seen += waiting.shares(2)
    assert set(seen) == {"first", "second", "third"}
    assert max(seen.values()) < 60


def test_a_commitment_that_was_asked_for_comes_first_of_its_tenant_and_of_the_first_turn(
    waiting: Waiting,
) -> None:
    busy = waiting.commit("busy", 5)
    [other] = waiting.commit("other", 1)
    wanted = waiting.commit("quiet", 3)[2]
    ask = "select ves.request_anchor('00000000-0000-0000-0000-000000000000', %s)"
    assert scalar(waiting.api, ask, [wanted]) is True
    assert waiting.listed(1) == [wanted]
    for batch in busy:
        assert scalar(waiting.api, ask, [batch]) is True
    assert set(waiting.listed(3)) == {wanted, busy[0], other}
    flags = "select batch_id, is_requested from ves.list_pending_anchors()"
    told = dict(waiting.worker.execute(flags).fetchall())
    assert {batch for batch, is_requested in told.items() if is_requested} == {wanted, *busy}


LEGACY = """
insert into ves_store.commitment_anchors (tenant_id, batch_id, anchor, is_legacy, status, committed_at)
select md5((n % 10)::text)::uuid, gen_random_uuid(), 'chain', true, 'pending', now() from generate_series(1, 20000) as n
"""


def test_a_list_of_the_ves_streams_alone_passes_none_of_the_legacy_ones(waiting: Waiting) -> None:
    made = waiting.commit("busy", 3)
    listing = "select batch_id from ves.list_pending_anchors(include_legacy => false)"
    explained = f"explain (analyze, buffers, format json) {listing}"

    def pages() -> int:
        for _ in range(2):
            plan = scalar(waiting.superuser, explained)[0]["Plan"]
        return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])

    alone = pages()
    waiting.superuser.execute(LEGACY)
    assert pages() <= alone + 40
    assert [batch for (batch,) in waiting.worker.execute(listing).fetchall()] == made
