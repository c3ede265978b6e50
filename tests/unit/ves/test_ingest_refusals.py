"""Whole-request refusals: which name, in which order (VES 3, 14.1)."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest

from tests.unit.ves.story import Agent
from ves import ingest
from ves.errors import RequestRefused
from ves.ingest import Limits

AGENT = Agent()


def refusal(body: bytes, limits: Limits | None = None) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        ingest.decode_request(body, limits or Limits())
    json.dumps(caught.value.details)
    return caught.value


def changed(payload: str | None = '{"delta":100}', **changes) -> bytes:
    """A signed event with members replaced after signing; None removes a member."""
    event = AGENT.event() | changes
    return AGENT.body({name: value for name, value in event.items() if value != "absent"}, payload=payload)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}x",
        b"nonsense",
        b'{"agentId":"' + b"\xff" * 3 + b'"}',
        b"[" * 100_000,
        b'{"x":' * 5000,
    ],
)
def test_a_body_that_is_not_json_is_malformed(body):
    assert refusal(body).name == "malformed_json"


@pytest.mark.parametrize(
    "payload",
    [
        "1e400",
        "[-1e400]",
        "9" * 400,
        "9" * 5000,
        '"\\ud800"',
        "01",
        "NaN",
        "[1,]",
        '{"a":1,}',
        "[" * 125 + "]" * 125,
        "[" * 2000 + "]" * 2000,
    ],
)
def test_a_payload_that_is_not_acceptable_json_makes_the_body_malformed(payload):
    assert refusal(changed(payload)).name == "malformed_json"


def test_text_that_is_not_utf8_is_malformed_even_where_the_decoder_does_not_look():
    body = AGENT.body(AGENT.event()).replace(b'{"agentId"', b'{"unknown":"\xff","agentId"')
    assert refusal(body).name == "malformed_json"


@pytest.mark.parametrize(("levels", "accepted"), [(124, True), (125, False)])
def test_a_payload_may_nest_124_levels_below_the_request(levels, accepted):
    payload = "[" * levels + "]" * levels
    if accepted:
        (event,) = AGENT.request(payload).events
        assert event.refusal is None
    else:
        assert refusal(changed(payload)).name == "malformed_json"


@pytest.mark.parametrize(("levels", "accepted"), [(124, True), (125, False)])
def test_unknown_members_count_their_levels_too(levels, accepted):
    deep = json.dumps(AGENT.event())[:-1] + ',"x":' + "[" * levels + "]" * levels + "}"
    body = f'{{"agentId":"{AGENT.agent_id}","events":[{deep[:-1]},"payload":{{"delta":100}}}}]}}'.encode()
    if accepted:
        assert ingest.decode_request(body).events[0].refusal is None
    else:
        assert refusal(body).name == "malformed_json"


def test_a_thousand_events_with_brackets_in_strings_are_not_deep():
    events = [AGENT.event('"[[{{"', entity_id="[" * 100) for _ in range(3)]
    assert len(ingest.decode_request(AGENT.body(*events, payload='"[[{{"')).events) == 3


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *((name, "absent") for name in AGENT.event()),
        *((name, None) for name in AGENT.event()),
        ("payload_kind", 2),
        ("payload_kind", "0"),
        ("payload_kind", 0.5),
        ("payload_kind", -1),
        ("ves_version", -1),
        ("ves_version", 2**32),
        ("ves_version", True),
        ("agent_key_id", 2**32),
        ("agent_key_id", 1.5),
        ("event_id", "not-a-uuid"),
        ("tenant_id", 7),
        ("payload_plain_hash", "0x" + "0" * 63),
        ("payload_plain_hash", "0x" + "g" * 64),
        ("payload_plain_hash", "0x" + "0 " * 32),
        ("payload_plain_hash", "0X" + "0" * 64),
        ("payload_cipher_hash", "0" * 66),
        ("agent_signature", "0x"),
        ("agent_signature", "é" * 128),
        ("entity_type", 5),
        ("command_id", "x"),
        ("base_version", -1),
        ("base_version", "1"),
        ("base_version", 1.0),
        ("agent_signature_scheme", "1"),
        ("agent_signature_bundle", []),
        ("agent_signature_bundle", {"ed25519_signature": "00"}),
        ("agent_signature_bundle", {"ed25519_signature": [256]}),
        ("payload_encrypted", "x"),
        ("payload_encrypted", {}),
    ],
)
def test_json_of_the_wrong_shape_is_refused(member, value):
    error = refusal(changed(**{member: value}))
    assert error.name == "invalid_shape"
    assert error.details["field"]


@pytest.mark.parametrize("body", [b"[]", b"1", b"{}", b'{"agentId":5,"events":[]}', b'{"events":[]}'])
def test_a_request_of_the_wrong_shape_is_refused(body):
    assert refusal(body).name == "invalid_shape"


def test_what_is_both_malformed_and_misshapen_is_malformed():
    assert refusal(b'{"agentId":5,').name == "malformed_json"


def test_strict_format_wants_0x_and_lower_case():
    strict = Limits(strict_format=True)
    assert ingest.decode_request(AGENT.body(AGENT.event()), strict).events[0].refusal is None
    for digits in ("00" * 32, "0x" + "AB" * 32):
        assert refusal(changed(payload_cipher_hash=digits), strict).name == "invalid_shape"
        assert ingest.decode_request(changed(payload_cipher_hash=digits)).events


def test_an_empty_batch_is_refused():
    assert refusal(AGENT.body()).name == "empty_batch"


@pytest.mark.parametrize("member", ["tenant_id", "store_id"])
def test_two_streams_in_one_batch_are_refused(member):
    other = AGENT.event(**{member: uuid4()})
    assert refusal(AGENT.body(AGENT.event(), other)).name == "mixed_streams"


def test_another_source_agent_is_refused_and_named():
    stranger = AGENT.event(source_agent_id=uuid4())
    error = refusal(AGENT.body(AGENT.event(), stranger))
    assert error.name == "source_agent_mismatch"
    assert error.details == {"event_id": stranger["event_id"], "field": "source_agent_id"}


def test_more_events_than_allowed_are_refused():
    error = refusal(AGENT.body(AGENT.event(), AGENT.event()), Limits(max_events=1))
    assert error.name == "batch_too_large"
    assert error.details == {"limit": 1, "events": 2}


@pytest.mark.parametrize(
    ("member", "longest"), [("entity_type", 128), ("entity_id", 512), ("event_type", 256)]
)
def test_texts_are_measured_in_bytes(member, longest):
    for text in ("é" * (longest // 2), "x" * longest, "x"):
        assert AGENT.request(**{member: text}).events[0].refusal is None
    for text in ("", "é" * (longest // 2) + "x", "x" * (longest + 1), "a\0b"):
        error = refusal(AGENT.body(AGENT.event(**{member: text})))
        assert error.name == "invalid_field"
        assert error.details["field"] == member


def test_a_base_version_beyond_63_bits_is_that_of_no_entity():
    for number in (2**63 - 1, 2**63, 2**64 - 1):
        (event,) = ingest.decode_request(changed(base_version=number)).events
        assert event.base_version == 2**63 - 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_version", 2**64),
        ("sequence_number", 2**64),
        ("sequence_number", -1),
        ("sequence_number", "x"),
        ("sequenced_at", "x"),
        ("sequenced_at", "2025-01-01T00:00:00"),
        ("sequenced_at", 5),
    ],
)
def test_a_number_or_time_of_the_wrong_shape_is_refused(field, value):
    assert refusal(changed(**{field: value})).name == "invalid_shape"


def test_an_event_that_was_read_may_be_sent_again():
    request = ingest.decode_request(changed(sequence_number=7, sequenced_at="2025-01-01T00:00:00Z"))
    assert [event.refusal for event in request.events] == [None]


@pytest.mark.parametrize("spelling", ["{{{}}}", "urn:uuid:{}", "{}"])
@pytest.mark.parametrize("field", ["event_id", "tenant_id", "command_id", "source_agent_id"])
def test_a_uuid_is_taken_in_every_spelling_of_the_original(spelling, field):
    usual = AGENT.event()
    value = usual.get(field, str(UUID(int=7)))
    request = ingest.decode_request(AGENT.body(usual | {field: spelling.format(value)}))
    ingest.verify_signatures(request.events, AGENT.keys)
    assert [event.refusal for event in request.events] == [None]


@pytest.mark.parametrize("value", ["{}", "urn:uuid:", "{3b241101e2bb42558caf4136c566a962}", "x", 5, ["a"]])
def test_another_text_is_no_uuid(value):
    error = refusal(changed(event_id=value))
    assert (error.name, error.details["field"]) == ("invalid_shape", "$.events[0].event_id")


def test_a_byte_order_mark_is_passed_over():
    assert ingest.decode_request(b"\xef\xbb\xbf" + changed()).events


@pytest.mark.parametrize(
    "text", [rb'"\ud800"', rb'"\udc00"', rb'"\ud800x"', rb'"\ud800\u0041"', rb'"a\ud83dz"']
)
def test_a_lone_surrogate_is_called_by_its_name(text):
    assert "lone surrogate" in refusal(changed(text.decode())).message


@pytest.mark.parametrize("text", [rb'"\ud83d\ude00', rb'"\\ud800', b'"abc'])
def test_a_text_without_an_end_is_not_called_a_lone_surrogate(text):
    with pytest.raises(RequestRefused) as refused:
        ingest.decode_request(text)
    assert "truncated" in refused.value.message


@pytest.mark.parametrize("payload", ['"a\\u0000b"', '{"\\u0000":1}', '["\\\\\\u0000"]'])
def test_nul_in_a_payload_is_refused(payload):
    error = refusal(changed(payload))
    assert (error.name, error.details["field"]) == ("invalid_field", "payload")


def test_an_escaped_backslash_before_u0000_is_not_nul():
    assert AGENT.request('"\\\\u0000"').events[0].refusal is None


@pytest.mark.parametrize("payload", [None, "null", " null "])
def test_a_plaintext_event_needs_a_payload(payload):
    error = refusal(changed(payload))
    assert (error.name, error.details["field"]) == ("invalid_field", "payload")


@pytest.mark.parametrize("member", ["absent", None])
def test_an_encrypted_event_needs_its_payload(member):
    error = refusal(changed(None, payload_kind=1, payload_encrypted=member))
    assert (error.name, error.details["field"]) == ("invalid_field", "payload_encrypted")


def test_the_size_of_a_payload_is_that_of_its_compact_form():
    limits = Limits(max_payload_bytes=100)
    fits = '"' + "x" * 98 + '"'
    assert AGENT.request(fits, limits).events[0].refusal is None
    assert AGENT.request(f" {fits} ", limits).events[0].refusal is None
    assert AGENT.request('"' + "\\u0078" * 98 + '"', limits).events[0].refusal is None
    for payload in ('"' + "x" * 99 + '"', "[" + ",".join(["1e15"] * 6) + "]"):
        error = refusal(changed(payload), limits)
        assert error.name == "payload_too_large"
        assert error.details["limit"] == 100


def test_the_first_event_with_a_problem_is_the_one_named():
    first, second = AGENT.event(entity_id=""), AGENT.event(entity_type="")
    assert refusal(AGENT.body(first, second)).details == {"event_id": first["event_id"], "field": "entity_id"}


def test_the_shape_of_every_event_is_judged_before_the_batch():
    misshapen = AGENT.event(store_id=uuid4()) | {"agent_signature": "0x"}
    assert refusal(AGENT.body(AGENT.event(), misshapen)).name == "invalid_shape"
    events = AGENT.event(), AGENT.event(tenant_id=uuid4(), entity_id="")
    assert refusal(AGENT.body(*events, payload="1e400"), Limits(max_events=1)).name == "malformed_json"
    assert refusal(AGENT.body(*events), Limits(max_events=1)).name == "mixed_streams"


def test_the_size_of_the_batch_is_judged_before_its_events():
    events = AGENT.event(entity_id=""), AGENT.event()
    assert refusal(AGENT.body(*events), Limits(max_events=1)).name == "batch_too_large"


def test_limits_know_their_profiles():
    with pytest.raises(ValueError, match="unknown security profile"):
        Limits(profile="quantum")


def test_the_checks_can_be_made_one_by_one():
    request = ingest.parse_request(AGENT.body())
    ingest.check_source_agent(request)
    ingest.check_limits(request)
    with pytest.raises(RequestRefused):
        ingest.check_batch(request)
    request = ingest.parse_request(AGENT.body(AGENT.event(entity_id="")))
    ingest.check_batch(request)
    ingest.check_source_agent(request)
    with pytest.raises(RequestRefused):
        ingest.check_limits(request)


def test_a_repeated_member_is_refused_but_not_inside_a_payload():
    body = AGENT.body(AGENT.event()).replace(b'{"ves_version": 1', b'{"ves_version": 9, "ves_version": 1')
    error = refusal(body)
    assert (error.name, error.details) == ("invalid_shape", {"field": "$.events[0].ves_version"})
    doubled = AGENT.event('{"a":2}')
    body = AGENT.body(doubled, payload='{"a":1}').replace(b'{"a":1}', b'{"a":1,"a":2}')
    assert ingest.decode_request(body).events[0].refusal is None


def test_unknown_members_and_nulls_for_optional_ones_are_ignored():
    optional = ("command_id", "base_version", "agent_signature_scheme", "agent_signature_bundle")
    extra = dict.fromkeys((*optional, "payload_encrypted", "sequence_number", "whatever"))
    (event,) = ingest.decode_request(changed(**extra)).events
    assert (event.refusal, event.command_id, event.base_version, event.signature_scheme) == (
        None,
        None,
        None,
        0,
    )
