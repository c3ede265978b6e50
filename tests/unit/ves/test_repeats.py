"""A member that stands twice is found wherever a request has members of its own, and nowhere else."""

from __future__ import annotations

import json
from uuid import UUID

import msgspec
import pytest

from tests.api.support import Agent
from ves.encrypted import PayloadEncrypted
from ves.envelope import Envelope, IngestBody
from ves.errors import RequestRefused
from ves.ingest import decode_request
from ves.repeats import QuoteCount, first_repeated


class Inner(msgspec.Struct):
    a: int | None = None
    raw: msgspec.Raw = msgspec.Raw(b"null")


class Outer(msgspec.Struct, rename="camel"):
    one_inner: Inner | None = None
    many: list[Inner] | None = None
    tenant: UUID | None = None


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{"oneInner":null,"oneInner":null}', "oneInner"),
        ('{"oneInner":{"a":1},"x":1,"oneInn\\u0065r":{"a":1}}', "oneInner"),
        ('{"oneInner":{"a":1,"b":2,"a":1}}', "oneInner.a"),
        ('{"many":[{"a":1},{"a":1,"\\u0061":2}]}', "many[1].a"),
        ('{"many":[{"raw":{"a":1,"a":2}}],"oneInner":{"raw":[{"a":1,"a":1}]}}', None),
        ('{"x":{"many":1,"many":1},"x":1,"one_inner":1,"one_inner":2}', None),
        ('{"tenant":null,"many":null,"oneInner":null}', None),
        ("{}", None),
    ],
)
def test_the_first_repeated_member_is_named_by_its_path(text: str, path: str | None) -> None:
    msgspec.json.decode(text, type=Outer)
    assert first_repeated(text.encode(), Outer) == path


MEMBERS = [
    ("agentId", "agentId", b'"00000000-0000-0000-0000-000000000001"'),
    ("event_id", "events[1].event_id", b'"00000000-0000-0000-0000-000000000001"'),
    ("payload", "events[1].payload", b"{}"),
    ("base_version", "events[1].base_version", b"null"),
]


@pytest.mark.parametrize(("name", "path", "value"), MEMBERS)
@pytest.mark.parametrize("escaped", [False, True])
def test_a_request_with_a_repeated_member_is_refused(
    name: str, path: str, value: bytes, escaped: bool
) -> None:
    agent = Agent()
    first = agent.event(base_version=0) | {"unknown": 1}
    body = agent.body(first, agent.event(base_version=0))
    assert len(decode_request(body).events) == 2
    key = f"\\u{ord(name[0]):04x}{name[1:]}" if escaped else name
    at = 1 if name == "agentId" else body.rindex(b'{"ves_version"') + 1
    twice = body[:at] + b'"' + key.encode() + b'":' + value + b"," + body[at:]
    json.loads(twice)
    with pytest.raises(RequestRefused) as caught:
        decode_request(twice)
    assert caught.value.name == "invalid_shape"
    assert caught.value.details == {"field": f"$.{path}"}


def test_quotation_marks_tell_a_batch_without_repeats() -> None:
    agent, quotes = Agent(), QuoteCount(Envelope, 6)

    def is_exact(body: bytes) -> bool:
        return quotes.is_exact(body, msgspec.json.decode(body, type=IngestBody).events)

    plain = agent.event({"a": 'text "quoted"', "b": ["x"]})
    optional = agent.event(base_version=1, command_id=str(agent.agent_id), entity_id="O-1")
    body = agent.body(plain, optional | {"sequence_number": 1, "sequenced_at": "2025-01-01T00:00:00Z"})
    assert is_exact(body)
    assert not is_exact(body[:-1] + b',"x":1}')
    assert not is_exact(body.replace(b'"entity_id":"O-1"', b'"entity_id":"O-1","entity_id":"O-1"'))


def test_a_member_of_an_encrypted_payload_is_found() -> None:
    text = (
        b'{"hpke":{"mode":"base"},"recipients":[{"recipient_kid":1},{"recipient_kid":1,"recipient_kid":2}]}'
    )
    assert first_repeated(text, PayloadEncrypted) == "recipients[1].recipient_kid"
