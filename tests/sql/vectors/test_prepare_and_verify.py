"""The two batched wrappers of the engine: requests in, columns out; stored columns in, findings out."""

from __future__ import annotations

import json
from uuid import UUID

import psycopg
import pytest

from tests.sql.vectors.conftest import sqlstate_of
from tests.support import keyring
from tests.unit.ves.story import Agent
from tests.unit.ves.test_audit import AGENT as AUDITED
from tests.unit.ves.test_audit import COLUMNS, findings, flipped, plain_rows
from ves import ed25519, ingest
from ves.digests import at_rest_ves_payload_aad
from ves.keyring import Key, KeyRing

AGENT = Agent()
LIMITS = ((1000, "integer"), (1_048_576, "integer"), (False, "boolean"), "legacy")
KEY_TYPES = ("uuid[]", "integer[]", "smallint[]", "bytea[]", "bytea[]")
AUDIT_TYPES = [
    "bytea",
    "bigint[]",
    "integer[]",
    "integer[]",
    "text[]",
    "text[]",
    "text[]",
    "text[]",
    "smallint[]",
    "bytea[]",
    "bytea",
    "bytea",
    "smallint[]",
    "bytea[]",
    "smallint[]",
    "bytea[]",
    "bytea[]",
    "bytea[]",
    "bytea[]",
    "bytea[]",
    "bytea[]",
    "bytea[]",
    "integer[]",
]


def keys(*rows):
    columns = list(zip(*rows, strict=True)) if rows else [None] * 5
    return [(column and list(column), kind) for column, kind in zip(columns, KEY_TYPES, strict=True)]


def own_key(**changes):
    row = {"agent": AGENT.agent_id, "bits": 1, "algorithm": 1, "key": ed25519.public_key(AGENT.seed)}
    return (*(row | changes).values(), None)


def test_a_request_names_its_stream_and_the_keys_it_needs(call):
    request = AGENT.body(
        AGENT.event(),
        Agent(
            key_id=2**32 - 1, agent_id=AGENT.agent_id, tenant_id=AGENT.tenant_id, store_id=AGENT.store_id
        ).event(),
    ).decode()
    answer = call("request_stream", request, *LIMITS)
    assert answer == (AGENT.agent_id, AGENT.tenant_id, AGENT.store_id, [-1, 1])


@pytest.mark.parametrize("announced", [True, False])
def test_a_request_becomes_the_columns_of_the_engine(call, announced):
    command = UUID(int=7)
    events = [
        AGENT.event(),
        AGENT.event() | {"command_id": str(command), "base_version": 3},
        AGENT.event(ves_version=2),
    ]
    events[0]["agent_signature"] = events[1]["agent_signature"]
    request = AGENT.body(*events)
    if announced:
        call("request_stream", request.decode(), *LIMITS)
    row = call("prepare_signed_events", request.decode(), *LIMITS, *keys(own_key()))
    decoded = ingest.decode_request(request)
    ingest.verify_signatures(decoded.events, AGENT.keys)
    columns = ingest.to_columns(decoded.events)
    assert row[:3] == (AGENT.agent_id, AGENT.tenant_id, AGENT.store_id)
    assert row[3:6] == (columns.event_ids, [None, command, None], [AGENT.agent_id] * 3)
    # Only what may be stored is encrypted, under the key of the server's ring.
    assert row[13] == [json.loads(text) for text in columns.payloads]
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


def test_neither_a_missing_nor_a_wrong_key_lets_an_event_pass(call):
    request = AGENT.body(AGENT.event()).decode()
    assert call("prepare_signed_events", request, *LIMITS, *keys())[18] == ["invalid_signature"]
    wrong = own_key(key=ed25519.public_key(b"\1" * 32))
    assert call("prepare_signed_events", request, *LIMITS, *keys(wrong))[18] == ["invalid_signature"]


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
)
def test_a_refused_request_ends_with_its_registered_code(call, request_text, sqlstate):
    assert sqlstate_of(lambda: call("request_stream", request_text, *LIMITS)) == sqlstate
    assert sqlstate_of(lambda: call("prepare_signed_events", request_text, *LIMITS, *keys())) == sqlstate


def test_a_refusal_carries_its_details_as_json(call):
    event = AGENT.event(entity_id="")
    with pytest.raises(psycopg.Error) as caught:
        call("request_stream", AGENT.body(event).decode(), *LIMITS)
    detail = json.loads(caught.value.diag.message_detail or "")
    assert detail == {"event_id": event["event_id"], "field": "entity_id"}


def audited(call, rows):
    columns = [(rows[name], kind) for name, kind in zip(COLUMNS, AUDIT_TYPES, strict=True)]
    stream = (AUDITED.tenant_id, "uuid"), (AUDITED.store_id, "uuid")
    return call("verify_events_batch", *stream, *columns)


def test_stored_events_are_verified_as_by_the_library(call):
    rows = plain_rows()
    assert audited(call, rows) == findings(rows) == [0, 0, 0]
    rows["digests"] = flipped(rows["digests"], 160 + 96)
    rows["payloads"][2] = b"{}"
    rows["receipt_hashes"][0] = None
    assert audited(call, rows) == findings(rows) == [0, 24, 1]
