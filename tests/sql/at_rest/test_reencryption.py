"""Rotation: a new key first in the ring, everything encrypted again in batches, the old key dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.at_rest.streams import KEY, Stream, findings
from tests.support import keyring
from ves.keyring import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

NEW = bytes(range(96, 128))
ROTATED = {"PAYLOAD_ENCRYPTION_KEYS": f"{NEW.hex()},{keyring.KEY.hex()}"}
STEP = """select (s).scanned, (s).updated, (s).skipped_current_key, (s).next_cursor
from (select ves.reencrypt_events(batch_size => %s, cursor => %s::jsonb, dry_run => %s, force => %s) as s) as r"""


@pytest.fixture
def stream(database: Database) -> Iterator[Stream]:
    yield from Stream.filled(database)


def steps(
    admin: psycopg.Connection[Any], size: int = 2, *, dry: bool = False, force: bool = False
) -> list[int]:
    """Scanned, updated and skipped of a whole run."""
    total, cursor = [0, 0, 0], None
    while True:
        row = admin.execute(STEP, [size, cursor, dry, force]).fetchone()
        assert row is not None
        total = [have + more for have, more in zip(total, row[:3], strict=True)]
        if row[3] is None:
            return total
        cursor = psycopg.types.json.Jsonb(row[3])


def key_ids(stream: Stream) -> set[bytes]:
    both = "select payload_key_id from ves_store.ves_events union all select payload_key_id from ves_store.events"
    return set(stream.column(both))


def test_a_rotation_under_a_running_server_needs_the_old_key_no_more(
    stream: Stream, database: Database
) -> None:
    with database.connect("ves_admin") as admin:
        assert steps(admin) == [6, 0, 6]
        keyring.write(stream.keyring, **ROTATED)
        assert steps(admin, dry=True) == [6, 6, 0]
        assert key_ids(stream) == {KEY.key_id}
        assert steps(admin) == [6, 6, 0]
        assert steps(admin) == [6, 0, 6]
        assert steps(admin, force=True) == [6, 6, 0]
    keyring.write(stream.keyring, PAYLOAD_ENCRYPTION_KEY=NEW.hex())
    assert key_ids(stream) == {Key(NEW).key_id}
    assert findings(stream) == []
    assert (
        stream.column("select payload::text from ves.read_payloads(%s, %s)", *stream.ids) == stream.payloads
    )


def test_only_ciphertext_and_key_id_change(stream: Stream, database: Database) -> None:
    rest = "select (to_jsonb(e) - '{payload_at_rest,payload_key_id}'::text[])::text from ves_store.%s as e order by 1"
    tables = ("ves_events", "events", "ves_sequence_counters", "ves_sequencer_receipts")
    before = [stream.column(rest % table) for table in tables]
    keyring.write(stream.keyring, **ROTATED)
    with database.connect("ves_admin") as admin:
        assert steps(admin) == [6, 6, 0]
    assert [stream.column(rest % table) for table in tables] == before


def test_plaintext_rows_are_encrypted(stream: Stream, database: Database) -> None:
    keyring.write(stream.keyring, PAYLOAD_ENCRYPTION_MODE="disabled")
    with database.connect("ves_service") as fresh:
        fresh.execute("select ves.ingest_signed_request(%s)", [stream.body()])
        fresh.execute("select ves.ingest_legacy_request(%s)", [stream.legacy_body(2)])
    keyring.write(stream.keyring)
    with database.connect("ves_admin") as admin:
        assert steps(admin) == [9, 3, 6]
    assert key_ids(stream) == {KEY.key_id}
    assert findings(stream) == []


def test_damage_is_not_encrypted_anew(stream: Stream, database: Database) -> None:
    stream.tamper(
        "ves_events",
        "update ves_store.ves_events set payload_at_rest = payload_at_rest || '\\x00' where sequence_number = 2",
    )
    before = stream.column("select payload_at_rest from ves_store.ves_events order by sequence_number")
    keyring.write(stream.keyring, **ROTATED)
    with database.connect("ves_admin") as admin, pytest.raises(psycopg.Error) as refusal:
        steps(admin, size=10)
    assert refusal.value.sqlstate == "VE512"
    assert (
        stream.column("select payload_at_rest from ves_store.ves_events order by sequence_number") == before
    )


def test_a_killed_batch_changes_nothing_and_the_next_run_finishes_under_ingest(
    stream: Stream, database: Database
) -> None:
    keyring.write(stream.keyring, **ROTATED)
    with database.connect("ves_admin") as killed, database.connect("ves_service") as service:
        killed.autocommit = False
        killed.execute(STEP, [2, None, False, False])
        # Ingest does not wait for an open batch.
        service.execute("select ves.ingest_signed_request(%s)", [stream.body()])
        stream.superuser.execute("select pg_terminate_backend(%s)", [killed.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            killed.commit()
    assert Key(NEW).key_id in key_ids(stream)  # of the event that came meanwhile
    assert findings(stream) == []
    with database.connect() as holder, database.connect("ves_admin") as admin, holder.transaction():
        holder.execute("select from ves_store.ves_events where sequence_number < 3 for update")
        assert steps(admin) == [7, 4, 1]
    with database.connect("ves_admin") as admin:
        assert steps(admin) == [7, 2, 5]
    keyring.write(stream.keyring, PAYLOAD_ENCRYPTION_KEY=NEW.hex())
    assert findings(stream) == []
