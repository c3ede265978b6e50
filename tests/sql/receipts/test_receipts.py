"""Receipts: stored once, the same bytes for ever, and lost ones are found again (VES 11)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import (
    SEQUENCER_ID,
    SEQUENCER_SEED,
    Agent,
    Edge,
    check_receipt,
    scalar,
)
from ves import digests, ed25519

if TYPE_CHECKING:
    from tests.conftest import Database

WORK = "select sequence_number from ves.get_receipt_work(1000000, 0) where store_id = %s order by 1"


def receipt_of(agent: Agent, event_id: uuid.UUID, number: int, signing_hash: bytes) -> tuple[bytes, bytes]:
    digest = digests.receipt_hash(agent.tenant_id, agent.store_id, event_id, number, signing_hash)
    return digest, ed25519.sign(SEQUENCER_SEED, digest)


def store(
    connection: psycopg.Connection[Any],
    agent: Agent,
    numbers: list[int],
    hashes: bytes,
    signatures: bytes | None,
) -> int:
    return int(
        scalar(
            connection,
            "select ves.store_receipts(%s, %s, %s, %s, %s)",
            [[agent.tenant_id] * len(numbers), [agent.store_id] * len(numbers), numbers, hashes, signatures],
        )
    )


def test_a_stored_receipt_verifies_without_the_database(edge: Edge, agent: Agent) -> None:
    events = agent.events(3)
    edge.ingest(agent, *events)
    assert edge.seal(agent) == 3
    for number, event in enumerate(events, 1):
        receipt = scalar(edge.connection, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id])
        assert check_receipt(agent, event, receipt) == []
        assert receipt["sequenceNumber"] == number
        assert receipt["sequencerId"] == str(SEQUENCER_ID)
        assert (
            receipt["signatureAlg"],
            receipt["sequencerKeyVersion"],
            receipt["receiptSignatureScheme"],
        ) == ("ed25519", 0, 1)


def test_receipts_of_several_streams_are_stored_in_one_call_or_none_of_them(edge: Edge) -> None:
    streams = [Agent(), Agent()]
    tenants, stores, hashes, signatures = [], [], b"", b""
    for agent in streams:
        agent.register(edge.connection)
        event = agent.event()
        edge.ingest(agent, event)
        row = edge.connection.execute(
            "select event_signing_hash from ves.get_receipts(%s, %s, 1, 1)", [agent.tenant_id, agent.store_id]
        ).fetchone()
        assert row is not None
        digest, signature = receipt_of(agent, event.event_id, 1, bytes(row[0]))
        tenants.append(agent.tenant_id)
        stores.append(agent.store_id)
        hashes, signatures = hashes + digest, signatures + signature
    call = "select ves.store_receipts(%s, %s, %s, %s, %s)"
    with pytest.raises(psycopg.Error, match="receipt") as refusal:
        scalar(edge.connection, call, [tenants, stores, [1, 1], hashes[:32] * 2, signatures])
    assert refusal.value.sqlstate == "VE207"
    assert scalar(edge.connection, call, [tenants, stores, [1, 1], hashes, signatures]) == 2
    assert scalar(edge.connection, call, [tenants, stores, [1, 1], hashes, signatures]) == 0


def test_a_receipt_whose_signature_is_not_stored_yet_says_null(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    receipt = scalar(edge.connection, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id])
    assert receipt["sequencerSignature"] is None
    assert receipt["signatureAlg"] == "ed25519"


def test_an_unsigned_signer_gives_receipts_without_scheme(database: Database) -> None:
    with database.connect("ves_api") as connection:
        edge, agent = Edge.open(connection, None), Agent()
        agent.register(connection)
        event = agent.event()
        edge.ingest(agent, event)
        receipt = scalar(connection, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id])
        assert (receipt["signatureAlg"], receipt["sequencerSignature"]) == ("none", "")
        assert "receiptSignatureScheme" not in receipt
        digest, _ = receipt_of(agent, event.event_id, 1, event.signing_hash)
        assert store(connection, agent, [1], digest, None) == 1


def test_an_unknown_event_has_no_receipt_and_another_tenant_sees_none(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    get = "select ves.get_receipt(%s, %s)"
    assert scalar(edge.connection, get, [agent.tenant_id, uuid.uuid4()]) is None
    assert scalar(edge.connection, get, [uuid.uuid4(), event.event_id]) is None


def test_receipts_of_a_range_come_in_order(edge: Edge, agent: Agent) -> None:
    events = agent.events(5)
    edge.ingest(agent, *events)
    edge.seal(agent)
    rows = edge.connection.execute(
        "select sequence_number, event_id, event_signing_hash, receipt from ves.get_receipts(%s, %s, 2, 4)",
        [agent.tenant_id, agent.store_id],
    ).fetchall()
    assert [row[:3] for row in rows] == [
        (n, events[n - 1].event_id, events[n - 1].signing_hash) for n in (2, 3, 4)
    ]
    assert all(check_receipt(agent, events[row[0] - 1], row[3]) == [] for row in rows)


def test_the_first_receipt_stored_stays(edge: Edge, agent: Agent) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    edge.seal(agent)
    before = scalar(edge.connection, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id])
    digest, _ = receipt_of(agent, event.event_id, 1, event.signing_hash)
    assert store(edge.connection, agent, [1], digest, bytes(64)) == 0
    assert (
        scalar(edge.connection, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id]) == before
    )


@pytest.mark.parametrize("number", [1, 2])
def test_a_receipt_that_is_not_the_events_is_refused_and_none_is_stored(
    edge: Edge, agent: Agent, number: int
) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    digest, signature = receipt_of(agent, event.event_id, 1, event.signing_hash)
    with pytest.raises(psycopg.Error) as refusal:
        store(edge.connection, agent, [1, number], digest + bytes(32), signature * 2)
    assert refusal.value.sqlstate == "VE207"
    assert refusal.value.diag.message_detail == f'{{"sequence_number": {number}}}'
    stored = scalar(edge.connection, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id])
    assert stored["sequencerSignature"] is None


def test_storing_again_answers_only_what_was_new(edge: Edge, agent: Agent) -> None:
    events = agent.events(4)
    edge.ingest(agent, *events)
    sealed = [receipt_of(agent, event.event_id, at, event.signing_hash) for at, event in enumerate(events, 1)]
    hashes, signatures = (b"".join(column) for column in zip(*sealed, strict=True))
    assert store(edge.connection, agent, [2, 3], hashes[32:96], signatures[64:192]) == 2
    assert store(edge.connection, agent, [1, 2, 3, 4], hashes, signatures) == 2


@pytest.mark.parametrize(
    ("hashes", "signatures"),
    [(bytes(63), bytes(128)), (bytes(64), bytes(127)), (bytes(64), b""), (b"", bytes(128))],
)
def test_bytes_that_do_not_fit_the_numbers_are_refused(
    edge: Edge, agent: Agent, hashes: bytes, signatures: bytes
) -> None:
    with pytest.raises(psycopg.Error) as refusal:
        store(edge.connection, agent, [1, 2], hashes, signatures)
    assert refusal.value.sqlstate == "VE502"


def test_work_is_what_is_not_stored(edge: Edge, worker: psycopg.Connection[Any], agent: Agent) -> None:
    events = agent.events(6)
    edge.ingest(agent, *events)
    assert worker.execute(WORK, [agent.store_id]).fetchall() == [(n,) for n in range(1, 7)]
    sealed = {n: receipt_of(agent, events[n - 1].event_id, n, events[n - 1].signing_hash) for n in (1, 2, 5)}
    store(
        edge.connection,
        agent,
        list(sealed),
        b"".join(h for h, _ in sealed.values()),
        b"".join(s for _, s in sealed.values()),
    )
    assert worker.execute(WORK, [agent.store_id]).fetchall() == [(3,), (4,), (6,)]
    edge.seal(agent)
    assert worker.execute(WORK, [agent.store_id]).fetchall() == []
    edge.ingest(agent, agent.event())
    assert worker.execute(WORK, [agent.store_id]).fetchall() == [(7,)]
    edge.seal(agent)


def test_work_names_all_that_a_signature_needs(
    edge: Edge, worker: psycopg.Connection[Any], agent: Agent
) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    row = worker.execute(
        "select * from ves.get_receipt_work(1000000, 0) where store_id = %s", [agent.store_id]
    ).fetchone()
    assert row == (agent.tenant_id, agent.store_id, 1, event.event_id, event.signing_hash, edge.signer_id)
    edge.seal(agent)


def test_fresh_events_are_left_to_the_api_that_numbered_them(
    edge: Edge, worker: psycopg.Connection[Any], agent: Agent
) -> None:
    edge.ingest(agent, agent.event())
    later = "select count(*) from ves.get_receipt_work(1000000, 3600) where store_id = %s"
    assert scalar(worker, later, [agent.store_id]) == 0
    edge.seal(agent)


def test_work_is_limited(edge: Edge, worker: psycopg.Connection[Any], agent: Agent) -> None:
    edge.ingest(agent, *agent.events(20))
    assert scalar(worker, "select count(*) from ves.get_receipt_work(7, 0)") == 7
    edge.seal(agent)


def test_a_signer_is_the_same_number_for_the_same_values(admin: psycopg.Connection[Any]) -> None:
    identity, public_key = uuid.uuid4(), Agent().public_key
    register = "select ves.register_signer(%s, %s, %s, %s)"
    first = scalar(admin, register, [identity, 0, "ed25519", public_key])
    assert scalar(admin, register, [identity, 0, "ed25519", public_key]) == first
    assert scalar(admin, register, [identity, 1, "ed25519", Agent().public_key]) != first
    assert scalar(admin, register, [identity, 0, "none", None]) != first


def test_another_key_under_the_same_version_is_refused(admin: psycopg.Connection[Any]) -> None:
    identity = uuid.uuid4()
    register = "select ves.register_signer(%s, 0, 'ed25519', %s)"
    admin.execute(register, [identity, Agent().public_key])
    with pytest.raises(psycopg.Error) as refusal:
        admin.execute(register, [identity, Agent().public_key])
    assert refusal.value.sqlstate == "VE206"


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00"),
        ("2026-01-02T03:04:05.6Z", "2026-01-02T03:04:05.600+00:00"),
        ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678+00:00"),
        ("2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05.678901+00:00"),
        ("2026-01-02T03:04:05.000001Z", "2026-01-02T03:04:05.000001+00:00"),
        ("2026-01-02T03:04:05+05:45", "2026-01-01T21:19:05+00:00"),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/St_Johns"])
def test_an_instant_is_the_same_text_in_every_time_zone(
    owner: psycopg.Connection[Any], edge: Edge, agent: Agent, instant: str, text: str, zone: str
) -> None:
    event = agent.event()
    edge.ingest(agent, event)
    owner.execute("set local session_replication_role to replica")
    owner.execute(
        "update ves_store.ves_events set sequenced_at = %s where event_id = %s", [instant, event.event_id]
    )
    owner.execute("select set_config('TimeZone', %s, true)", [zone])
    receipt = scalar(owner, "select ves.get_receipt(%s, %s)", [agent.tenant_id, event.event_id])
    assert receipt["sequencedAt"] == text
