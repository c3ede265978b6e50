"""JSON at its edges through the database's own door: stored or refused with a code, never half."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent, Edge, Event, scalar, verify
from ves import digests
from ves.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable


ACCEPTED = {
    "1e16": "1e16",
    "minus zero": "-0",
    "minus zero as a double": "-0.0",
    "an integer beyond 2^53": "9007199254740993",
    "the largest 64-bit number": "18446744073709551615",
    "the smallest 64-bit number": "-9223372036854775808",
    "more than 64 bits": "18446744073709551616",
    "a hundred digits": "1" * 100,
    "a tiny number": "5e-324",
    "less than the tiniest": "1e-400",
    "trailing zeros": "1.10",
    "an exponent in capitals": "1E5",
    "a duplicate key": '{"a":1,"b":2,"a":{"c":3}}',
    "keys out of order": '{"\\ud83d\\ude00":1,"\\ufb33":2,"a":3}',
    "escapes": '"\\u0001\\b\\/\\u00e9\\ud83c\\udf89"',
    "white space": ' {\n\t"a" : [ 1 ,\r 2 ] } ',
    "an empty object": "{}",
    "a string": '"text"',
    "true": "true",
    "an empty key": '{"":""}',
    "deep nesting": "[" * 124 + "]" * 124,
    "a mebibyte": '"' + "x" * (1_048_576 - 2) + '"',
}
# sent as one JSON text with the event: the code that the request ends with
REFUSED = {
    "NUL in a value": ('"\\u0000"', "VE007"),
    "NUL in a key": ('{"a\\u0000":1}', "VE007"),
    "a lone surrogate": ('"\\ud800"', "VE001"),
    "an infinite double": ("1e400", "VE001"),
    "nesting too deep": ("[" * 125 + "]" * 125, "VE001"),
    "a leading zero": ("01", "VE001"),
    "NaN": ("NaN", "VE001"),
    "a trailing comma": ("[1,]", "VE001"),
    "single quotes": ("'a'", "VE001"),
    "more than a mebibyte": ('"' + "x" * (1_048_576 - 1) + '"', "VE006"),
}


def through_text(service: psycopg.Connection[Any], body: str) -> Any:
    return scalar(service, "select ves.ingest_signed_request(%s)", [body])


def through_jsonb(service: psycopg.Connection[Any], body: str) -> Any:
    return scalar(service, "select ves.ingest_signed_events(%s::jsonb)", [body])


DOORS = pytest.mark.parametrize("door", [through_text, through_jsonb])


@DOORS
@pytest.mark.parametrize("name", ACCEPTED)
def test_a_payload_at_the_edge_is_stored_replayed_and_verified(
    service: psycopg.Connection[Any],
    admin: psycopg.Connection[Any],
    agent: Agent,
    door: Callable[..., Any],
    name: str,
) -> None:
    event = agent.event(ACCEPTED[name])
    answer = door(service, agent.body(event))
    assert (answer["eventsAccepted"], answer.get("rejections")) == (1, None)
    again = door(service, agent.body(event))
    assert (again["eventsAccepted"], again["eventsRejected"]) == (0, 0)
    assert [item["sequenceNumber"] for item in again["receipts"]] == [1]
    assert again["receipts"][0]["receiptHash"] == answer["receipts"][0]["receiptHash"]
    assert verify(admin, agent) == []


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_text_door_keeps_the_payload_as_it_was_sent(
    service: psycopg.Connection[Any], admin: psycopg.Connection[Any], agent: Agent, name: str
) -> None:
    event = agent.event(ACCEPTED[name])
    through_text(service, agent.body(event))
    stored = scalar(
        admin,
        "select r.payload::text from ves.read_payloads(%s, %s) as r where r.event_id = %s",
        [agent.tenant_id, agent.store_id, event.event_id],
    )
    assert stored.strip() == ACCEPTED[name].strip()


def signed_blindly(agent: Agent, payload: str) -> Event:
    """An event whose payload no honest client could hash: signed over some hash."""
    honest = agent.event()
    return Event(honest.envelope, payload)


@pytest.mark.parametrize("name", REFUSED)
def test_a_payload_that_cannot_be_is_refused_with_a_code_and_nothing_is_stored(
    service: psycopg.Connection[Any], admin: psycopg.Connection[Any], agent: Agent, name: str
) -> None:
    payload, code = REFUSED[name]
    with pytest.raises(psycopg.Error) as refusal:
        through_text(service, agent.body(agent.event(), signed_blindly(agent, payload)))
    assert refusal.value.sqlstate == code
    assert scalar(admin, "select count(*) from ves.events where tenant_id = %s", [agent.tenant_id]) == 0
    assert scalar(admin, "select count(*) from ves.rejections where tenant_id = %s", [agent.tenant_id]) == 0


@pytest.mark.parametrize("name", REFUSED)
def test_the_jsonb_door_refuses_it_too(service: psycopg.Connection[Any], agent: Agent, name: str) -> None:
    """What jsonb itself cannot hold is refused by PostgreSQL's own code, before the function runs."""
    payload, code = REFUSED[name]
    with pytest.raises(psycopg.Error) as refusal:
        through_jsonb(service, agent.body(agent.event(), signed_blindly(agent, payload)))
    assert refusal.value.sqlstate in {code, "22P05", "22P02"}


def test_a_payload_null_is_missing(service: psycopg.Connection[Any], agent: Agent) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        through_text(service, agent.body(agent.event("null")))
    assert refusal.value.sqlstate == "VE007"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "VE001"),
        ("{", "VE001"),
        ("[]", "VE002"),
        ("{}", "VE002"),
        ("null", "VE002"),
        ('{"agentId":1}', "VE002"),
        (f'{{"agentId":"{uuid.UUID(int=1)}","events":[]}}', "VE009"),
        (f'{{"agentId":"{uuid.UUID(int=1)}","events":[{{}}]}}', "VE002"),
    ],
)
def test_a_request_of_another_shape_is_refused(
    service: psycopg.Connection[Any], body: str, code: str
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        through_text(service, body)
    assert refusal.value.sqlstate == code


def test_a_thousand_events_pass_and_one_more_does_not(
    service: psycopg.Connection[Any], admin: psycopg.Connection[Any], agent: Agent
) -> None:
    events = agent.events(1001)
    with pytest.raises(psycopg.Error) as refusal:
        through_text(service, agent.body(*events))
    assert refusal.value.sqlstate == "VE005"
    answer = through_text(service, agent.body(*events[:1000]))
    assert (answer["eventsAccepted"], answer["sequenceStart"], answer["sequenceEnd"]) == (1000, 1, 1000)
    assert [item["sequenceNumber"] for item in answer["receipts"]] == list(range(1, 1001))


def test_receipts_of_this_door_are_hashed_but_not_signed_yet(
    service: psycopg.Connection[Any], admin: psycopg.Connection[Any], agent: Agent
) -> None:
    # The door takes the newest signer, which in the shared database may be one that signs nothing.
    admin.execute("select ves.register_signer(%s, 0, 'ed25519', %s)", [uuid.uuid4(), agent.public_key])
    event = agent.event()
    (receipt,) = through_text(service, agent.body(event))["receipts"]
    digest = digests.receipt_hash(agent.tenant_id, agent.store_id, event.event_id, 1, event.signing_hash)
    assert receipt["receiptHash"] == digest.hex()
    assert "sequencerSignature" not in receipt
    assert through_text(service, agent.body(event))["receipts"] == [receipt]


def test_a_signature_is_verified_in_the_database(service: psycopg.Connection[Any], agent: Agent) -> None:
    good, forged = agent.event(), agent.event().but(agent_signature="0x" + "42" * 64)
    answer = through_text(service, agent.body(forged, good))
    assert (answer["eventsAccepted"], answer["eventsRejected"]) == (1, 1)
    assert [(item["event_id"], item["reason"]) for item in answer["rejections"]] == [
        (str(forged.event_id), "invalid_signature")
    ]


def test_a_batch_across_streams_or_agents_is_refused_whole(
    service: psycopg.Connection[Any], agent: Agent
) -> None:
    other = agent.in_store()
    with pytest.raises(psycopg.Error) as mixed:
        through_text(service, agent.body(agent.event(), other.event()))
    assert mixed.value.sqlstate == "VE011"
    stranger = Agent(agent.tenant_id, agent.store_id)
    with pytest.raises(psycopg.Error) as foreign:
        through_text(service, agent.body(agent.event(), stranger.event()))
    assert foreign.value.sqlstate == "VE012"


def test_what_the_library_refuses_the_database_refuses(
    service: psycopg.Connection[Any], agent: Agent
) -> None:
    for name in ("entity_type", "entity_id", "event_type"):
        event = agent.event(**{name: "a\u0000b"})
        with pytest.raises(ProtocolError):
            agent.prepare(event)
        with pytest.raises(psycopg.Error) as refusal:
            through_text(service, agent.body(event))
        assert refusal.value.sqlstate == "VE007"
        assert json.loads(refusal.value.diag.message_detail or "{}")["field"].endswith(name)


def test_without_a_signer_nothing_is_ingested(
    edge: Edge, owner: psycopg.Connection[Any], agent: Agent
) -> None:
    owner.execute("set local session_replication_role = replica")
    owner.execute("delete from ves_store.signers")
    with pytest.raises(psycopg.Error) as refusal:
        through_text(owner, agent.body(agent.event()))
    assert refusal.value.sqlstate == "VE205"
