"""Pulled events, the agents' keys and the versions of entities in the rows of an outbox (operations 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from ves.bundles import SignatureBundle, encode_key_bundle
from ves.receipts import Receipt
from ves.signatures import AgentKey
from ves_client.errors import check_failed
from ves_client.evidence import Envelope
from ves_client.outbox_rows import now

if TYPE_CHECKING:
    import sqlite3

    from ves_client.sequencer import DirectoryKey


class StoredEnvelope(Envelope, frozen=True):
    """An envelope as the sequencer stored it: also the members that the signing hash does not cover (VES 3)."""

    agent_signature_scheme: int = 0
    agent_signature_bundle: SignatureBundle | None = None
    command_id: UUID | None = None
    base_version: int | None = None


class PulledEvent(msgspec.Struct, frozen=True):
    """A verified event of the stream and its receipt; the texts are those that came."""

    sequence_number: int
    event: StoredEnvelope
    text: bytes
    signing_hash: bytes
    receipt: Receipt
    receipt_text: bytes
    payload_shredded: bool = False

    @property
    def payload(self) -> bytes:
        """JSON text of the payload: the sealed form of an encrypted one, `null` if it was shredded (VES 8, 16)."""
        content = self.event.payload if self.event.payload_kind == 0 else self.event.payload_encrypted
        return bytes(content) or b"null"


class PulledRows:
    """`pulled_events` and `entity_versions` of one stream, through a connection of the outbox."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, pulled: PulledEvent) -> None:
        """Store a verified event; a row of the same number is replaced (operations 14, step 5)."""
        event = pulled.event
        time = now()
        self._connection.execute(
            "insert or replace into pulled_events (sequence_number, event_id, command_id, tenant_id, store_id,"
            " entity_type, entity_id, event_type, payload, payload_hash, base_version, created_at, sequenced_at,"
            " pulled_at, source_agent) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                pulled.sequence_number,
                str(event.event_id),
                str(event.command_id) if event.command_id else None,
                str(event.tenant_id),
                str(event.store_id),
                event.entity_type,
                event.entity_id,
                event.event_type,
                pulled.payload.decode(),
                event.plain_hash.hex(),
                event.base_version,
                event.created_at,
                pulled.receipt.sequenced_at,
                time,
                str(event.source_agent_id),
            ),
        )
        # An accepted `base_version` says what the version was; without one the version is a count of pulled events.
        named = (str(event.tenant_id), str(event.store_id), event.entity_type, event.entity_id)
        values = (*named, event.base_version, time)
        # No `on conflict`: a file of the original need not have a unique key here.
        changed = self._connection.execute(
            "update entity_versions set version = coalesce(?5, version) + 1, updated_at = ?6"
            " where tenant_id = ?1 and store_id = ?2 and entity_type = ?3 and entity_id = ?4",
            values,
        )
        if changed.rowcount == 0:
            self._connection.execute(
                "insert into entity_versions (tenant_id, store_id, entity_type, entity_id, version, updated_at)"
                " values (?1, ?2, ?3, ?4, coalesce(?5, 0) + 1, ?6)",
                values,
            )

    def undo(self, stream: tuple[str, str], number: int) -> None:
        """Delete the events after a number, newest first, and give their entities the versions from before."""
        rows = self._connection.execute(
            "select sequence_number, base_version, entity_type, entity_id from pulled_events"
            " where tenant_id = ? and store_id = ? and sequence_number > ? order by sequence_number desc",
            (*stream, number),
        ).fetchall()
        for _, base_version, *entity in rows:
            self._connection.execute(
                "update entity_versions set version = coalesce(?, version - 1), updated_at = ?"
                " where tenant_id = ? and store_id = ? and entity_type = ? and entity_id = ?",
                (base_version, now(), *stream, *entity),
            )
        self._connection.executemany(
            "delete from pulled_events where sequence_number = ?", [row[:1] for row in rows]
        )

    def version(self, stream: tuple[str, str], entity_type: str, entity_id: str) -> int:
        """Return the version of an entity after the pulled events; 0 for an unknown one."""
        found = self._connection.execute(
            "select version from entity_versions"
            " where tenant_id = ? and store_id = ? and entity_type = ? and entity_id = ?",
            (*stream, entity_type, entity_id),
        ).fetchone()
        return found[0] if found else 0


class PinnedKeys:
    """The agents' public keys of one tenant in `ves_agent_keys`: pinned when they are seen first (VES 6.2)."""

    def __init__(self, connection: sqlite3.Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = str(tenant_id)

    def find(self, agent_id: UUID, key_id: int) -> AgentKey | None:
        """Return a pinned key."""
        row = self._connection.execute(
            "select algorithm, public_key, bundle from ves_agent_keys"
            " where tenant_id = ? and agent_id = ? and key_id = ?",
            (self._tenant_id, str(agent_id), key_id),
        ).fetchone()
        return AgentKey(agent_id, key_id, *row) if row else None

    def pin(self, agent_id: UUID, listed: list[DirectoryKey]) -> None:
        """Store signing keys that are not known yet; exit code 1 if a known one has changed."""
        for item in listed:
            if item.key_type != "signing":
                continue
            key = _key(agent_id, item)
            known = self.find(agent_id, item.key_id)
            if known is None:
                self._connection.execute(
                    "insert into ves_agent_keys values (?, ?, ?, ?, ?, ?)",
                    (
                        self._tenant_id,
                        str(agent_id),
                        key.key_id,
                        key.algorithm,
                        key.public_key,
                        key.bundle,
                    ),
                )
            elif known != key:
                details = {"agent_id": str(agent_id), "key_id": item.key_id}
                raise check_failed("the server names another public key under a known number", details)


def _key(agent_id: UUID, item: DirectoryKey) -> AgentKey:
    try:
        public_key = bytes.fromhex(item.public_key)
        found = item.public_key_bundle
        parts = (found.ed25519_public_key, found.ml_dsa_65_public_key) if found else (None, None)
        bundle = encode_key_bundle(*(bytes.fromhex(part) if part else None for part in parts))
    except ValueError as error:
        raise check_failed(f"the server sent a malformed public key: {error}") from error
    return AgentKey(agent_id, item.key_id, item.key_algorithm, public_key, bundle if found else None)
