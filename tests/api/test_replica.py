"""Reads from a real streaming replica: no answer contradicts a receipt that the client holds.

One primary and one standby for the module. `wal_replay_pause` makes the standby provably behind; counters of
`/health/detailed` show who answered.
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.api.legacy_support import COMMITMENTS, EVENTS, PROOFS, Sender
from tests.api.support import Agent, admin_call, assert_error
from tests.api.test_credentials import mint, revoke
from tests.conftest import Database
from tests.support.cluster import Cluster, discard, new_cluster, new_standby
from tests.support.processes import Server
from tests.support.waiting import wait_until
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

NAME = "replicated"


@dataclass
class Pair:
    """A primary, its standby, and the server that uses both."""

    primary: Cluster
    standby: Cluster

    def caught_up(self) -> None:
        """Wait until the standby has replayed what the primary has written."""
        with self.primary.connect() as connection:
            row = connection.execute("select pg_current_wal_lsn()::text").fetchone()
            assert row is not None
            wanted = row[0]

        def replayed() -> bool:
            with self.standby.connect() as connection:
                row = connection.execute("select pg_last_wal_replay_lsn() >= %s::pg_lsn", [wanted]).fetchone()
            return bool(row and row[0])

        wait_until(replayed)

    @contextmanager
    def behind(self) -> Iterator[None]:
        """The standby replays nothing inside, and has replayed everything afterwards."""
        with self.standby.connect() as connection:
            connection.execute("select pg_wal_replay_pause()")
            wait_until(
                lambda: connection.execute("select pg_get_wal_replay_pause_state()").fetchone() == ("paused",)
            )
        try:
            yield
        finally:
            with self.standby.connect() as connection:
                connection.execute("select pg_wal_replay_resume()")
        self.caught_up()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    primary = new_cluster()
    with primary.connect() as connection:
        connection.execute(f"create database {NAME}")
        connection.execute("create database stranger")
    install(primary.url(NAME))
    standby = new_standby(primary)
    yield Pair(primary, standby)
    discard(standby)
    discard(primary)


@contextmanager
def serving(primary: Cluster, read_url: str, log: Path, **env: str) -> Iterator[Server]:
    running = Server(primary.url(NAME, "ves_api"), {"READ_DATABASE_URL": read_url, **env}).start(log)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def server(pair: Pair, tmp_path: Path) -> Iterator[Server]:
    with serving(pair.primary, pair.standby.url(NAME, "ves_api"), tmp_path / "server.log") as running:
        yield running


def reads(client: httpx.Client) -> dict[str, Any]:
    answer = client.get("/health/detailed")
    found: dict[str, Any] = answer.json()["components"]["reads"]
    return found


@contextmanager
def answered_by(client: httpx.Client, who: str, count: int = 1) -> Iterator[None]:
    """Inside, exactly so many reads are answered by the replica or the primary, and none by the other."""
    before = reads(client)
    yield
    after = reads(client)
    gained = {
        name: after[f"answered_by_{name}"] - before[f"answered_by_{name}"] for name in ("replica", "primary")
    }
    assert gained == {"replica": 0, "primary": 0, who: count}


def window(sender: Sender, client: httpx.Client, first: int, count: int) -> list[int]:
    answer = sender.get(client, EVENTS, **{"from": first, "limit": count})
    assert answer.status_code == 200, answer.text
    return [event["envelope"]["sequence_number"] for event in answer.json()["events"]]


def commit(client: httpx.Client, agent: Agent, last: int) -> dict[str, Any]:
    """The VES commitment of the agent's stream from 1 to `last`."""
    body = {**stream(agent), "sequence_start": 1, "sequence_end": last}
    answer = client.post("/api/v1/ves/commitments", json=body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def ves_proof(client: httpx.Client, agent: Agent, number: int, batch_id: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/ves/proofs/{number}", params={**stream(agent), "batch_id": batch_id})
    assert answer.status_code == 200, answer.text
    proof: dict[str, Any] = answer.json()
    return proof


def stream(agent: Agent) -> dict[str, str]:
    return {"tenant_id": str(agent.tenant_id), "store_id": str(agent.store_id)}


def anchor(primary: Cluster, batch_id: str) -> None:
    """What the anchoring worker writes when it has seen finality."""
    with primary.connect(NAME) as connection:
        connection.execute(
            "select ves.record_anchor(%s, sha256('tx'), 84532001, 7)",
            [batch_id],
        )


def names(standby: Cluster) -> set[str]:
    """What the API's connections call themselves."""
    with standby.connect() as connection:
        query = "select application_name from pg_stat_activity where usename = 'ves_api'"
        return {row[0] for row in connection.execute(query).fetchall()}


def backends(standby: Cluster) -> list[int]:
    """The processes that serve the API's connections."""
    with standby.connect() as connection:
        rows = connection.execute("select pid from pg_stat_activity where usename = 'ves_api'").fetchall()
    return [row[0] for row in rows]


def test_a_complete_window_comes_from_the_replica_and_an_incomplete_one_from_the_primary(
    pair: Pair, server: Server
) -> None:
    sender = Sender()
    with server.client() as client:
        sender.send(client, 10)
        pair.caught_up()
        with answered_by(client, "replica"):
            assert window(sender, client, 1, 10) == list(range(1, 11))
        assert names(pair.standby) == {"stateset-sequencer-read"}
        with answered_by(client, "replica"):
            assert window(sender, client, 0, 4) == [1, 2, 3]
        # The stream ends before the window does: only the primary knows that.
        with answered_by(client, "primary"):
            assert window(sender, client, 8, 10) == [8, 9, 10]
        with answered_by(client, "primary"):
            assert window(sender, client, 11, 10) == []


def test_a_replica_that_is_behind_never_hides_what_a_client_was_told(pair: Pair, server: Server) -> None:
    """Events, commitments and proofs made while the standby stands still are answered, from the primary."""
    sender, agent = Sender(), Agent()
    with server.client() as client:
        agent.register(client)
        sender.send(client, 3)
        pair.caught_up()
        with pair.behind():
            sender.send(client, 3)
            assert agent.ingest(client, *[agent.event() for _ in range(4)]).json()["headSequence"] == 4
            with answered_by(client, "primary"):
                assert window(sender, client, 1, 6) == [1, 2, 3, 4, 5, 6]
            with answered_by(client, "replica"):
                assert window(sender, client, 1, 3) == [1, 2, 3]
            assert sender.get(client, "/api/v1/head").json()["head_sequence"] == 6
            made = sender.commit(client, 1, 6).json()
            with answered_by(client, "primary", 2):
                assert client.get(f"{COMMITMENTS}/{made['batch_id']}").status_code == 200
                proof = sender.get(client, f"{PROOFS}/4", batch_id=made["batch_id"]).json()
            assert proof["events_root"] == made["events_root"]
            ves = commit(client, agent, 4)
            with answered_by(client, "primary"):
                answer = ves_proof(client, agent, 2, ves["batch_id"])
            assert answer["merkle_root"] == ves["merkle_root"]
        with answered_by(client, "replica"):
            assert window(sender, client, 1, 6) == [1, 2, 3, 4, 5, 6]
        with answered_by(client, "replica"):
            proof = sender.get(client, f"{PROOFS}/5", batch_id=made["batch_id"]).json()
        assert proof["events_root"] == made["events_root"]
        with answered_by(client, "replica"):
            assert ves_proof(client, agent, 3, ves["batch_id"])["merkle_root"] == ves["merkle_root"]


def test_a_replica_that_is_behind_revives_no_revoked_key(pair: Pair, server: Server) -> None:
    """The replica still holds both keys as good; nobody asks it."""
    database, agent, sender = Database(pair.primary, NAME), Agent(), Sender()
    with server.client() as client:
        agent.register(client)
        sender.send(client, 3)
        assert agent.ingest(client, agent.event()).json()["eventsAccepted"] == 1
        key = mint(database, sender.tenant_id)
        with server.client(key=key) as holder:
            pair.caught_up()
            assert window(sender, holder, 1, 3) == [1, 2, 3]
            with pair.behind():
                revoke(database, key, sender.tenant_id)
                admin_call(
                    database, "select ves.revoke_agent_key(%s, %s, 1)", agent.tenant_id, agent.agent_id
                )
                refused = sender.get(holder, EVENTS, **{"from": 1, "limit": 3})
                assert_error(refused, 401, "INVALID_API_KEY")
                assert agent.ingest(client, agent.event()).json()["eventsRejected"] == 1


def test_proof_inputs_come_from_the_replica_once_it_has_them(pair: Pair, server: Server) -> None:
    agent = Agent()
    with server.client() as client:
        agent.register(client)
        agent.ingest(client, agent.event())
        pair.caught_up()
        with pair.behind():
            made = commit(client, agent, 1)
            path = f"/api/v1/ves/validity/{made['batch_id']}/inputs"
            with answered_by(client, "primary"):
                told = client.get(path).json()
        with answered_by(client, "replica"):
            assert client.get(path).json() == told


def test_chain_fields_come_from_the_primary_until_they_are_final(
    pair: Pair, server: Server, tmp_path: Path
) -> None:
    agent = Agent()
    with server.client() as client:
        agent.register(client)
        agent.ingest(client, agent.event())
        made = commit(client, agent, 1)
        path = f"/api/v1/ves/commitments/{made['batch_id']}"
        pair.caught_up()
        with answered_by(client, "primary"):
            assert client.get(path).json()["anchored_at"] is None
        with pair.behind():
            anchor(pair.primary, made["batch_id"])
            with answered_by(client, "primary"):
                assert client.get(path).json()["anchored_at"] is not None
        # Final now, and so the process keeps it.
        with answered_by(client, "primary", 0):
            assert client.get(path).json()["chain_block_number"] == 7
    replica = pair.standby.url(NAME, "ves_api")
    with (
        serving(pair.primary, replica, tmp_path / "another.log") as another,
        another.client() as client,
        answered_by(client, "replica"),
    ):
        assert client.get(path).json()["chain_block_number"] == 7


def test_a_replica_that_dies_costs_no_answer_and_is_used_again_when_it_is_back(
    pair: Pair, server: Server
) -> None:
    sender = Sender()
    with server.client() as client:
        sender.send(client, 5)
        pair.caught_up()
        for moment in range(60):
            if moment == 20:
                pair.standby.stop("immediate")
            if moment == 40:
                pair.standby.start()
            sender.send(client, 1)
            head = 6 + moment
            assert window(sender, client, 1, head) == list(range(1, head + 1))
        assert reads(client)["replica_unavailable"] > 0

        def used_again() -> bool:
            before = reads(client)["answered_by_replica"]
            window(sender, client, 1, 5)
            return bool(reads(client)["answered_by_replica"] > before)

        wait_until(used_again)
        wait_until(lambda: reads(client)["replica"] == "used")
        told = client.get("/metrics").text
        assert 'sequencer_circuit_breaker_state{circuit="replica"} 0\n' in told
        for outcome in ("failures", "rejections", "successes"):
            found = re.search(rf'(?m)^sequencer_circuit_breaker_{outcome}{{circuit="replica"}} (\d+)$', told)
            assert found is not None, outcome
            assert int(found[1]) > 0, outcome
        [breaker] = client.get("/health/detailed").json()["components"]["circuit_breakers"]
        assert (breaker["name"], breaker["state"]) == ("replica", "closed")
        assert all(breaker[figure] > 0 for figure in ("successes", "failures", "rejected"))


def test_a_replica_that_is_down_costs_few_requests_its_time_limit(pair: Pair, tmp_path: Path) -> None:
    """Nothing listens at this address: the first read finds out, the others do not wait."""
    nowhere = f"postgresql://ves_api@/{NAME}?host={tmp_path}"
    sender = Sender()
    with serving(pair.primary, nowhere, tmp_path / "server.log") as running, running.client() as client:
        sender.send(client, 3)
        assert window(sender, client, 1, 3) == [1, 2, 3]
        assert reads(client)["replica"] == "resting"
        report = client.get("/health/detailed").json()
        assert [b["state"] for b in report["components"]["circuit_breakers"]] == ["open"]
        assert report["status"] == "degraded"
        assert client.get("/health/detailed").json()["status"] == "degraded"
        started = time.monotonic()
        for _ in range(20):
            assert window(sender, client, 1, 3) == [1, 2, 3]
        assert time.monotonic() - started < 20 * 0.5, "each waited for READ_DB_ACQUIRE_TIMEOUT_MS"


def test_a_replica_that_stands_still_is_given_up_in_time(pair: Pair, server: Server) -> None:
    """Stopped processes keep their connections: no error ever comes, only silence."""
    sender = Sender()
    with server.client() as client:
        sender.send(client, 3)
        pair.caught_up()
        with answered_by(client, "replica"):
            window(sender, client, 1, 3)
        pids = backends(pair.standby)
        assert pids
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            assert window(sender, client, 1, 3) == [1, 2, 3]
            assert reads(client)["replica"] == "resting"
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("what", ["primary", "stranger"])
def test_a_server_that_is_no_standby_of_the_primary_is_not_believed(
    pair: Pair, tmp_path: Path, what: str
) -> None:
    """The primary itself, or another database of the standby."""
    url = pair.primary.url(NAME, "ves_api") if what == "primary" else pair.standby.url("stranger", "ves_api")
    sender = Sender()
    log = tmp_path / "server.log"
    with serving(pair.primary, url, log) as running, running.client() as client:
        sender.send(client, 3)
        with answered_by(client, "primary"):
            assert window(sender, client, 1, 3) == [1, 2, 3]
        assert "replica_refused" in running.log_text()


def test_a_replica_that_was_promoted_is_not_believed_any_more(pair: Pair, tmp_path: Path) -> None:
    """It has a history of its own from then on; connections from before survive a promotion."""
    standby = new_standby(pair.primary)
    sender = Sender()
    log = tmp_path / "server.log"
    try:
        url = standby.url(NAME, "ves_api")
        with serving(pair.primary, url, log) as running, running.client() as client:
            sender.send(client, 3)
            Pair(pair.primary, standby).caught_up()
            with answered_by(client, "replica"):
                assert window(sender, client, 1, 3) == [1, 2, 3]
            with standby.connect() as connection:
                connection.execute("select pg_promote()")
            with answered_by(client, "primary"):
                assert window(sender, client, 1, 3) == [1, 2, 3]
            assert reads(client)["replica"] == "resting"
    finally:
        discard(standby)


def test_the_replica_is_never_written_to(pair: Pair) -> None:
    """A standby refuses writes by itself; the API's role has nothing else to hold on to."""
    with (
        pair.standby.connect(NAME, "ves_api") as connection,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        connection.execute("create temporary table t ()")
