"""A tenant with keys of its own: others do not open its rows, and its rotation is no concern of theirs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.at_rest.streams import KEY, Stream, findings
from tests.support import keyring
from ves.keyring import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

OWN, OWN_NEXT = bytes(range(32)), bytes(range(128, 160))
READS = ("read_payloads", "list_legacy_events")


@pytest.fixture
def other(database: Database) -> Iterator[Stream]:
    yield from Stream.filled(database)


@pytest.fixture
def both(database: Database, other: Stream) -> tuple[Stream, Stream]:
    """A tenant whose rows are under its own key, and one whose rows are under everybody's."""
    mine = Stream(other.superuser, other.keyring)
    ring(mine, OWN)
    with database.connect("ves_api") as api:
        mine.agent.register(api)
    ingest(database, mine)
    return mine, other


def ring(stream: Stream, *own: bytes) -> None:
    """Write the server's ring: the tests' key for everybody, these for the stream's tenant."""
    by_tenant = json.dumps({str(stream.tenant_id): [key.hex() for key in own]}) if own else ""
    keyring.write(stream.keyring, **keyring.ENVIRONMENT, PAYLOAD_ENCRYPTION_KEYS_BY_TENANT=by_tenant)


def ingest(database: Database, stream: Stream) -> None:
    with database.connect("ves_service") as service:
        service.execute("select ves.ingest_signed_request(%s)", [stream.body(*stream.payloads)])
        service.execute("select ves.ingest_legacy_request(%s)", [stream.legacy_body()])


def key_ids(stream: Stream) -> set[bytes]:
    """Of both streams of the tenant."""
    both = "select payload_key_id from ves_store.{} where tenant_id = %s"
    return {
        key_id
        for table in ("ves_events", "events")
        for key_id in stream.column(both.format(table), stream.tenant_id)
    }


def readable(stream: Stream) -> int:
    return sum(
        len(stream.column(f"select payload::text from ves.{read}(%s, %s)", *stream.ids)) for read in READS
    )


def reencrypt(database: Database, *tenant: Any) -> tuple[int, int]:
    """Scanned and updated of both streams."""
    scanned = updated = 0
    with database.connect("ves_admin") as admin:
        for cursor in (None, '{"stream": "legacy"}'):
            row = admin.execute(
                "select (s).scanned, (s).updated from"
                " (select ves.reencrypt_events(tenant_id => %s, cursor => %s::jsonb) as s) as r",
                [tenant[0] if tenant else None, cursor],
            ).fetchone()
            assert row is not None
            scanned, updated = scanned + row[0], updated + row[1]
    return scanned, updated


def test_each_tenant_is_written_and_read_under_its_own_keys(both: tuple[Stream, Stream]) -> None:
    mine, other = both
    assert (key_ids(mine), key_ids(other)) == ({Key(OWN).key_id}, {KEY.key_id})
    assert [readable(stream) for stream in both] == [6, 6]
    assert [findings(stream) for stream in both] == [[], []]


def test_without_its_ring_a_tenants_rows_do_not_open_with_the_default_keys(
    both: tuple[Stream, Stream],
) -> None:
    mine, other = both
    ring(mine)
    for read in READS:
        with pytest.raises(psycopg.Error) as refusal:
            mine.column(f"select payload::text from ves.{read}(%s, %s)", *mine.ids)
        assert refusal.value.sqlstate == "VE512"
        assert '"unknown_key"' in str(refusal.value.diag.message_detail)
    assert {name for name, _ in findings(mine)} == {"payload_not_opened"}
    assert readable(other) == 6
    assert findings(other) == []


def test_rows_of_everybodys_key_do_not_open_for_a_tenant_that_got_a_ring_without_it(
    both: tuple[Stream, Stream],
) -> None:
    _, other = both
    ring(other, OWN_NEXT)
    assert {name for name, _ in findings(other)} == {"payload_not_opened"}
    ring(other, OWN_NEXT, keyring.KEY)
    assert findings(other) == []
    assert readable(other) == 6


def test_the_rotation_of_one_tenant_leaves_the_others_rows_as_they_are(
    both: tuple[Stream, Stream], database: Database
) -> None:
    mine, other = both
    theirs = other.column(
        "select payload_at_rest from ves_store.ves_events where tenant_id = %s", other.tenant_id
    )
    ring(mine, OWN_NEXT, OWN)
    assert reencrypt(database) == (12, 6)
    ring(mine, OWN_NEXT)
    assert (key_ids(mine), key_ids(other)) == ({Key(OWN_NEXT).key_id}, {KEY.key_id})
    assert (
        other.column("select payload_at_rest from ves_store.ves_events where tenant_id = %s", other.tenant_id)
        == theirs
    )
    assert [readable(stream) for stream in both] == [6, 6]
    assert [findings(stream) for stream in both] == [[], []]


def test_a_tenant_gets_keys_of_its_own_and_only_its_rows_are_re_encrypted(
    both: tuple[Stream, Stream], database: Database
) -> None:
    mine, other = both
    for stream, own in ((mine, [OWN]), (other, [OWN_NEXT, keyring.KEY])):
        ring(stream, *own)
        expected = 6 if stream is other else 0
        assert reencrypt(database, stream.tenant_id) == (6, expected)
    ring(other, OWN_NEXT)
    assert readable(other) == 6
    assert findings(other) == []


@pytest.mark.parametrize("table", ["ves_events", "events"])
def test_a_ciphertext_moved_to_another_tenants_row_does_not_open(
    both: tuple[Stream, Stream], table: str
) -> None:
    mine, other = both
    ring(mine, OWN, keyring.KEY)  # so that it is the binding, not the key, that refuses
    mine.tamper(
        table,
        f"update ves_store.{table} as a set payload_at_rest = b.payload_at_rest, payload_key_id = b.payload_key_id"
        f" from ves_store.{table} as b where a.tenant_id = '{mine.tenant_id}' and b.tenant_id = '{other.tenant_id}'"
        " and a.sequence_number = 2 and b.sequence_number = 2",
    )
    name = "payload_at_rest" if table == "ves_events" else "legacy_payload_at_rest"
    assert findings(mine) == [(name, 2)]
    assert findings(other) == []
    with pytest.raises(psycopg.Error) as refusal:
        readable(mine)
    assert refusal.value.sqlstate == "VE512"
