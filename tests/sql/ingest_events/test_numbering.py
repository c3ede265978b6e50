"""Numbers: from 1, without a gap, in input order, for accepted events only (VES 14.2)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import CALL, scalar, synthetic

if TYPE_CHECKING:
    from tests.sql.support import Agent, Edge

BAD_HASH = {"payload_plain_hash": "0x" + "22" * 32}


def test_the_first_event_of_a_stream_is_number_one(edge: Edge, agent: Agent) -> None:
    answer = edge.ingest(agent, agent.event())
    assert (answer.first, answer.last, answer.head) == (1, 1, 1)


def test_accepted_events_are_numbered_in_input_order_across_calls(edge: Edge, agent: Agent) -> None:
    assert edge.ingest(agent, *agent.events(3)).numbers == [1, 2, 3]
    assert edge.ingest(agent, *agent.events(2)).numbers == [4, 5]


def test_a_refused_event_takes_no_number(edge: Edge, agent: Agent) -> None:
    answer = edge.ingest(agent, agent.event(), agent.event().but(**BAD_HASH), agent.event())
    assert answer.numbers == [1, None, 2]
    assert answer.reasons == [None, "invalid_payload_hash", None]


def test_a_batch_of_refused_events_is_answered_and_leaves_the_head(edge: Edge, agent: Agent) -> None:
    edge.ingest(agent, agent.event())
    answer = edge.ingest(agent, agent.event().but(**BAD_HASH))
    assert (answer.first, answer.last, answer.head) == (None, None, 1)


def test_each_store_counts_for_itself(edge: Edge, agent: Agent) -> None:
    other = agent.in_store()
    edge.ingest(agent, *agent.events(4))
    assert edge.ingest(other, other.event()).numbers == [1]


def test_a_batch_of_a_thousand_is_numbered_in_order(edge: Edge, agent: Agent) -> None:
    answer = edge.ingest(agent, *agent.events(1000))
    assert answer.numbers == list(range(1, 1001))


def test_a_call_that_is_rolled_back_leaves_no_gap(edge: Edge, agent: Agent) -> None:
    edge.ingest(agent, agent.event())
    with edge.connection.transaction(force_rollback=True):
        assert edge.ingest(agent, *agent.events(3)).numbers == [2, 3, 4]
    assert edge.ingest(agent, agent.event()).numbers == [2]


def test_a_stream_without_numbers_left_is_refused(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    owner.execute(
        "insert into ves_store.ves_sequence_counters (tenant_id, store_id, current_sequence) values (%s, %s, %s)",
        [agent.tenant_id, agent.store_id, 2**63 - 2],
    )
    columns = synthetic(agent, 1, edge.signer_id)
    row = owner.execute(CALL, columns).fetchone()
    assert row is not None
    assert row[1] == 2**63 - 1
    with pytest.raises(psycopg.Error) as refusal:
        owner.execute(CALL, synthetic(agent, 1, edge.signer_id))
    assert refusal.value.sqlstate == "VE401"


def test_one_message_a_batch_names_the_range_and_nothing_else(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    edge.ingest(agent, *agent.events(5))
    edge.ingest(agent, agent.event().but(**BAD_HASH))
    rows = owner.execute(
        "select message from pgmq.q_ves_commit where message ->> 'store_id' = %s", [str(agent.store_id)]
    ).fetchall()
    assert rows == [
        (
            {
                "tenant_id": str(agent.tenant_id),
                "store_id": str(agent.store_id),
                "sequence_from": 1,
                "sequence_to": 5,
            },
        )
    ]


def test_an_event_is_stored_as_it_was_sent(edge: Edge, agent: Agent, owner: psycopg.Connection[Any]) -> None:
    payload = '{"b" : 1e16,\n "a":-0, "a":0.10, "big":123456789012345678901234567890}'
    command = uuid.uuid4()
    event = agent.event(payload, command_id=command, base_version=0, entity_id="Ω-1", event_type="☃")
    edge.ingest(agent, event)
    row = owner.execute(
        """select payload::text, payload_encrypted, command_id, base_version, entity_id, event_type, created_at_str,
          created_at, encode(event_signing_hash, 'hex'), '0x' || encode(agent_signature, 'hex'), ves_version, payload_kind
        from ves_store.ves_events where event_id = %s""",
        [event.event_id],
    ).fetchone()
    assert row is not None
    assert row[:7] == (payload, None, command, 0, "Ω-1", "☃", "2025-12-20T17:51:10.243Z")
    assert row[7].isoformat() == "2025-12-20T17:51:10.243000+00:00"
    assert row[8:] == (event.signing_hash.hex(), event.envelope["agent_signature"], 1, 0)


def test_arrays_that_do_not_fit_together_are_refused(edge: Edge, agent: Agent) -> None:
    columns = synthetic(agent, 2, edge.signer_id)
    for change in (
        {"digests": columns["digests"][:-1]},
        {"digests": columns["digests"] + b"x"},
        {"payloads": ["1"]},
        {"event_ids": [], "digests": b"", "payloads": []},
    ):
        with pytest.raises(psycopg.Error) as refusal:
            edge.connection.execute(CALL, {**columns, **change})
        assert refusal.value.sqlstate == "VE502"
    stored = "select count(*) from ves.get_receipts(%s, %s, 1, 10)"
    assert scalar(edge.connection, stored, [agent.tenant_id, agent.store_id]) == 0


@pytest.mark.parametrize(
    "name", ["command_ids", "base_versions", "signature_bundles", "refusals", "refusal_messages"]
)
def test_an_array_of_nulls_may_be_left_out(edge: Edge, agent: Agent, name: str) -> None:
    columns = synthetic(agent, 3, edge.signer_id)
    row = edge.connection.execute(CALL, {**columns, name: None}).fetchone()
    assert row is not None
    assert row[:3] == (1, 3, 3)


def test_refusals_are_kept_with_who_which_and_why(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    good, bad = agent.event(), agent.event().but(**BAD_HASH)
    edge.ingest(agent, bad, good)
    edge.ingest(agent, good.but(base_version=7))
    rows = owner.execute(
        "select event_id, source_agent_id, store_id, reason from ves.rejections where tenant_id = %s order by rejection_id",
        [agent.tenant_id],
    ).fetchall()
    who = (agent.agent_id, agent.store_id)
    assert rows == [
        (bad.event_id, *who, "invalid_payload_hash"),
        (good.event_id, *who, "duplicate_event_id"),
    ]


def test_a_payload_that_is_not_json_stores_nothing_of_its_batch(edge: Edge, agent: Agent) -> None:
    columns = synthetic(agent, 3, edge.signer_id)
    columns["payloads"][1] = "{"
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        edge.connection.execute(CALL, columns)
    assert edge.ingest(agent, agent.event()).numbers == [1]
