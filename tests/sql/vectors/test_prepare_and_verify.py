"""The two batched wrappers of the engine: requests in, columns out; stored columns in, findings out."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.sql.vectors.conftest import sqlstate_of
from tests.support import keyring
from tests.unit.ves.story import Agent
from tests.unit.ves.test_audit import AGENT as AUDITED
from tests.unit.ves.test_audit import findings, flipped, plain_rows
from ves import ed25519, ingest
from ves.digests import at_rest_ves_payload_aad
from ves.keyring import Key, KeyRing

AGENT = Agent()
LIMITS = ((1000, "integer"), (1_048_576, "integer"))


def register(shared, agent):
    with shared.connect("ves_admin") as connection:
        connection.execute(
            "select ves.register_agent_key(%s, %s, %s, %s)",
            [agent.tenant_id, agent.agent_id, agent.key_id, ed25519.public_key(agent.seed)],
        )


@pytest.fixture(scope="module", autouse=True)
def registered(shared):
    """The key of AGENT is registered."""
    register(shared, AGENT)


def test_a_request_becomes_the_columns_of_the_engine(call):
    command = UUID(int=7)
    events = [
        AGENT.event(),
        AGENT.event() | {"command_id": str(command), "base_version": 3},
        AGENT.event(ves_version=2),
    ]
    events[0]["agent_signature"] = events[1]["agent_signature"]
    request = AGENT.body(*events)
    row = call("prepare_signed_events", request.decode(), *LIMITS)
    decoded = ingest.decode_request(request)
    ingest.verify_signatures(decoded.events, AGENT.keys)
    columns = ingest.to_columns(decoded.events)
    assert row[:3] == (AGENT.agent_id, AGENT.tenant_id, AGENT.store_id)
    assert row[3:6] == (columns.event_ids, [None, command, None], [AGENT.agent_id] * 3)
    # Only what may be stored is encrypted, under the key of the server's ring; its text does not come out.
    assert row[13] == [json.loads(columns.payloads[0]), None, json.loads(columns.payloads[2])]
    assert [blob is None for blob in row[20]] == [True, False, True]
    key = Key(keyring.KEY)
    assert row[21] == [None, key.key_id, None]
    aad = at_rest_ves_payload_aad(
        AGENT.tenant_id, AGENT.store_id, columns.event_ids[1], decoded.events[1].signing_hash
    )
    assert KeyRing("required", (key,)).open(AGENT.tenant_id, key.key_id, aad, row[20][1]) == (
        columns.payloads[1].encode()
    )
    assert row[14] == [None, 3, None]
    assert row[16] is None
    assert row[17] == columns.digests
    assert row[18] == columns.refusals == ["invalid_signature", None, "unsupported_version"]
    assert row[19] == columns.refusal_messages


def test_neither_a_missing_nor_a_wrong_key_lets_an_event_pass(call, shared):
    agent = Agent()
    request = agent.body(agent.event()).decode()
    assert call("prepare_signed_events", request, *LIMITS)[18] == ["invalid_signature"]
    register(shared, replace(agent, seed=b"\1" * 32))
    assert call("prepare_signed_events", request, *LIMITS)[18] == ["invalid_signature"]


def test_a_key_is_that_of_the_tenant_and_of_the_whole_number(call, shared):
    agent = Agent(key_id=2**32 - 1)
    request = agent.body(agent.event()).decode()
    register(shared, replace(agent, tenant_id=uuid4(), key_id=-1))
    assert call("prepare_signed_events", request, *LIMITS)[18] == ["invalid_signature"]
    register(shared, replace(agent, key_id=-1))
    assert call("prepare_signed_events", request, *LIMITS)[18] is None


@pytest.mark.parametrize(
    ("request_text", "sqlstate"),
    [
        ("{", "VE001"),
        ("[]", "VE002"),
        (AGENT.body().decode(), "VE009"),
        (AGENT.body(AGENT.event(entity_id="")).decode(), "VE007"),
        (AGENT.body(AGENT.event(), payload=None).decode(), "VE007"),
        (AGENT.body(AGENT.event(), Agent().event()).decode(), "VE011"),
        (AGENT.body(*[AGENT.event()] * 1001).decode(), "VE005"),
    ],
    ids=["no JSON", "no object", "no events", "empty id", "added member", "two agents", "too many"],
)
def test_a_refused_request_ends_with_its_registered_code(call, request_text, sqlstate):
    assert sqlstate_of(lambda: call("prepare_signed_events", request_text, *LIMITS)) == sqlstate


def test_a_refusal_carries_its_details_as_json(call):
    event = AGENT.event(entity_id="")
    with pytest.raises(psycopg.Error) as caught:
        call("prepare_signed_events", AGENT.body(event).decode(), *LIMITS)
    detail = json.loads(caught.value.diag.message_detail or "")
    assert detail == {"event_id": event["event_id"], "field": "entity_id"}


def audited(shared, rows):
    """The findings of the rows as SQL computes them."""
    texts = {
        name: [f"\\x{item.hex()}" if isinstance(item, bytes) else item for item in column]
        for name, column in rows.items()
    }
    with shared.connect() as connection:
        row = connection.execute(
            "select ves_int.verify_events_batch(%s, %s, jsonb_populate_record(null::ves_int.event_chunk, %s))",
            [AUDITED.tenant_id, AUDITED.store_id, Jsonb(texts)],
        ).fetchone()
    return row[0]


def test_stored_events_are_verified_as_by_the_library(shared):
    rows = plain_rows()
    assert audited(shared, rows) == findings(rows) == ["", "", ""]
    rows["signatures"] = flipped(rows["signatures"])
    rows["payloads"][2] = b"{}"
    rows["receipt_hashes"][0] = None
    assert audited(shared, rows) == findings(rows) == ["", "signature leaf_hash", "payload_hash"]
