"""An outbox file of the original is read and finished, whatever state its rows are in; ours is readable by it."""

from __future__ import annotations

import tempfile
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cli.offline import AGENT, SEQUENCER_KEY, STORE, TENANT
from tests.client.double import Double, serving
from tests.client.original import LOOSE, STRICT, TIME, Original
from ves import canonical, digests
from ves_client import Outbox, Sequencer, Trust, pull, push, unsigned_rows, wait

NIL = str(uuid.UUID(int=0))
TRUST = Trust((SEQUENCER_KEY,))
# Columns of a row that the original leaves, and those that make it one that cannot be signed.
GOOD: dict[str, list[Any]] = {
    "payload": ["{}", '{"total": 1.50}', '"x"', "null", "[1,2]", ' {"a":{"b":[]}} ', '{"é":"\\u20ac"}'],
    "command_id": [None, "aaaaaaaa-0000-4000-8000-0000000000aa", ""],
    "base_version": [None, 0, 7, "7"],
    "created_at": [TIME, "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.1+02:00"],
    "payload_hash": ["", "ab" * 32, "0x" + "AB" * 32],
    "signature": [None, b"", b"\x01" * 64],
    "source_agent": [NIL, str(AGENT.agent_id), "somebody"],
    "entity_id": ["O-1", "ü", "7", "x" * 500],
}
BAD: dict[str, list[Any]] = {
    "payload": ["1e999", b"{}"],
    "command_id": ["x", 7],
    "base_version": ["seven", 7.5, b"7", -1],
    "created_at": [1_767_000_000.5, b"2026"],
    "entity_id": [None, 7, b"O"],
    "entity_type": [None, b"order"],
    "event_id": ["AAAAAAAA-0000-4000-8000-00000000000F", "no UUID"],
}
STATES: dict[str, dict[str, Any]] = {
    "local": {},
    "pushed": {"pushed_at": TIME},
    "acked": {"pushed_at": TIME, "acked_at": TIME, "remote_sequence": 12},
    "acked, never pushed": {"acked_at": TIME, "remote_sequence": 13},
    "pushed, numbered": {"pushed_at": TIME, "remote_sequence": 14},
}


@st.composite
def rows(draw: Any) -> tuple[dict[str, Any], bool, bool]:
    """Columns of a row, whether it is to be sent, and whether it can be signed."""
    state = draw(st.sampled_from(sorted(STATES)))
    columns = {name: draw(st.sampled_from(values)) for name, values in GOOD.items()}
    columns["event_id"] = str(draw(st.uuids(version=4)))
    is_bad = draw(st.integers(0, 3)) == 0
    if is_bad:
        name = draw(st.sampled_from(sorted(BAD)))
        columns[name] = draw(st.sampled_from(BAD[name]))
    return columns | STATES[state], not state.startswith("acked"), not is_bad


@settings(max_examples=60, deadline=None)
@given(
    st.lists(rows(), max_size=6, unique_by=lambda row: row[0]["event_id"]),
    st.dictionaries(
        st.sampled_from(["last_pushed_sequence", "last_pulled_sequence", "head_sequence"]),
        st.sampled_from(["0", 0, "00"]),
    ),
    st.sampled_from([{}, {"tenant_id": NIL, "store_id": NIL, "agent_id": str(AGENT.agent_id)}]),
)
def test_every_row_that_can_be_signed_is_sent_once_in_order_and_the_others_are_held(
    made: list[tuple[dict[str, Any], bool, bool]], counters: dict[str, Any], owner: dict[str, str]
) -> None:
    with tempfile.TemporaryDirectory() as folder, serving(Double()) as double:
        path = Path(folder) / "agent.db"
        original = Original(path, (TENANT, STORE), LOOSE)
        original.state(**counters, **owner)
        for columns, _, _ in made:
            original.append(**columns)
        original.append(tenant_id=NIL, store_id=NIL)  # recorded before the agent knew its stream
        with Outbox(path, AGENT, TENANT, STORE) as outbox, Sequencer(double.url, "ss_x") as sequencer:
            done = push(outbox, sequencer, TRUST, batch=2)
            sent = [columns["event_id"] for columns, is_due, is_good in made if is_due and is_good]
            assert (double.order, done.refused) == (sent, 0)
            held = [columns["event_id"] for columns, is_due, is_good in made if is_due and not is_good]
            assert [row.event_id for row in unsigned_rows(outbox)] == held
            assert [str(item.event_id) for item in outbox.receipts()] == sent
            assert wait(outbox, timeout=0)
            assert push(outbox, sequencer, TRUST).accepted == 0
        numbers = dict(original.rows.execute("select event_id, remote_sequence from outbox"))
        assert [numbers[event_id] for event_id in sent] == list(range(1, len(sent) + 1))
        assert [numbers[columns["event_id"]] for columns, is_due, _ in made if not is_due] == [
            columns["remote_sequence"] for columns, is_due, _ in made if not is_due
        ]
        for event_id in sent:
            envelope = double.stored[event_id]
            stored = original.rows.execute("select payload from outbox where event_id = ?", (event_id,))
            digest = digests.payload_plain_hash(canonical.jcs(stored.fetchone()[0].encode()))
            assert envelope["payload_plain_hash"] == "0x" + digest.hex()
        original.close()


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("event_id", "null", "event_id was None"),
        ("event_id", "x'00ff'", r"event_id was b'\x00\xff'"),
        ("event_id", "cast(x'61ff' as text)", r"event_id was 'a\udcff'"),
        ("entity_id", "cast(x'61ff' as text)", "is not UTF-8"),
    ],
    ids=["no id", "bytes", "an id that is not UTF-8", "other text that is not UTF-8"],
)
def test_a_row_that_cannot_be_read_is_held_with_a_reason_and_may_be_dropped_and_pruned(
    tmp_path: Path, double: Double, column: str, value: str, told: str
) -> None:
    path = tmp_path / "original.db"
    original = Original(path, (TENANT, STORE), LOOSE)
    for n in (1, 2, 3):
        original.append(event_id=str(uuid.UUID(int=n)))
    original.rows.execute(f"update outbox set {column} = {value} where id = 2")
    with Outbox(path, AGENT, TENANT, STORE) as outbox, Sequencer(double.url, "ss_x") as sequencer:
        for sent in (2, 0):
            assert push(outbox, sequencer, TRUST).accepted == sent
        assert double.order == [str(uuid.UUID(int=n)) for n in (1, 3)]
        [held] = unsigned_rows(outbox)
        assert held.event_id == ("row 2" if column == "event_id" else str(uuid.UUID(int=2)))
        assert told in held.message
        assert (outbox.status().refused, outbox.status().local, wait(outbox, timeout=0)) == (1, 0, True)
        outbox.drop(held.event_id)
        assert (unsigned_rows(outbox), outbox.status().dropped) == ([], 1)
        assert outbox.prune(timedelta(0)) == 3
        assert outbox.last_row() == 0
    original.close()


def test_the_status_counts_the_rows_of_its_own_stream(tmp_path: Path, double: Double) -> None:
    path = tmp_path / "original.db"
    original = Original(path, (TENANT, STORE), LOOSE)
    original.append()
    for stream in ({"store_id": str(uuid.UUID(int=5))}, {"tenant_id": str(uuid.UUID(int=5))}):
        original.append(**stream)
        original.append(**stream, pushed_at=TIME)
        original.append(**stream, pushed_at=TIME, acked_at=TIME)
    with Outbox(path, AGENT, TENANT, STORE) as outbox, Sequencer(double.url, "ss_x") as sequencer:
        before = outbox.status()
        assert (before.local, before.pushed, before.acked) == (1, 0, 0)
        push(outbox, sequencer, TRUST)
        after = outbox.status()
        assert (after.local, after.pushed, after.acked, after.refused) == (0, 0, 1, 0)
    original.close()


@pytest.mark.parametrize("tables", [LOOSE, STRICT], ids=["loose", "strict"])
def test_both_programs_may_go_on_with_one_file(tmp_path: Path, double: Double, tables: str) -> None:
    path = tmp_path / "agent.db"
    original = Original(path, (TENANT, STORE), tables)
    original.append(event_id=str(uuid.UUID(int=1)))
    with Outbox(path, AGENT, TENANT, STORE) as outbox, Sequencer(double.url, "ss_x") as sequencer:
        assert push(outbox, sequencer, TRUST).accepted == 1
        event_id = outbox.record("order", "O-2", "order.paid", {"b": 1, "a": 2}, base_version=3)
        ((_, found, command, *stream, _, _, _, payload, digest, version, _, agent, signature),) = (
            original.unpushed(9)
        )
        assert (found, command, version, agent) == (str(event_id), None, 3, str(AGENT.agent_id))
        assert (tuple(stream), payload) == (original.stream, '{"b":1,"a":2}')
        assert digest == digests.payload_plain_hash(canonical.jcs(payload.encode())).hex()
        assert len(signature) == 64
        original.mark_pushed(str(event_id))
        assert original.unacked() == [str(event_id)]
        assert outbox.status().pushed == 1
        assert push(outbox, sequencer, TRUST).accepted == 1
        assert (original.unacked(), original.unpushed(9), original.lag()) == ([], [], 2)
        pull(outbox, sequencer, TRUST)
        assert original.lag() == 0
        pulled = original.pulled()
        assert [row[:2] for row in pulled] == [(1, str(uuid.UUID(int=1))), (2, str(event_id))]
        assert pulled[1][2:5] == ('{"b": 1, "a": 2}', digest, 3)
        outbox.record("order", "O-3", "order.paid", {})
        original.mark_pushed(original.unpushed(1)[0][1])
        original.mark_acked(original.unacked()[0], 9)
        assert push(outbox, sequencer, TRUST).accepted == 0
        assert original.prune("2999") == 3
        assert outbox.status().acked == 0
    original.close()
