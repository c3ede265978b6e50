"""Pulling: every event is verified before it is stored, and what contradicts an earlier answer stops the sync."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double, assert_stopped, directory_key, receipt_for
from ves_client import (
    AgentKey,
    ClientError,
    Event,
    Exit,
    Outbox,
    Pulled,
    PulledEvent,
    Pushed,
    Sequencer,
    Trust,
    follow,
    pull,
    pull_async,
    sign_event,
)
from ves_client.contradictions import check_contradiction, decode_contradiction, describe

Send = Callable[..., Pushed]
Fetch = Callable[..., Pulled]
TRUST = Trust((SEQUENCER_KEY,))
OTHER = AgentKey(uuid.UUID(int=77), 1, bytes(range(32)))


@pytest.fixture
def fetch(double: Double, outbox: Outbox) -> Callable[..., Pulled]:
    """Pull from the double, trusting the key that signs its receipts."""

    def run(**options: Any) -> Pulled:
        with Sequencer(double.url, "ss_x") as sequencer:
            return pull(outbox, sequencer, TRUST, **options)

    return run


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Query the outbox file as another program would."""
    connection = sqlite3.connect(tmp_path / "shop.db")
    yield lambda statement: connection.execute(statement).fetchall()
    connection.close()


def arrive(double: Double, count: int, key: AgentKey = OTHER, **changes: Any) -> list[str]:
    """Events of another agent that the double has sequenced; returns their ids."""
    double.keys[str(key.agent_id)] = [directory_key(key.key_id, key.public_key)]
    ids = []
    for n in range(count):
        event = Event(uuid.uuid4(), "order", f"P-{n}", "order.paid", "2026-01-02T03:04:05Z", b'{"n":%d}' % n)
        event = dataclasses.replace(event, **changes)
        signed = sign_event(key, TENANT, STORE, event)
        double.stored[str(event.event_id)] = json.loads(signed.text)
        double.order.append(str(event.event_id))
        ids.append(str(event.event_id))
    return ids


def assert_refused(fetch: Fetch, finding: str) -> None:
    with pytest.raises(ClientError) as refused:
        fetch()
    assert (refused.value.status, refused.value.code) == (Exit.CHECK_FAILED, "check_failed")
    assert finding in f"{refused.value.message} {refused.value.details}"


def test_events_of_all_agents_are_pulled_in_order_with_a_cursor(
    outbox: Outbox, double: Double, send: Send, fetch: Fetch, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    outbox.record("order", "O-1", "order.created", {"total": 9})
    send()
    arrive(double, 4)
    seen: list[PulledEvent] = []
    done = fetch(limit=2, on_event=seen.append)
    assert done == Pulled(events=5, last_sequence=5, head_sequence=5, complete=True)
    assert double.windows == [(1, 2), (3, 2), (5, 2)]
    assert [str(pulled.event.event_id) for pulled in seen] == double.order
    stored = rows("select sequence_number, event_id, payload, source_agent from pulled_events order by 1")
    assert stored[0] == (1, double.order[0], '{"total": 9}', str(AGENT.agent_id))
    assert stored[4] == (5, double.order[4], '{"n": 3}', str(OTHER.agent_id))
    status = outbox.status()
    assert (status.last_pulled_sequence, status.head_sequence) == (5, 5)
    assert fetch() == Pulled(events=0, last_sequence=5, head_sequence=5, complete=True)
    arrive(double, 1)
    assert fetch().events == 1
    assert double.windows[-1][0] == 6


def test_the_row_has_the_columns_of_the_original(
    double: Double, fetch: Fetch, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    command = uuid.uuid4()
    [event_id] = arrive(double, 1)
    double.stored[event_id] |= {"command_id": str(command), "base_version": 6}
    fetch()
    [row] = rows(
        "select sequence_number, event_id, command_id, tenant_id, store_id, entity_type, entity_id, event_type,"
        " payload, payload_hash, base_version, created_at, sequenced_at, source_agent from pulled_events"
    )
    event = double.stored[event_id]
    plain = event["payload_plain_hash"].removeprefix("0x")
    assert row[:10] == (
        1,
        event_id,
        str(command),
        str(TENANT),
        str(STORE),
        "order",
        "P-0",
        "order.paid",
        '{"n": 0}',
        plain,
    )
    assert row[10:] == (6, "2026-01-02T03:04:05Z", "2026-01-01T00:00:00+00:00", str(OTHER.agent_id))


def test_the_version_of_an_entity_follows_its_events(outbox: Outbox, double: Double, fetch: Fetch) -> None:
    assert outbox.entity_version("order", "P-0") == 0
    arrive(double, 2, entity_id="P-0")
    fetch()
    assert outbox.entity_version("order", "P-0") == 2
    [event_id] = arrive(double, 1, entity_id="P-0")
    double.stored[event_id]["base_version"] = 4
    fetch()
    assert outbox.entity_version("order", "P-0") == 5


def test_an_event_whose_receipt_is_not_signed_yet_waits_for_a_later_pull(
    double: Double, fetch: Fetch
) -> None:
    arrive(double, 4)
    double.unsealed = {3}
    assert fetch() == Pulled(events=2, last_sequence=2, head_sequence=4, complete=False)
    double.unsealed = set()
    assert fetch() == Pulled(events=2, last_sequence=4, head_sequence=4, complete=True)


def test_a_deadline_ends_a_pull_between_windows(double: Double, fetch: Fetch) -> None:
    arrive(double, 4)
    assert fetch(limit=2, deadline=0.0) == Pulled(events=2, last_sequence=2, head_sequence=4, complete=False)


def test_two_pulls_on_one_file_store_each_event_once(double: Double, outbox: Outbox, tmp_path: Path) -> None:
    arrive(double, 40)
    seen: list[int] = []

    async def both() -> None:
        with (
            Outbox(tmp_path / "shop.db", AGENT, TENANT, STORE) as other,
            Sequencer(double.url, "ss_x") as sequencer,
        ):
            runs = (
                pull_async(
                    each,
                    sequencer,
                    TRUST,
                    limit=3,
                    on_event=lambda pulled: seen.append(pulled.sequence_number),
                )
                for each in (outbox, other)
            )
            await asyncio.gather(*runs)

    asyncio.run(both())
    assert sorted(seen) == list(range(1, 41))
    assert outbox.status().last_pulled_sequence == 40


def change(**members: Any) -> Callable[[dict[str, Any]], Any]:
    """A lie about the second event of a window."""

    def lie(answer: dict[str, Any]) -> Any:
        item = answer["events"][1]
        answer["events"][1] = item | {"event": item["event"] | members}
        return answer

    return lie


@pytest.mark.parametrize(
    ("lie", "finding"),
    [
        (change(payload={"n": 9}), "payload does not match payload_plain_hash"),
        (change(entity_id="P-9"), "signature verification failed"),
        (change(agent_key_id=2), "has no key 2"),
        (change(tenant_id=str(uuid.UUID(int=5))), "it is of another stream"),
        (change(created_at=None), "malformed event 2"),
        (lambda answer: answer | {"events": answer["events"][::-1]}, "sent an event that does not verify"),
        (lambda answer: answer | {"head_sequence": 2}, "sent number 3 where"),
    ],
)
def test_an_event_that_does_not_verify_is_refused_with_its_window(
    outbox: Outbox, double: Double, fetch: Fetch, lie: Callable[[Any], Any], finding: str
) -> None:
    arrive(double, 3)
    double.lie_window = lie
    if finding.startswith("sent an event"):
        double.lie_window = lambda answer: (
            answer
            | {"events": [item | {"sequence_number": n} for n, item in enumerate(answer["events"][::-1], 1)]}
        )
    assert_refused(fetch, finding)
    assert (outbox.status().last_pulled_sequence, len(list(outbox.receipts()))) == (0, 0)


def test_an_event_that_comes_again_within_a_window_is_refused(double: Double, fetch: Fetch) -> None:
    arrive(double, 2)
    double.lie_window = lambda answer: answer | {"events": [answer["events"][0], *answer["events"]]}
    assert_refused(fetch, "sent number 1 where 2 was due")


def test_a_window_that_is_no_window_is_refused(double: Double, fetch: Fetch) -> None:
    double.lie_window = lambda _: b"[" * 10_000
    with pytest.raises(ClientError) as refused:
        fetch()
    assert refused.value.status == Exit.UNREACHABLE


def test_another_key_under_a_known_number_is_refused(double: Double, fetch: Fetch) -> None:
    arrive(double, 1)
    fetch()
    thief = dataclasses.replace(OTHER, key_id=2, seed=bytes(32))
    arrive(double, 1, thief)
    double.keys[str(OTHER.agent_id)].append(directory_key(1, thief.public_key))
    assert_refused(fetch, "another public key under a known number")


def test_a_number_given_twice_convicts(outbox: Outbox, double: Double, send: Send, fetch: Fetch) -> None:
    outbox.record("order", "O-1", "order.created", {})
    send()
    double.order.clear()
    arrive(double, 1)
    path = assert_stopped(fetch, "number_given_twice")
    assert check_contradiction(decode_contradiction(path.read_bytes()), TRUST) == []
    assert outbox.status().last_pulled_sequence == 0


def test_a_head_that_went_back_stops_the_sync(double: Double, fetch: Fetch) -> None:
    arrive(double, 3)
    fetch()
    double.order.pop()
    path = assert_stopped(fetch, "head_went_back")
    assert check_contradiction(decode_contradiction(path.read_bytes()), TRUST) == []


def test_a_gap_stops_the_sync_with_the_receipt_of_the_number_above(
    outbox: Outbox, double: Double, fetch: Fetch
) -> None:
    arrive(double, 4)
    double.lie_window = lambda answer: answer | {"events": [answer["events"][0], *answer["events"][2:]]}
    path = assert_stopped(fetch, "number_missing")
    found = decode_contradiction(path.read_bytes())
    assert describe(found) == "number 3 had been given, and no event came under 2"
    assert check_contradiction(found, TRUST) == []
    assert outbox.status().last_pulled_sequence == 0
    outbox.resume()
    double.lie_window = lambda answer: answer
    assert fetch().events == 4


def test_a_stream_that_ends_below_its_head_stops_the_sync(double: Double, fetch: Fetch) -> None:
    arrive(double, 2)
    fetch()
    double.lie_window = lambda answer: answer | {"head_sequence": 3}
    path = assert_stopped(fetch, "number_missing")
    found = decode_contradiction(path.read_bytes())
    assert describe(found) == "the head was 3, and no event came under 3"
    assert check_contradiction(found, TRUST) == ["the content does not show the contradiction number_missing"]


def test_a_receipt_of_another_event_is_refused(double: Double, fetch: Fetch) -> None:
    arrive(double, 2)
    other = receipt_for(double.stored[double.order[1]], 1)
    double.lie_window = lambda answer: (
        answer | {"events": [answer["events"][0] | {"receipt": other}, answer["events"][1]]}
    )
    assert_refused(fetch, "its receipt is for another event or number")


def test_a_shredded_payload_is_stored_as_null(
    double: Double, fetch: Fetch, rows: Callable[..., list[tuple[Any, ...]]]
) -> None:
    [event_id] = arrive(double, 1)
    del double.stored[event_id]["payload"]
    assert_refused(fetch, "payload does not match")
    double.lie_window = lambda answer: (
        answer | {"events": [item | {"payload_shredded": True} for item in answer["events"]]}
    )
    assert fetch().events == 1
    assert rows("select payload from pulled_events") == [("null",)]


def test_a_pull_without_a_trusted_key_is_refused(outbox: Outbox, double: Double) -> None:
    with Sequencer(double.url, "ss_x") as sequencer, pytest.raises(ClientError, match="public key"):
        pull(outbox, sequencer, Trust(()))


def test_a_follower_gets_what_comes_and_ends_when_it_is_told(
    outbox: Outbox, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ves_client.sequencer.POLL_SECONDS", 0.01)
    arrive(double, 2)
    double.unsealed = {2}
    stop = threading.Event()
    seen: list[int] = []

    def see(pulled: PulledEvent) -> None:
        seen.append(pulled.sequence_number)
        if seen == [1]:
            double.unsealed = set()
        elif seen == [1, 2]:
            arrive(double, 1)
        else:
            stop.set()

    with Sequencer(double.url, "ss_x") as sequencer:
        done = follow(outbox, sequencer, TRUST, stop, on_event=see)
    assert (seen, done.events, done.complete) == ([1, 2, 3], 3, True)


def test_the_progress_of_a_pull_counts_to_the_head(double: Double, fetch: Fetch) -> None:
    arrive(double, 5)
    told: list[tuple[int, int]] = []
    fetch(limit=2, on_progress=lambda it: told.append((it.done, it.total)))
    assert told == [(2, 5), (4, 5), (5, 5)]
