"""A sequencer restored from a backup: the agent stops, accepts it knowingly, and sends again what was lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client import victim
from tests.client.double import Double, assert_stopped
from tests.client.test_killed_agent import MOST_STATEMENTS, processes, run
from tests.client.test_outbox import record
from tests.client.test_pull import arrive, fetch, rows
from ves_client import ClientError, Exit, Outbox, Pulled, Pushed, Sequencer, Trust, accept_restore, pull, push
from ves_client.contradictions import check_contradiction, decode_contradiction

__all__ = ["fetch", "processes", "rows"]

Send = Callable[..., Pushed]
Fetch = Callable[..., Pulled]
Rows = Callable[..., list[tuple[Any, ...]]]
TRUST = Trust((SEQUENCER_KEY,))


def restore(double: Double, number: int) -> None:
    """Let the server forget what it sequenced after a number."""
    for event_id in double.order[number:]:
        del double.stored[event_id]
    del double.order[number:]


def test_what_the_restored_server_has_lost_is_sent_again_and_the_evidence_stays(
    outbox: Outbox, double: Double, send: Send, fetch: Fetch, rows: Rows
) -> None:
    ids = record(outbox, 2)
    send()
    strangers = arrive(double, 1)
    ids += record(outbox, 2)
    send()
    assert fetch().events == 5
    restore(double, 2)
    path = assert_stopped(fetch, "head_went_back")
    done = accept_restore(outbox, 2)
    assert (done.events, done.receipts, done.evidence) == (2, 3, path)
    assert check_contradiction(decode_contradiction(path.read_bytes()), TRUST) == []
    kept = rows("select sequence_number, json_extract(document, '$.eventId') from ves_withdrawn order by 1")
    assert kept == [(3, strangers[0]), (4, ids[2]), (5, ids[3])]
    status = outbox.status()
    assert (status.local, status.acked, status.last_pulled_sequence, status.head_sequence) == (2, 2, 2, 2)
    assert send().accepted == 2
    assert double.order == ids == [str(item.event_id) for item in outbox.receipts()]
    seen: list[int] = []
    fetch(on_event=lambda it: seen.append(it.sequence_number))
    assert seen == [3, 4]
    assert [row[0] for row in rows("select event_id from pulled_events order by sequence_number")] == ids


def test_numbers_that_were_given_to_others_after_the_restore_are_accepted_from_the_common_past_on(
    outbox: Outbox, double: Double, send: Send, fetch: Fetch
) -> None:
    ids = record(outbox, 3)
    send()
    restore(double, 1)
    strangers = arrive(double, 4)
    assert_stopped(fetch, "number_given_twice")
    outbox.resume()
    assert_stopped(fetch, "number_given_twice")
    accept_restore(outbox, 2)
    assert_stopped(fetch, "number_given_twice")
    accept_restore(outbox, 1)
    assert send().accepted == 2
    assert fetch().complete
    assert double.order == [ids[0], *strangers, *ids[1:]]
    assert [str(item.event_id) for item in outbox.receipts()] == double.order


def test_a_number_that_is_too_low_gets_the_original_receipts_again(
    outbox: Outbox, double: Double, send: Send
) -> None:
    ids = record(outbox, 3)
    send()
    before = [bytes(item.receipt) for item in outbox.receipts()]
    accept_restore(outbox, 0)
    assert send().replayed == 3
    assert [bytes(item.receipt) for item in outbox.receipts()] == before
    assert double.order == ids


def test_a_head_that_goes_back_once_more_stops_the_sync_again(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 3)
    send()
    restore(double, 2)
    accept_restore(outbox, 2)
    send()
    restore(double, 1)
    record(outbox, 1)
    assert_stopped(send, "head_went_back")


@pytest.mark.parametrize("number", [-1, 3, 4])
def test_nothing_is_withdrawn_for_a_number_that_nothing_is_beyond(
    outbox: Outbox, send: Send, number: int
) -> None:
    record(outbox, 3)
    send()
    with pytest.raises(ClientError, match="greatest number that is known, 3") as refused:
        accept_restore(outbox, number)
    assert refused.value.status == Exit.USAGE
    assert outbox.status().acked == 3


def test_versions_of_entities_are_those_of_the_restored_stream(
    outbox: Outbox, double: Double, fetch: Fetch
) -> None:
    arrive(double, 1)
    arrive(double, 1, base_version=1)
    arrive(double, 2)
    versions = []
    for number in (4, 2, 1, 0):
        restore(double, number)
        if number < 4:
            accept_restore(outbox, number)
        fetch()
        versions.append((outbox.entity_version("order", "P-0"), outbox.entity_version("order", "P-1")))
    assert versions == [(3, 1), (2, 0), (1, 0), (0, 0)]


def test_rows_of_another_stream_and_pruned_events_stay_as_they_are(
    outbox: Outbox, send: Send, rows: Rows, tmp_path: Path
) -> None:
    record(outbox, 2)
    send()
    outbox.prune(timedelta(0))
    with sqlite3.connect(tmp_path / "shop.db") as other:
        other.execute(
            "insert into outbox (event_id, tenant_id, store_id, entity_type, entity_id, event_type, payload,"
            " payload_hash, created_at, source_agent, acked_at, remote_sequence)"
            " values ('x', 't', 's', '', '', '', '{}', '', '', '', 'then', 2)"
        )
        other.execute("insert into ves_receipts values ('t', 's', 2, 'x', x'', '{}')")
    other.close()
    assert accept_restore(outbox, 0).events == 0
    assert rows("select event_id, remote_sequence from outbox") == [("x", 2)]
    assert rows("select event_id from ves_receipts") == [("x",)]


def test_a_kill_before_any_statement_leaves_all_or_nothing_withdrawn(
    processes: Any, double: Double, tmp_path: Path
) -> None:
    statement, code = 0, -9
    while code == -9:
        statement += 1
        assert statement < MOST_STATEMENTS
        folder = tmp_path / str(statement)
        folder.mkdir()
        restore(double, 0)
        with (
            Outbox(folder / "shop.db", AGENT, TENANT, STORE) as outbox,
            Sequencer(double.url, "ss_x") as sequencer,
        ):
            record(outbox, 3)
            push(outbox, sequencer, TRUST)
            pull(outbox, sequencer, TRUST)
            restore(double, 1)
            code = run(processes, folder, double.url, statement, victim.accept)
            if outbox.status().acked == 3:
                accept_restore(outbox, 1)
            assert push(outbox, sequencer, TRUST).accepted == 2
            assert pull(outbox, sequencer, TRUST).events == 2
            assert [str(item.event_id) for item in outbox.receipts()] == double.order
    assert code == 0
    assert statement > 30, "the kills reached every phase"
