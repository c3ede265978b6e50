"""The adapter between PL/Python and the library, without a database."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from tests.unit.ves.story import Agent
from ves import digests, ed25519, error_codes, ingest, keyring_source, plpython, plpython_guard
from ves.errors import ProtocolError, RequestRefused
from ves.ingest import Limits

AGENT = Agent()
LIMITS = Limits()
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


def keys(*rows):
    return list(zip(*rows, strict=True)) if rows else [None] * 5


def key_row(**changes):
    row = {"agent": str(AGENT.agent_id), "bits": 1, "algorithm": 1, "key": ed25519.public_key(AGENT.seed)}
    return (*(row | changes).values(), None)


def test_a_result_passes_through_the_guard():
    assert plpython_guard.guard(Plpy(), plpython.jcs_text, '{"b":1.0,"a":-0}') == '{"a":0,"b":1}'
    assert plpython.plain_text('{"b":1.0,"a":-0}') == '{"a":-0.0,"b":1.0}'


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


def test_a_request_is_decoded_once_for_its_two_calls(monkeypatch):
    request = AGENT.body(AGENT.event(), AGENT.event()).decode()
    cache: dict[str, object] = {}
    stream = plpython.request_stream(cache, request, LIMITS)
    assert stream == (str(AGENT.agent_id), str(AGENT.tenant_id), str(AGENT.store_id), [1])
    monkeypatch.setattr(plpython, "decode_request", None)
    row = plpython.prepare(cache, request, LIMITS, keys(key_row()))
    assert row[:3] == stream[:3]
    assert not cache


def test_another_request_or_other_limits_are_decoded_anew():
    first, second = (AGENT.body(AGENT.event()).decode() for _ in range(2))
    cache: dict[str, object] = {}
    plpython.request_stream(cache, first, LIMITS)
    row = plpython.prepare(cache, second, LIMITS, keys())
    assert row[3] == [json.loads(second)["events"][0]["event_id"].replace("-", "")]
    plpython.request_stream(cache, first, LIMITS)
    with pytest.raises(RequestRefused):
        plpython.prepare(cache, first, Limits(max_payload_bytes=1), keys())


def test_prepared_columns_are_those_of_the_library_with_nulls_for_empty_ones():
    request = AGENT.body(AGENT.event(), AGENT.event() | {"ves_version": 2})
    events = ingest.decode_request(request).events
    ingest.verify_signatures(events, AGENT.keys)
    columns = ingest.to_columns(events)
    row = plpython.prepare({}, request.decode(), LIMITS, keys(key_row()))
    assert len(row) == 22
    assert row[20] is row[21] is None
    assert [UUID(text) for text in row[3]] == columns.event_ids
    assert row[4] is None
    assert row[5] == [str(AGENT.agent_id)] * 2
    assert row[13] == columns.payloads
    assert row[14] is row[16] is None
    assert row[17] == columns.digests
    assert row[18] == columns.refusals == [None, "unsupported_version"]


def test_a_key_decides_and_without_it_nothing_passes():
    request = AGENT.body(AGENT.event()).decode()
    wrong = key_row(key=SEQUENCER.public_key)
    assert plpython.prepare({}, request, LIMITS, keys(wrong))[18] == ["invalid_signature"]
    assert plpython.prepare({}, request, LIMITS, keys(key_row()))[18] is None
    assert plpython.prepare({}, request, LIMITS, keys(key_row(bits=2)))[18] == ["invalid_signature"]


def test_a_batch_of_signatures_is_verified_row_by_row():
    signature = SEQUENCER.sign(b"m")
    public = SEQUENCER.public_key
    rows = [
        (public, b"m", signature),
        (public, b"n", signature),
        (None, b"m", signature),
        (public, b"m", None),
    ]
    assert plpython.ed25519_verify_batch(*zip(*rows, strict=True)) == [True, False, False, False]
    assert plpython.ed25519_verify_batch([], [], []) == []


def test_payload_hashes_take_a_salt_or_none():
    assert plpython.payload_hash("{}", None) == digests.payload_plain_hash(b"{}")
    assert plpython.payload_hash("{}", b"\1" * 16) == digests.payload_plain_hash(b"{}", b"\1" * 16)
