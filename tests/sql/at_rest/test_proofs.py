"""Stored proofs: encrypted under the ring, bound to their row, encrypted again in batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from tests.sql.at_rest.streams import KEY, Stream
from tests.support import keyring
from ves.keyring import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

NEW = bytes(range(96, 128))
ROTATED = {"PAYLOAD_ENCRYPTION_KEYS": f"{NEW.hex()},{keyring.KEY.hex()}"}
BYTES = [f"proof-{n}-that-must-not-be-seen".encode() for n in range(3)]
KINDS = ["validity", "compliance"]


@dataclass(frozen=True)
class Proofs:
    """Three proofs of one kind in one stream, in the order of their bytes."""

    stream: Stream
    kind: str
    ids: list[UUID]

    @property
    def table(self) -> str:
        return f"ves_{self.kind}_proofs"

    def reencrypt(self, admin: psycopg.Connection[Any], **named: Any) -> tuple[int, int, int, Any]:
        given = {"tenant_id": self.stream.tenant_id, **named}
        call = ", ".join(f"{name} => %({name})s" for name in given)
        row = admin.execute(
            "select (s).scanned, (s).updated, (s).skipped_current_key, (s).next_cursor"
            f" from (select ves.reencrypt_ves_{self.kind}_proofs({call}) as s) as r",
            given,
        ).fetchone()
        assert row is not None
        return row

    def whole_run(self, admin: psycopg.Connection[Any], **named: Any) -> tuple[int, int, int]:
        scanned = updated = skipped = 0
        cursor = None
        while True:
            row = self.reencrypt(admin, batch_size=2, cursor=cursor, **named)
            scanned, updated, skipped = scanned + row[0], updated + row[1], skipped + row[2]
            if row[3] is None:
                return scanned, updated, skipped
            cursor = psycopg.types.json.Jsonb(row[3])

    def opened(self) -> list[bytes]:
        return [
            bytes(
                self.stream.column(
                    f"select proof from ves.get_{self.kind}_proof(%s, %s)", self.stream.tenant_id, proof_id
                )[0]
            )
            for proof_id in self.ids
        ]

    def verdicts(self) -> list[bool]:
        call = f"select valid from ves.verify_{self.kind}_proof(%s, %s)"
        return [self.stream.column(call, proof_id, self.stream.tenant_id)[0] for proof_id in self.ids]

    def rows(self, columns: str) -> list[Any]:
        return self.stream.column(
            f"select {columns} from ves_store.{self.table} as p where tenant_id = %s order by proof_id",
            self.stream.tenant_id,
        )


def submit(stream: Stream, kind: str) -> Proofs:
    if kind == "validity":
        batch = stream.column("select (ves.create_commitment(%s, %s, 1, 3)).batch_id", *stream.ids)[0]
        calls = [
            ("select (ves.submit_validity_proof(%s, %s, %s, 1, %s)).proof_id", [batch, f"plonk-{n}"])
            for n in range(3)
        ]
    else:
        events = stream.column(
            "select event_id from ves.events where store_id = %s order by sequence_number", stream.store_id
        )
        statement = "select (ves.submit_compliance_proof(%s, %s, 'plonk', 1, 'p', '{}', %s)).proof_id"
        calls = [(statement, [event]) for event in events]
    ids = [
        stream.column(statement, stream.tenant_id, *arguments, proof)[0]
        for (statement, arguments), proof in zip(calls, BYTES, strict=True)
    ]
    return Proofs(stream, kind, ids)


@pytest.fixture
def stream(database: Database) -> Iterator[Stream]:
    yield from Stream.filled(database)


@pytest.fixture(params=KINDS)
def proofs(stream: Stream, request: pytest.FixtureRequest) -> Proofs:
    return submit(stream, request.param)


def test_a_proof_is_stored_encrypted_and_read_as_submitted(proofs: Proofs) -> None:
    for text in proofs.rows("p::text"):
        assert not [proof for proof in BYTES if proof.decode() in text or proof.hex() in text]
    assert set(proofs.rows("proof_key_id")) == {KEY.key_id}
    assert proofs.opened() == BYTES
    assert proofs.verdicts() == [True] * 3


def test_after_a_rotation_the_old_key_is_not_needed_and_only_the_bytes_changed(
    proofs: Proofs, database: Database
) -> None:
    rest = "(to_jsonb(p) - '{proof,proof_key_id}'::text[])::text"
    before = proofs.rows(rest)
    keyring.write(proofs.stream.keyring, **ROTATED)
    with database.connect("ves_admin") as admin:
        assert proofs.whole_run(admin, dry_run=True) == (3, 3, 0)
        assert set(proofs.rows("proof_key_id")) == {KEY.key_id}
        assert proofs.whole_run(admin) == (3, 3, 0)
        assert proofs.whole_run(admin) == (3, 0, 3)
        assert proofs.whole_run(admin, force=True) == (3, 3, 0)
    assert proofs.rows(rest) == before
    assert proofs.verdicts() == [True] * 3
    keyring.write(proofs.stream.keyring, PAYLOAD_ENCRYPTION_KEY=NEW.hex())
    assert set(proofs.rows("proof_key_id")) == {Key(NEW).key_id}
    assert proofs.opened() == BYTES


@pytest.mark.parametrize("kind", KINDS)
def test_proofs_in_plaintext_are_encrypted(stream: Stream, database: Database, kind: str) -> None:
    keyring.write(stream.keyring, **keyring.ENVIRONMENT, PAYLOAD_ENCRYPTION_MODE="disabled")
    proofs = submit(stream, kind)
    stored = sorted(zip(proofs.ids, BYTES, strict=True))
    assert [bytes(proof) for proof in proofs.rows("proof")] == [proof for _, proof in stored]
    keyring.write(stream.keyring)
    with database.connect("ves_admin") as admin:
        assert proofs.whole_run(admin) == (3, 3, 0)
    assert set(proofs.rows("proof_key_id")) == {KEY.key_id}
    assert proofs.opened() == BYTES


def test_a_ciphertext_moved_to_another_proof_is_refused_and_stops_the_re_encryption(
    proofs: Proofs, database: Database
) -> None:
    first, second, third = proofs.ids
    proofs.stream.tamper(
        proofs.table,
        f"update ves_store.{proofs.table} as a set proof = b.proof from ves_store.{proofs.table} as b"
        f" where a.proof_id = '{first}' and b.proof_id = '{second}'",
    )
    reads = [f"ves.get_{proofs.kind}_proof(%s, %s)", f"ves.verify_{proofs.kind}_proof(%s, %s)"]
    for read, arguments in zip(
        reads, [[proofs.stream.tenant_id, first], [first, proofs.stream.tenant_id]], strict=True
    ):
        with pytest.raises(psycopg.Error) as refusal:
            proofs.stream.column(f"select r.* from {read} as r", *arguments)
        assert refusal.value.sqlstate == "VE512"
    keyring.write(proofs.stream.keyring, **ROTATED)
    before = proofs.rows("proof")
    with database.connect("ves_admin") as admin:
        with pytest.raises(psycopg.Error) as refusal:
            proofs.reencrypt(admin)
        assert refusal.value.sqlstate == "VE512"
    assert proofs.rows("proof") == before
    left = Proofs(proofs.stream, proofs.kind, [second, third])
    assert left.opened() == BYTES[1:]


def test_only_re_encryption_changes_a_stored_proof(proofs: Proofs) -> None:
    for change in (
        f"update ves_store.{proofs.table} set proof = proof || 'x'",
        f"delete from ves_store.{proofs.table}",
    ):
        with pytest.raises(psycopg.Error) as refusal:
            proofs.stream.superuser.execute(change)
        assert refusal.value.sqlstate == "VE501"
