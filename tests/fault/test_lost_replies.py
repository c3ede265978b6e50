"""The API's line to the database is cut at each moment of an ingest call: nothing is lost and nothing doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.api.support import INGEST
from tests.fault.conftest import TEMPLATE
from tests.fault.cutter import Cutter
from tests.fault.system import DATABASE, make_database
from tests.sql.support import Agent, Event, verify
from tests.support.processes import SEQUENCER_PUBLIC_KEY, Server
from tests.support.waiting import wait_until
from ves import receipts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault.cutter import Moment
    from tests.support.cluster import Cluster

MOMENTS: list[Moment] = ["before the call", "during the call", "between commit and reply"]


@pytest.fixture(scope="module")
def edge(mortal: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cutter, Server]]:
    """An API whose database is at the other end of a line that can be cut."""
    make_database(mortal, TEMPLATE)
    log: Path = tmp_path_factory.mktemp("cut") / "api.log"
    with Cutter(mortal.socket) as cutter:
        server = Server(
            f"postgresql://ves_api@127.0.0.1:{cutter.port}/{DATABASE}", {"RUST_LOG": "warn"}
        ).start(log)
        yield cutter, server
        server.stop()


def post(client: httpx.Client, agent: Agent, *events: Event) -> httpx.Response:
    return client.post(INGEST, content=agent.body(*events), headers={"content-type": "application/json"})


def settled(client: httpx.Client, agent: Agent, *events: Event) -> httpx.Response:
    """Send until it is answered, as a client of the protocol does."""

    def answer() -> httpx.Response | None:
        got = post(client, agent, *events)
        assert got.status_code in {200, 503}, got.text
        return got if got.status_code == 200 else None

    return wait_until(answer)  # type: ignore[no-any-return]


@pytest.mark.parametrize("times", [1, 3, 8], ids=["once", "thrice", "more often than a call is tried"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_lost_line_costs_no_event_and_no_number(
    edge: tuple[Cutter, Server], mortal: Cluster, moment: Moment, times: int
) -> None:
    cutter, server = edge
    agent = Agent()
    with mortal.connect(DATABASE, "ves_admin") as admin, server.client() as client:
        agent.register(admin)
        before = agent.event()
        assert post(client, agent, before).status_code == 200
        marked = agent.event(entity_id=f"cut {agent.agent_id}")
        cuts = cutter.cuts
        cutter.arm(f"cut {agent.agent_id}".encode(), moment, times)
        first = settled(client, agent, marked)
        assert cutter.cuts > cuts
        cutter.arm(b"", moment, 0)
        again = settled(client, agent, marked)
        after = settled(client, agent, agent.event())
        numbers = [answer.json()["receipts"][0]["sequenceNumber"] for answer in (first, again, after)]
        assert numbers == [2, 2, 3]
        assert first.text[first.text.index('"receipts"') :] == again.text[again.text.index('"receipts"') :]
        receipt = receipts.decode_receipt(
            first.text[first.text.index('"receipts":[') + 12 :].split("]")[0].encode()
        )
        found = receipts.verify_receipt(
            receipt, agent.tenant_id, agent.store_id, marked.signing_hash, SEQUENCER_PUBLIC_KEY
        )
        assert found == []
        assert verify(admin, agent) == []
