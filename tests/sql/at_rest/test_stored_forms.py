"""What is stored when encryption at rest is on, what it is bound to, and what is said when it does not open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.at_rest.streams import KEY, MARKER, RING, Stream, findings
from tests.support import keyring
from ves.digests import at_rest_payload_aad, at_rest_ves_payload_aad
from ves.errors import ProtocolError
from ves.keyring import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database


@pytest.fixture
def stream(database: Database) -> Iterator[Stream]:
    yield from Stream.filled(database)


def test_no_table_holds_a_payload_in_plaintext(stream: Stream) -> None:
    for table in ("ves_events", "events"):
        texts = stream.column(f"select t::text from ves_store.{table} as t")
        assert texts
        assert not [text for text in texts if MARKER in text or MARKER.encode().hex() in text]


def test_a_ves_payload_is_the_text_received_bound_to_its_event(stream: Stream) -> None:
    row = stream.row(
        "select event_id, event_signing_hash, payload_at_rest, payload_key_id from ves.events where sequence_number = 1"
    )
    aad = at_rest_ves_payload_aad(stream.tenant_id, stream.store_id, row[0], row[1])
    assert row[3] == KEY.key_id
    assert RING.open(stream.tenant_id, row[3], aad, row[2]).decode() == stream.payloads[0]


def test_a_ves_payload_is_compressed_where_that_makes_it_shorter(stream: Stream) -> None:
    blobs = stream.column("select payload_at_rest from ves_store.ves_events order by sequence_number")
    assert [blob[:4] for blob in blobs] == [b"SSE1", b"SSE2", b"SSE1"]
    assert len(blobs[1]) < 150 < len(stream.payloads[1])
    assert (
        stream.column("select payload::text from ves.read_payloads(%s, %s)", *stream.ids) == stream.payloads
    )
    assert findings(stream) == []


def test_a_blob_given_out_as_the_other_form_does_not_open(stream: Stream) -> None:
    stream.tamper(
        "ves_events",
        "update ves_store.ves_events set payload_at_rest = set_byte(payload_at_rest, 3,"
        " ascii('1') + ascii('2') - get_byte(payload_at_rest, 3))",
    )
    assert findings(stream) == [("payload_at_rest", number) for number in (1, 2, 3)]


def test_a_legacy_payload_has_the_stored_form_of_the_reference(stream: Stream) -> None:
    row = stream.row(
        "select event_id, entity_type, entity_id, event_type, payload_at_rest from ves_store.events where sequence_number = 2"
    )
    aad = at_rest_payload_aad(stream.tenant_id, stream.store_id, row[0], 2, *row[1:4])
    assert RING.open(stream.tenant_id, None, aad, row[4]).decode() == f'{{"m":"{MARKER}"}}'


@pytest.mark.parametrize("table", ["ves_events", "events"])
def test_a_ciphertext_moved_to_another_row_does_not_open(stream: Stream, table: str) -> None:
    stream.tamper(
        table,
        f"update ves_store.{table} as a set payload_at_rest = b.payload_at_rest from ves_store.{table} as b"
        " where a.sequence_number = 1 and b.sequence_number = 2",
    )
    name = "payload_at_rest" if table == "ves_events" else "legacy_payload_at_rest"
    assert findings(stream) == [(name, 1)]
    read = "read_payloads" if table == "ves_events" else "list_legacy_events"
    with pytest.raises(psycopg.Error) as refusal:
        stream.column(f"select payload::text from ves.{read}(%s, %s)", *stream.ids)
    assert refusal.value.sqlstate == "VE512"


def test_the_owner_cannot_change_a_ciphertext_by_hand(stream: Stream) -> None:
    for table in ("ves_events", "events"):
        with pytest.raises(psycopg.Error) as refusal:
            stream.superuser.execute(f"update ves_store.{table} set payload_at_rest = payload_at_rest || 'x'")
        assert refusal.value.sqlstate == "VE501"


def test_reads_in_sql_decrypt(stream: Stream) -> None:
    assert (
        stream.column("select payload::text from ves.read_payloads(%s, %s)", *stream.ids) == stream.payloads
    )
    assert (
        stream.column("select payload::text from ves.list_legacy_events(%s, %s)", *stream.ids)
        == [f'{{"m":"{MARKER}"}}'] * 3
    )
    assert findings(stream) == []


@pytest.mark.parametrize(
    "read",
    [
        *(
            f"payload::text from ves.{name}(%s, %s)"
            for name in ("read_events", "read_payloads", "list_legacy_events")
        ),
        "payload::text from ves.export_events(%s, %s, 1, 3)",
        "(event).payload::text from ves.get_entity_history(%s, %s, 'order', 'L-1')",
        "unnest(events)::text from ves_int.projector_events(%s, %s, 0, 3)",
        *(
            f"(unnest(events)).payload::text from ves_int.next_projected_events(%s, %s, '{kind}', 0, 3, array['order'])"
            for kind in ("ves", "legacy")
        ),
    ],
)
def test_the_payloads_of_a_page_are_opened_by_one_call_of_python(stream: Stream, read: str) -> None:
    """Safe: that call makes the additional data of each event with the functions that seal; of another stream none opens."""
    stream.superuser.execute("set track_functions = 'all'")
    with stream.superuser.transaction():
        assert stream.column(f"select {read}", *stream.ids)[-1] is not None
        calls = stream.column(
            "select f.calls from pg_stat_xact_user_functions as f join pg_proc as p on p.oid = f.funcid"
            " join pg_language as l on l.oid = p.prolang where l.lanname = 'plpython3u' and f.calls > 0"
        )
    assert calls == [1]


def test_payloads_under_a_key_that_the_server_lacks_are_a_finding_for_each_stream(stream: Stream) -> None:
    keyring.write(stream.keyring, PAYLOAD_ENCRYPTION_KEY="22" * 32)
    assert findings(stream) == [("payload_not_opened", 1)] * 2
    with pytest.raises(psycopg.Error) as refusal:
        stream.column("select payload::text from ves.read_payloads(%s, %s)", *stream.ids)
    assert refusal.value.sqlstate == "VE512"
    assert '"unknown_key"' in str(refusal.value.diag.message_detail)


@pytest.mark.parametrize("table", ["ves_events", "events"])
def test_a_destroyed_payload_under_an_invented_key_is_a_finding_that_names_the_event(
    stream: Stream, table: str
) -> None:
    """A key id that no ring ever had excuses nothing."""
    stream.superuser.execute("set session_replication_role = replica")
    stream.superuser.execute(
        f"update ves_store.{table} set payload_at_rest = %s, payload_key_id = %s"
        " where tenant_id = %s and sequence_number = 3",
        [bytes(64), b"AAAAAAAA", stream.tenant_id],
    )
    assert findings(stream) == [("payload_not_opened", 3)]


@pytest.mark.parametrize("of_the_tenant", [True, False])
def test_payloads_under_a_key_whose_removal_is_in_the_audit_log_are_a_note(
    stream: Stream, database: Database, of_the_tenant: bool
) -> None:
    keyring.write(stream.keyring, PAYLOAD_ENCRYPTION_KEY="22" * 32)
    record = "select ves.record_audit('custom:payload_key_dropped', %s, 'payload_key', %s)"
    with database.connect("ves_admin") as admin:
        admin.execute(record, [stream.nobody, KEY.key_id.hex()])
        admin.execute(record, [stream.tenant_id, "00" * 8])
        assert {name for name, _ in findings(stream)} == {"payload_not_opened"}
        admin.execute(record, [stream.tenant_id if of_the_tenant else None, KEY.key_id.hex()])
    assert findings(stream) == [("payload_key_dropped", 1)] * 2


def test_a_required_ring_without_a_key_refuses_to_write(stream: Stream, database: Database) -> None:
    keyring.write(stream.keyring, PAYLOAD_ENCRYPTION_MODE="required")
    with database.connect("ves_service") as fresh, pytest.raises(psycopg.Error) as refusal:
        fresh.execute("select ves.ingest_signed_request(%s)", [stream.body()])
    assert refusal.value.sqlstate == "VE511"


def test_plaintext_is_stored_when_encryption_is_disabled_and_stays_readable(
    stream: Stream, database: Database
) -> None:
    keyring.write(
        stream.keyring, PAYLOAD_ENCRYPTION_MODE="disabled", PAYLOAD_ENCRYPTION_KEY=keyring.KEY.hex()
    )
    with database.connect("ves_service") as fresh:
        fresh.execute("select ves.ingest_signed_request(%s)", [stream.body()])
    states = stream.column("select state from ves.read_payloads(%s, %s)", *stream.ids)
    assert states == ["encrypted_at_rest"] * 3 + ["plaintext"]
    assert findings(stream) == []


def test_a_key_opens_only_its_own_blobs() -> None:
    (blob,) = Key(bytes(32)).seal([b"a" * 32], [b"{}"])
    for aad, ring in ((b"b" * 32, RING), (b"a" * 32, RING)):
        with pytest.raises(ProtocolError):
            ring.open(Stream.nobody, Key(bytes(32)).key_id, aad, blob)


def shred(connection: psycopg.Connection[Any], *arguments: Any) -> None:
    connection.execute("select ves.shred_payload(%s, %s, %s, %s, %s)", list(arguments))


@pytest.mark.parametrize("which", ["ves", "legacy"])
def test_a_shredded_payload_is_gone_and_everything_else_stays(
    stream: Stream, database: Database, which: str
) -> None:
    with database.connect("ves_admin") as admin:
        shred(admin, *stream.ids, 2, "asked to be forgotten", which)
        with pytest.raises(psycopg.Error) as again:
            shred(admin, *stream.ids, 2, "again", which)
        assert again.value.sqlstate == "VE513"
        with pytest.raises(psycopg.Error) as unknown:
            shred(admin, *stream.ids, 99, "nobody", which)
        assert unknown.value.sqlstate == "VE609"
        marks = admin.execute(
            "select stream, sequence_number, reason, shredded_by from ves.shredded_payloads"
        )
        assert marks.fetchall() == [(which, 2, "asked to be forgotten", "ves_admin")]
        actions = admin.execute("select action from ves.list_audit(%s)", [stream.tenant_id])
        assert ("custom:payload_shredded",) in actions.fetchall()
    assert findings(stream) == [("payload_shredded", 2)]
    read = "read_payloads" if which == "ves" else "list_legacy_events"
    payloads = stream.column(f"select payload::text from ves.{read}(%s, %s)", *stream.ids)
    assert [payload is None for payload in payloads] == [False, True, False]
    for change in (
        "delete from ves_store.shredded_payloads",
        "update ves_store.shredded_payloads set reason = 'x'",
    ):
        with pytest.raises(psycopg.Error) as refusal:
            stream.superuser.execute(change)
        assert refusal.value.sqlstate == "VE501"


@pytest.mark.parametrize("table", ["ves_events", "events"])
def test_a_re_encryption_that_has_ended_does_not_open_the_log_to_the_rest_of_its_transaction(
    stream: Stream, table: str
) -> None:
    swap = f"update ves_store.{table} set payload = null, payload_at_rest = 'x', payload_key_id = '12345678'"
    with stream.superuser.transaction(force_rollback=True):
        stream.superuser.execute("select ves.reencrypt_events(force => true)")
        with pytest.raises(psycopg.Error) as refusal:
            stream.superuser.execute(swap)
        assert refusal.value.sqlstate == "VE501"


def test_only_the_administrator_shreds_and_re_encrypts(stream: Stream, database: Database) -> None:
    for role in ("ves_api", "ves_service", "ves_reader", "ves_worker"):
        with database.connect(role) as connection:
            for call in ("ves.shred_payload(null, null, 1, 'x')", "ves.reencrypt_events()"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(f"select {call}")
