"""The API reads the same events as everybody, with ciphertext in place of payloads and the parts of the receipts."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg.rows import namedtuple_row

from tests.sql.at_rest.streams import KEY, Stream
from ves.digests import receipt_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database
    from tests.sql.support import Agent, Edge

READ = "select * from ves.{}(%s, %s, after => %s, max_events => %s, {})"
# Members that one of the two answers has, and the other makes of them.
MADE = {"payload_state", "leaf_hash", "receipt"}


@pytest.fixture
def stream(database: Database) -> Iterator[Stream]:
    yield from Stream.filled(database)


def _both(
    owner: psycopg.Connection[Any], agent: Agent, *page: int, wanted: str = ""
) -> list[tuple[Any, Any]]:
    """Each event as ves.read_events and as ves.read_event_parts answers it."""
    with owner.cursor(row_factory=namedtuple_row) as cursor:
        given = [agent.tenant_id, agent.store_id, *(page or (0, 100))]
        events = cursor.execute(
            READ.format("read_events", f"decrypt => false{wanted}").encode(), given
        ).fetchall()
        parts = cursor.execute(
            READ.format("read_event_parts", f"entity_id => null{wanted}").encode(), given
        ).fetchall()
    return list(zip(events, parts, strict=True))


def test_the_parts_are_those_of_the_events(edge: Edge, agent: Agent, owner: psycopg.Connection[Any]) -> None:
    more = agent.event('{"n":1.0}', command_id=uuid.uuid4(), base_version=0, event_type="more")
    edge.ingest(agent, *agent.events(3), more)
    edge.seal(agent)
    for page in ((0, 100), (1, 2), (4, 1)):
        for event, part in _both(owner, agent, *page):
            for name in set(event._fields) - MADE:
                assert getattr(part, name) == getattr(event, name), name
            digest = receipt_hash(
                agent.tenant_id, agent.store_id, part.event_id, part.sequence_number, part.event_signing_hash
            )
            assert (part.is_shredded, event.payload_state) == (False, "plaintext")
            assert (
                str(part.sequencer_id),
                digest.hex(),
                part.receipt_algorithm,
                bytes(part.receipt_signature).hex(),
                part.sequencer_key_version,
            ) == tuple(
                event.receipt[name]
                for name in (
                    "sequencerId",
                    "receiptHash",
                    "signatureAlg",
                    "sequencerSignature",
                    "sequencerKeyVersion",
                )
            )
    [(_, only)] = _both(owner, agent, wanted=", event_type => 'more'")
    assert (only.sequence_number, only.base_version) == (4, 0)


def test_a_signature_that_is_not_stored_yet_is_null(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    edge.ingest(agent, agent.event())
    [(event, part)] = _both(owner, agent)
    assert (event.receipt["sequencerSignature"], part.receipt_signature) == (None, None)


def test_the_api_gets_the_ciphertext_and_its_key(stream: Stream, database: Database) -> None:
    with database.connect("ves_api") as api:
        rows = api.execute(
            "select payload::text, payload_at_rest, payload_key_id from ves.read_event_parts(%s, %s)",
            stream.ids,
        ).fetchall()
    assert [(text, bytes(key_id)) for text, _, key_id in rows] == [(None, KEY.key_id)] * 3
    assert all(blob is not None for _, blob, _ in rows)


@pytest.mark.parametrize(("after", "most"), [(-1, 10), (0, 1001), (0, -1), (None, 1), (0, None)])
def test_a_page_that_cannot_be_is_refused(
    owner: psycopg.Connection[Any], after: int | None, most: int | None
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        owner.execute(
            "select * from ves.read_event_parts(%s, %s, %s, %s)", [uuid.uuid4(), uuid.uuid4(), after, most]
        )
    assert refusal.value.sqlstate == "VE007"


def test_a_missing_event_is_told_not_skipped(
    edge: Edge, agent: Agent, owner: psycopg.Connection[Any]
) -> None:
    edge.ingest(agent, *agent.events(3))
    owner.execute("set local session_replication_role = replica")
    owner.execute(
        "delete from ves_store.ves_events where tenant_id = %s and sequence_number = 2", [agent.tenant_id]
    )
    read = "select * from ves.read_event_parts(%s, %s, %s)"
    with pytest.raises(psycopg.Error) as refusal, owner.transaction():
        owner.execute(read, [agent.tenant_id, agent.store_id, 0])
    assert refusal.value.sqlstate == "VE402"
    [(number, *_)] = owner.execute(read, [agent.tenant_id, agent.store_id, 2]).fetchall()
    assert number == 3
