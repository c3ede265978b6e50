"""The adapter between PL/Python and the library, without a database."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from tests.unit.ves.story import Agent
from ves import ed25519, error_codes, ingest, keyring_source, plpython, plpython_guard
from ves.errors import ProtocolError, RequestRefused

AGENT = Agent()
SEQUENCER = ed25519.Signer(b"\x11" * 32)


@pytest.fixture(autouse=True)
def plaintext(monkeypatch):
    """This process stores plaintext; encryption has tests of its own."""
    monkeypatch.setenv("PAYLOAD_ENCRYPTION_MODE", "disabled")
    keyring_source.of_process.cache_clear()
    yield
    keyring_source.of_process.cache_clear()


class DatabaseError(Exception):
    """What `plpy.error` raises."""


class Plpy:
    """Keeps what was raised."""

    def error(self, message, *, sqlstate, detail):
        raise DatabaseError(message, sqlstate, json.loads(detail))


class Keys:
    """Answers the look-up of keys with these rows, and that of the schemas' state with none."""

    def __init__(self, *rows):
        self.rows = rows
        self.asked = []

    def prepare(self, query, types):
        return query, types

    def execute(self, plan, arguments):
        if "schema_validation" in plan[0]:
            return [{"mode": "enforce", "epoch": 0}]
        self.asked.append((plan[1], arguments))
        return [row for row in self.rows if row["key_id"] in arguments[2]]


def key_row(**changes):
    key = ed25519.public_key(AGENT.seed)
    return {"key_id": 1, "key_algorithm": 1, "public_key": key, "public_key_bundle": None} | changes


def prepare(request, *rows):
    return plpython.prepare_signed_events(Keys(*rows), request, 1000, 1_048_576)


def test_a_result_passes_through_the_guard():
    assert plpython_guard.guard(Plpy(), plpython.plain_json, '{"b":1.0,"a":-0}') == '{"a":-0.0,"b":1.0}'


@pytest.mark.parametrize(
    ("error", "name", "detail"),
    [
        (RequestRefused("empty_batch", "m"), "empty_batch", {}),
        (
            RequestRefused("batch_too_large", "m", {"limit": 1, "events": 2}),
            "batch_too_large",
            {"limit": 1, "events": 2},
        ),
        (ProtocolError("malformed_json", "m"), "malformed_json", {}),
        (ProtocolError("cannot_open", "m"), "invalid_field", {"field": "cannot_open"}),
    ],
)
def test_a_protocol_error_becomes_the_registered_database_error(error, name, detail):
    def call():
        raise error

    with pytest.raises(DatabaseError) as caught:
        plpython_guard.guard(Plpy(), call)
    assert caught.value.args == ("m", error_codes.BY_NAME[name].code, detail)


def test_a_database_that_does_not_raise_is_noticed():
    class Mute:
        def error(self, message, *, sqlstate, detail):
            """Returns, which PL/Python never does."""

    with pytest.raises(AssertionError):
        plpython_guard.refuse(Mute(), ProtocolError("malformed_json", "m"))


def test_every_whole_request_refusal_is_registered():
    names = ("malformed_json", "invalid_shape", "empty_batch", "mixed_streams", "source_agent_mismatch")
    names += ("batch_too_large", "payload_too_large", "invalid_field", "missing_field")
    assert all(name in error_codes.BY_NAME for name in names)


def test_the_keys_of_a_request_are_looked_up_once_by_their_bit_patterns():
    other = Agent(
        key_id=2**32 - 1, agent_id=AGENT.agent_id, tenant_id=AGENT.tenant_id, store_id=AGENT.store_id
    )
    keys = Keys(key_row())
    request = AGENT.body(AGENT.event(), AGENT.event(), other.event()).decode()
    row = plpython.prepare_signed_events(keys, request, 1000, 1_048_576)
    [(types, (tenant_id, agent_id, wanted))] = keys.asked
    assert types == ("uuid", "uuid", "integer[]")
    assert (
        (tenant_id, agent_id) == (str(AGENT.tenant_id), str(AGENT.agent_id)) == (row.tenant_id, row.agent_id)
    )
    assert sorted(wanted) == [-1, 1]
    assert row.store_id == str(AGENT.store_id)
    assert row.refusals == [None, None, "invalid_signature"]


def test_the_limits_of_a_request_are_those_given():
    request = AGENT.body(AGENT.event()).decode()
    with pytest.raises(RequestRefused) as caught:
        plpython.prepare_signed_events(Keys(), request, 1000, 1)
    assert caught.value.reason == "payload_too_large"


def test_prepared_columns_are_those_of_the_library_with_nulls_for_empty_ones():
    request = AGENT.body(AGENT.event(), AGENT.event() | {"ves_version": 2})
    events = ingest.decode_request(request).events
    ingest.verify_signatures(events, AGENT.keys)
    columns = ingest.to_columns(events)
    row = prepare(request.decode(), key_row())
    assert len(row) == 23
    assert row[20] is row[21] is None
    assert row.schema_epoch == 0
    assert [UUID(text) for text in row[3]] == columns.event_ids
    assert row[4] is None
    assert row[5] == [str(AGENT.agent_id)] * 2
    assert row[13] == columns.payloads
    assert row[14] is row[16] is None
    assert row[17] == columns.digests
    assert row[18] == columns.refusals == [None, "unsupported_version"]


def test_a_key_decides_and_without_it_nothing_passes():
    request = AGENT.body(AGENT.event()).decode()
    assert prepare(request, key_row(public_key=SEQUENCER.public_key)).refusals == ["invalid_signature"]
    assert prepare(request, key_row()).refusals is None
    assert prepare(request, key_row(key_id=2)).refusals == ["invalid_signature"]
