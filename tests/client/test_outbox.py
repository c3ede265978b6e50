"""The outbox: what is recorded is sent once, in order, and refusals wait for a decision."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sqlite3
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double
from tests.client.original import TIME, Original
from tests.support.waiting import wait_until
from ves import hpke
from ves_client import (
    ClientError,
    Event,
    Exit,
    Outbox,
    ProtocolError,
    Pushed,
    Sequencer,
    Trust,
    open_event,
    push,
    push_async,
    unsigned_rows,
    wait,
)

Send = Callable[..., Pushed]


def record(outbox: Outbox, count: int, **options: Any) -> list[str]:
    return [str(outbox.record("order", f"O-{n}", "order.created", {"n": n}, **options)) for n in range(count)]


def test_recorded_events_are_sent_in_order_and_their_receipts_stored(
    outbox: Outbox, double: Double, send: Send
) -> None:
    ids = record(outbox, 7)
    seen = []
    done = send(batch=3, on_receipt=lambda event_id, receipt: seen.append((str(event_id), receipt)))
    assert (done.accepted, done.replayed, done.refused, done.complete) == (7, 0, 0, True)
    assert double.order == ids == [event_id for event_id, _ in seen]
    assert [len(body["events"]) for body in double.bodies] == [3, 3, 1]
    assert [(item.sequence_number, str(item.event_id)) for item in outbox.receipts()] == list(
        enumerate(ids, 1)
    )
    status = outbox.status()
    assert (status.local, status.pushed, status.acked) == (0, 0, 7)
    assert (status.last_pushed_sequence, status.head_sequence) == (7, 7)


def test_ids_are_version_7_and_sort_by_time(outbox: Outbox) -> None:
    first = outbox.record("order", "O", "order.created", 1)
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert abs((first.int >> 80) / 1000 - Path(outbox.path).stat().st_mtime) < 60


def test_the_files_are_of_their_user_alone(outbox: Outbox) -> None:
    record(outbox, 1)
    files = list(Path(outbox.path).parent.glob(Path(outbox.path).name + "*"))
    assert len(files) == 3, "the WAL and its index are files of their own"
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_an_event_and_the_callers_change_are_one_transaction(outbox: Outbox, tmp_path: Path) -> None:
    own = sqlite3.connect(tmp_path / "shop.db")
    own.execute("create table orders (id text)")
    own.execute("insert into orders values ('O-1')")
    outbox.record("order", "O-1", "order.created", {}, connection=own)
    own.rollback()
    assert outbox.status().local == 0
    own.execute("insert into orders values ('O-1')")
    outbox.record("order", "O-1", "order.created", {}, connection=own)
    own.commit()
    assert outbox.status().local == 1
    own.close()


def test_a_connection_that_would_lose_a_commit_is_refused(outbox: Outbox, tmp_path: Path) -> None:
    own = sqlite3.connect(tmp_path / "shop.db")
    own.execute("pragma synchronous = normal")
    with pytest.raises(ClientError, match="synchronous"):
        outbox.record("order", "O-1", "order.created", {}, connection=own)
    own.close()


def test_a_transaction_that_fails_records_nothing(outbox: Outbox) -> None:
    def fail() -> None:
        with outbox.transaction():
            record(outbox, 2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert outbox.status().local == 0


def test_an_interrupted_push_goes_on_and_doubles_nothing(outbox: Outbox, double: Double, send: Send) -> None:
    ids = record(outbox, 6)
    double.fault = lambda it: "lose answer" if len(it.bodies) % 2 else None
    done = send(batch=2)
    assert (done.accepted, done.replayed) == (0, 6)
    assert double.order == ids
    assert outbox.status().acked == 6


def test_retry_after_is_respected_and_ends_with_the_deadline(
    outbox: Outbox, double: Double, send: Send, monkeypatch: Any
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("ves_client.sequencer.time.sleep", waits.append)
    record(outbox, 1)
    double.busy = [(429, {"retry-after": "7"})]
    assert send().accepted == 1
    assert waits == [7.0]
    record(outbox, 1)
    double.busy = [(429, {"retry-after": "60"})]
    with pytest.raises(ClientError) as refused:
        send(timeout=20.0)
    assert (refused.value.status, refused.value.code) == (Exit.REFUSED, "RATE_LIMIT_EXCEEDED")
    assert waits == [7.0]


def test_the_next_batch_is_under_way_while_receipts_are_stored(
    outbox: Outbox, double: Double, send: Send
) -> None:
    ids = record(outbox, 4)
    sent_before: list[int] = []

    def see(*_: Any) -> None:
        wait_until(lambda: len(double.bodies) == 2)
        sent_before.append(len(double.bodies))

    assert send(batch=2, on_receipt=see).accepted == 4
    assert sent_before == [2] * 4
    assert double.order == ids


def test_no_batch_is_sent_before_a_refusal_is_decided(outbox: Outbox, double: Double, send: Send) -> None:
    record(outbox, 4)
    double.refuse = lambda event: "schema_validation" if event["entity_id"] == "O-1" else None
    sent_before: list[int] = []

    def decide(_: Any) -> str:
        sent_before.append(len(double.bodies))
        return "drop"

    assert send(batch=2, on_refusal=decide).accepted == 3
    assert sent_before == [1]
    assert len(double.bodies) == 2


def test_no_batch_begins_after_the_deadline(outbox: Outbox, double: Double, send: Send) -> None:
    record(outbox, 3)
    assert not send(deadline=0.0).complete
    assert double.bodies == []
    assert send().complete


def test_a_refused_event_is_held_with_its_reason_and_the_others_go_on(
    outbox: Outbox, double: Double, send: Send
) -> None:
    ids = record(outbox, 3)
    double.refuse = lambda event: "schema_validation" if event["entity_id"] == "O-1" else None
    done = send()
    assert (done.accepted, done.refused, [str(held) for held in done.held]) == (2, 1, [ids[1]])
    (refused,) = outbox.refused()
    assert (str(refused.event_id), refused.reason, refused.message) == (
        ids[1],
        "schema_validation",
        "told: schema_validation",
    )
    assert send().refused == 0
    assert len(double.bodies) == 1
    double.refuse = lambda _: None
    outbox.release(refused.event_id)
    assert send().accepted == 1
    assert double.order == [ids[0], ids[2], ids[1]]
    assert outbox.refused() == []


def test_a_refused_event_may_be_dropped(outbox: Outbox, double: Double, send: Send) -> None:
    (event_id,) = record(outbox, 1)
    double.refuse = lambda _: "invalid_signature"
    assert send(on_refusal=lambda _: "drop").held == []
    assert outbox.refused() == []
    (dropped,) = outbox.refused(dropped=True)
    assert str(dropped.event_id) == event_id
    assert outbox.status().dropped == 1
    assert send().refused == 0


def test_a_refused_event_may_be_edited_and_is_asked_about_once(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 2)
    double.refuse = lambda event: None if event["payload"] == {"n": "fixed"} else "schema_validation"
    edits = iter([b'{"n":"fixed"}', b'{"n":"still wrong"}'])
    asked = []

    def edit(refused: Any) -> Event:
        asked.append(refused.event.entity_id)
        return dataclasses.replace(refused.event, payload=next(edits))

    done = send(on_refusal=edit)
    assert asked == ["O-0", "O-1"]
    assert (done.accepted, done.refused, len(done.held)) == (1, 3, 1)
    (held,) = outbox.refused()
    assert held.event.payload == b'{"n":"still wrong"}'


def test_an_event_beyond_a_limit_does_not_keep_back_its_batch(
    outbox: Outbox, double: Double, send: Send
) -> None:
    ids = record(outbox, 5)
    double.max_events = 1
    assert send().accepted == 5
    assert double.order == ids
    double.max_events = 0
    record(outbox, 1)
    assert send().refused == 1
    assert outbox.refused()[0].reason == "BATCH_TOO_LARGE"


def test_a_refusal_by_something_that_is_no_sequencer_holds_nothing(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 2)
    double.answer = lambda _: (400, {}, b"<html>proxy</html>")  # type: ignore[method-assign]
    with pytest.raises(ClientError) as refused:
        send()
    assert refused.value.status == Exit.REFUSED
    assert (outbox.status().pushed, outbox.status().refused) == (2, 0)


def test_pruning_keeps_what_has_no_receipt_and_every_receipt(
    outbox: Outbox, double: Double, send: Send
) -> None:
    record(outbox, 2)
    send()
    record(outbox, 1)
    assert outbox.prune(timedelta(hours=1)) == 0
    assert outbox.prune(timedelta(0)) == 2
    assert (outbox.status().local, outbox.status().acked, len(list(outbox.receipts()))) == (1, 0, 2)


def test_two_streams_in_one_file_are_pruned_and_decided_apart(
    outbox: Outbox, double: Double, send: Send, tmp_path: Path
) -> None:
    record(outbox, 2)
    send()
    ids = [str(uuid.uuid4()) for _ in range(3)]
    other = Original(tmp_path / "shop.db", (TENANT, uuid.uuid4()))
    for event_id in ids:
        other.append(event_id=event_id, acked_at=TIME if event_id == ids[0] else None)
        other.rows.execute(
            "insert into ves_envelopes (event_id, envelope, signing_hash, refused_reason, refused_at, dropped)"
            " values (?1, x'', x'', 'not_signed', case when ?1 <> ?2 then ?3 end, ?1 = ?4)",
            (event_id, ids[0], TIME, ids[1]),
        )
    assert (outbox.refused(), unsigned_rows(outbox)) == ([], [])
    with pytest.raises(ClientError, match="not a refused event of this outbox"):
        outbox.drop(ids[2])
    assert outbox.prune(timedelta(0)) == 2
    assert [row[0] for row in other.rows.execute("select event_id from outbox order by id")] == ids
    assert other.rows.execute("select count(*) from ves_envelopes").fetchone() == (3,)
    other.close()


@pytest.mark.parametrize(
    ("payload", "options", "error"),
    [
        (b"{", {}, ProtocolError),
        ({}, {"created_at": "yesterday"}, ProtocolError),
        ({}, {"created_at": "2026-01-02T03:04:05"}, ProtocolError),
        ({}, {"base_version": -1}, ProtocolError),
        ({"total": Decimal("9.90")}, {}, TypeError),
    ],
    ids=str,
)
def test_what_cannot_be_sent_is_refused_when_it_is_recorded(
    outbox: Outbox, payload: Any, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        outbox.record("order", "O-1", "order.created", payload, **options)
    assert outbox.last_row() == 0


def test_an_event_is_recorded_once(outbox: Outbox) -> None:
    [event_id] = record(outbox, 1)
    with pytest.raises(sqlite3.IntegrityError):
        record(outbox, 1, event_id=uuid.UUID(event_id))
    assert outbox.status().local == 1


def test_a_file_of_another_agent_or_stream_is_refused(outbox: Outbox, tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with pytest.raises(ClientError, match="agent_id"):
        Outbox(path, dataclasses.replace(AGENT, agent_id=uuid.uuid4()), TENANT, STORE)
    with pytest.raises(ClientError, match="store_id"):
        Outbox(path, AGENT, TENANT, uuid.uuid4())


def test_rows_of_a_program_that_keeps_no_envelopes_are_signed_and_sent(
    outbox: Outbox, double: Double, send: Send, tmp_path: Path
) -> None:
    event_id = str(uuid.uuid4())
    with sqlite3.connect(tmp_path / "shop.db") as original:
        original.execute(
            "insert into outbox (event_id, tenant_id, store_id, entity_type, entity_id, event_type, payload,"
            " payload_hash, created_at, source_agent)"
            " values (?, ?, ?, 'order', 'O-9', 'order.created', '{}', '', '2026-01-02T03:04:05Z', ?)",
            (event_id, str(TENANT), str(STORE), str(AGENT.agent_id)),
        )
    assert send().accepted == 1
    assert double.order == [event_id]
    (row,) = original.execute("select remote_sequence, acked_at is not null from outbox").fetchall()
    original.close()
    assert row == (1, 1)


def test_two_outboxes_on_one_file_double_nothing(
    outbox: Outbox, double: Double, send: Send, tmp_path: Path
) -> None:
    ids = record(outbox, 40)

    async def both() -> list[Pushed]:
        with (
            Outbox(tmp_path / "shop.db", AGENT, TENANT, STORE) as other,
            Sequencer(double.url, "ss_x") as sequencer,
        ):
            trust = Trust((SEQUENCER_KEY,))
            runs = (push_async(each, sequencer, trust, batch=3) for each in (outbox, other))
            return await asyncio.gather(*runs)

    done = asyncio.run(both())
    assert sum(run.accepted for run in done) == 40
    assert double.order == ids
    assert outbox.status().acked == 40


def test_a_push_without_a_trusted_key_is_refused(outbox: Outbox, double: Double) -> None:
    with Sequencer(double.url, "ss_x") as sequencer, pytest.raises(ClientError, match="public key"):
        push(outbox, sequencer, Trust(()))


def test_a_sealed_event_that_is_edited_is_sealed_to_the_same_recipients_again(
    outbox: Outbox, double: Double, send: Send
) -> None:
    secret = bytes(range(32))
    event_id = outbox.record(
        "order", "O-1", "order.created", {"n": 1}, recipients={7: hpke.public_key(secret)}
    )
    double.refuse = lambda event: "version_conflict: expected 0, actual 1" if not edited else None
    edited: list[bool] = []

    def edit(refused: Any) -> Event:
        edited.append(True)
        return dataclasses.replace(refused.event, payload=b'{"n":2}')

    assert send(on_refusal=edit).accepted == 1
    sent = double.stored[str(event_id)]
    assert "payload" not in sent
    assert open_event(json.dumps(sent).encode(), 7, secret) == b'{"n":2}'


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("payload", "1e999"),
        ("event_id", "no UUID"),
        ("event_id", "AAAAAAAA-0000-4000-8000-00000000000F"),
        ("command_id", "x"),
        ("payload", b"{}"),
    ],
)
def test_a_row_that_cannot_be_signed_is_held_and_the_others_are_sent(
    outbox: Outbox, double: Double, send: Send, tmp_path: Path, column: str, value: Any
) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as original:
        for n in range(3):
            members = {
                "event_id": str(uuid.UUID(int=n + 1)),
                "tenant_id": str(TENANT),
                "store_id": str(STORE),
                "entity_type": "order",
                "entity_id": f"O-{n}",
                "event_type": "order.created",
                "payload": "{}",
                "payload_hash": "",
                "created_at": "2026-01-02T03:04:05Z",
                "source_agent": str(AGENT.agent_id),
            } | ({column: value} if n == 1 else {})
            names, places = ", ".join(members), ", ".join("?" * len(members))
            original.execute(f"insert into outbox ({names}) values ({places})", list(members.values()))
    original.close()
    assert send().accepted == 2
    assert [double.stored[event_id]["entity_id"] for event_id in double.order] == ["O-0", "O-2"]
    [held] = unsigned_rows(outbox)
    assert held.event_id == (value if column == "event_id" else str(uuid.UUID(int=2)))
    assert held.message.startswith("it cannot be signed: ")
    assert (outbox.refused(), outbox.status().refused, send().refused) == ([], 1, 0)
    outbox.drop(held.event_id)
    assert (unsigned_rows(outbox), outbox.status().dropped) == ([], 1)


def test_waiting_ends_when_another_thread_has_pushed(outbox: Outbox, double: Double, send: Send) -> None:
    record(outbox, 3)
    assert not wait(outbox, timeout=0.1)
    double.refuse = lambda event: "schema_validation" if event["entity_id"] == "O-1" else None
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait, outbox, timeout=20.0)
        assert send().accepted == 2
        assert waiting.result()
    assert wait(outbox, timeout=0.0)
