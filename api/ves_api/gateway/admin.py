"""The operator's database calls: one synchronous function per function of schema `ves`, used by the command line."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from ves_edge.connection import Connection
from ves_edge.dsn import session_conninfo
from ves_edge.translate import translate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from uuid import UUID


Row = dict[str, Any]

_STATEMENT = re.compile(r"^-- name: (\w+)\n(?:--[^\n]*\n)+(.+?);$", re.MULTILINE | re.DOTALL)
_ROWS_A_FETCH = 1000


def parse_statements(text: str) -> dict[str, bytes]:
    """Split a file of named statements. ValueError when a name is used twice."""
    found = _STATEMENT.findall(text)
    if len({name for name, _ in found}) != len(found):
        raise ValueError("a statement is declared twice")
    return {name: statement.encode() for name, statement in found}


@cache
def statements() -> dict[str, bytes]:
    """Give the statements of operators/*.sql by name."""
    sources = files("ves_api.gateway").joinpath("operators").iterdir()
    texts = [source.read_text(encoding="utf-8") for source in sources if source.name.endswith(".sql")]
    return parse_statements("\n".join(texts))


@dataclass(frozen=True, slots=True)
class KeyChanges:
    """The new values of an API key; None keeps a value, no stores means all, a rate limit of 0 means none."""

    store_ids: tuple[UUID, ...] | None
    can_read: bool | None
    can_write: bool | None
    can_admin: bool | None
    rate_limit: int | None


class Admin(Connection):
    """One connection of an operator. Every method may raise ApiError (`database_unavailable`, ...)."""

    def __init__(self, url: str, context: Mapping[str, str] | None = None) -> None:
        """Connect. `context` says who acts, for the audit log; without it the entries name the database role."""
        self._context = None if context is None else json.dumps(context)
        try:
            conninfo = session_conninfo(url, application_name="ves-cli", limits={})
        except psycopg.Error as error:
            raise translate(error) from error
        super().__init__(conninfo)

    def rows(self, name: str, /, **parameters: Any) -> list[Row]:
        """Send a named statement; all its rows. A parameter `context` need not be given."""
        try:
            given = {"context": self._context, **parameters}
            cursor = self._connection.cursor(row_factory=dict_row)
            return cursor.execute(statements()[name], given).fetchall()
        except psycopg.Error as error:
            raise translate(error) from error

    def iterate(self, name: str, /, **parameters: Any) -> Iterator[Row]:
        """Send a named statement behind a cursor of the server: rows come as they are consumed, in one snapshot."""
        try:
            with (
                self._connection.transaction(),
                self._connection.cursor(name, row_factory=dict_row) as cursor,
            ):
                cursor.itersize = _ROWS_A_FETCH
                cursor.execute(statements()[name], parameters)
                yield from cursor
        except psycopg.Error as error:
            raise translate(error) from error

    def list_streams(self, tenant_id: UUID | None = None, store_id: UUID | None = None) -> list[Row]:
        """List all streams, those of a tenant, or one: tenant_id, store_id, head_sequence, committed_to."""
        return self.rows("list_streams", tenant_id=tenant_id, store_id=store_id)

    def verify_stream(self, tenant_id: UUID, store_id: UUID) -> list[Row]:
        """Recompute a stream as one snapshot, also while it grows.

        Findings as check_name, sequence_number, batch_id, finding; none when it is clean.
        """
        with self._connection.transaction():
            return self.rows("verify_stream", tenant_id=tenant_id, store_id=store_id)

    def verify_compliance_proof(self, proof_id: UUID) -> Row:
        """Verify a stored compliance proof inside the database: the members of ves.proof_verdict."""
        return self.rows("verify_compliance_proof", proof_id=proof_id)[0]

    def commit_next(self, tenant_id: UUID, store_id: UUID, max_events: int) -> Row | None:
        """Commit the next range of a stream; None when nothing is left."""
        rows = self.rows("commit_next", tenant_id=tenant_id, store_id=store_id, max_events=max_events)
        return rows[0] if rows else None

    def create_api_key(
        self,
        key_hash: str,
        tenant_id: UUID,
        *,
        store_ids: Sequence[UUID],
        agent_id: UUID | None,
        can_read: bool,
        can_write: bool,
        can_admin: bool,
        rate_limit: int | None,
    ) -> None:
        """Store an API key by the lower-case hex SHA-256 of its whole text."""
        self.rows(
            "create_api_key",
            key_hash=key_hash,
            tenant_id=tenant_id,
            store_ids=list(store_ids),
            agent_id=agent_id,
            can_read=can_read,
            can_write=can_write,
            can_admin=can_admin,
            rate_limit=rate_limit,
        )

    def list_api_keys(self, tenant_id: UUID) -> list[Row]:
        """List API keys of a tenant, revoked ones included."""
        return self.rows("list_api_keys", tenant_id=tenant_id)

    def update_api_key(self, key_hash_prefix: str, tenant_id: UUID, changes: KeyChanges) -> Row | None:
        """Change what the tenant's first active key with this hash prefix may do; the key, or None."""
        parameters = asdict(changes)
        if changes.store_ids is not None:
            parameters["store_ids"] = list(changes.store_ids)
        rows = self.rows("update_api_key", key_hash_prefix=key_hash_prefix, tenant_id=tenant_id, **parameters)
        updated: Row | None = rows[0]["updated"]
        return updated

    def revoke_api_key(self, key_hash_prefix: str, tenant_id: UUID) -> int:
        """Revoke the keys of a tenant whose hash starts with the prefix; their number."""
        rows = self.rows("revoke_api_key", key_hash_prefix=key_hash_prefix, tenant_id=tenant_id)
        return int(rows[0]["revoked"])

    def register_agent_key(self, tenant_id: UUID, agent_id: UUID, key_id: int, public_key: bytes) -> None:
        """Register an Ed25519 key (32 bytes) for an agent."""
        self.rows(
            "register_agent_key",
            tenant_id=tenant_id,
            agent_id=agent_id,
            key_id=_signed_32(key_id),
            public_key=public_key,
        )

    def list_agent_keys(self, tenant_id: UUID, agent_id: UUID) -> list[Row]:
        """List an agent's keys; key_id is 0 to 2^32-1."""
        return self.rows("list_agent_keys", tenant_id=tenant_id, agent_id=agent_id)

    def revoke_agent_key(self, tenant_id: UUID, agent_id: UUID, key_id: int) -> None:
        """Revoke an agent's key."""
        self.rows("revoke_agent_key", tenant_id=tenant_id, agent_id=agent_id, key_id=_signed_32(key_id))

    def register_unsigned_signer(self, sequencer_id: UUID) -> int:
        """Register a sequencer whose receipts are not signed; its signer_id."""
        return int(self.rows("register_unsigned_signer", sequencer_id=sequencer_id)[0]["signer_id"])

    def list_signers(self) -> list[Row]:
        """List signers: signer_id, sequencer_id, key_version, algorithm, public_key."""
        return self.rows("list_signers")

    def ingest_signed_events(self, request: str) -> Row:
        """Append a request body of VES ingest (JSON text); the answer of VES 14.3."""
        answer: Row = self.rows("ingest_signed_events", request=request)[0]["answer"]
        return answer


def _signed_32(number: int) -> int:
    # The column is a signed 32-bit integer that holds the bit pattern (VES 3, agent_key_id).
    return number - 2**32 if number >= 2**31 else number
