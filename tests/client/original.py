"""What a program of the original does with an outbox file, written from operations 14: its tables and its statements."""

from __future__ import annotations

import sqlite3
import uuid
from pathlib import Path
from typing import Any

# Types that the protocol does not name are left out in one form and written in the other.
LOOSE = """
create table outbox (id integer primary key autoincrement, event_id text unique, command_id, tenant_id, store_id,
  entity_type, entity_id, event_type, payload text check (json_valid(payload)), payload_hash text, base_version integer,
  created_at text, source_agent, signature blob, pushed_at text, acked_at text, remote_sequence integer);
create table sync_state (key primary key, value, updated_at);
create table entity_versions (tenant_id, store_id, entity_type, entity_id, version, updated_at);
create table pulled_events (sequence_number integer primary key, event_id unique, command_id, tenant_id, store_id,
  entity_type, entity_id, event_type, payload, payload_hash, base_version, created_at, sequenced_at, pulled_at,
  source_agent);
create index outbox_unacked on outbox (pushed_at, acked_at) where pushed_at is not null and acked_at is null;
"""
STRICT = """
create table outbox (id integer primary key autoincrement, event_id text not null unique, command_id text,
  tenant_id text not null, store_id text not null, entity_type text not null, entity_id text not null,
  event_type text not null, payload text not null check (json_valid(payload)), payload_hash text not null,
  base_version integer, created_at text not null default (datetime('now')), source_agent text not null, signature blob,
  pushed_at text, acked_at text, remote_sequence integer, attempts integer not null default 0) strict;
create table sync_state (key text primary key, value text not null, updated_at text not null);
create table entity_versions (tenant_id text, store_id text, entity_type text, entity_id text, version integer not null,
  updated_at text, primary key (tenant_id, store_id, entity_type, entity_id));
create table pulled_events (sequence_number integer primary key, event_id text not null unique, command_id text,
  tenant_id text not null, store_id text not null, entity_type text not null, entity_id text not null,
  event_type text not null, payload text not null, payload_hash text not null, base_version integer,
  created_at text not null, sequenced_at text not null, pulled_at text not null, source_agent text not null);
create index idx_outbox_unpushed on outbox (id) where pushed_at is null;
"""
TIME = "2026-01-02T03:04:05.678901+00:00"


class Original:
    """Its statements. `stream` is tenant, store."""

    def __init__(self, path: Path, stream: tuple[uuid.UUID, uuid.UUID], tables: str | None = None) -> None:
        self.rows = sqlite3.connect(path, isolation_level=None)
        self.stream = tuple(map(str, stream))
        if tables:
            self.rows.executescript(tables)

    def close(self) -> None:
        self.rows.close()

    def state(self, **values: object) -> None:
        for name, value in values.items():
            self.rows.execute("insert or replace into sync_state values (?, ?, ?)", (name, value, TIME))

    def append(self, **columns: object) -> None:
        members: dict[str, object] = {
            "event_id": str(uuid.uuid4()),
            "tenant_id": self.stream[0],
            "store_id": self.stream[1],
            "entity_type": "order",
            "entity_id": "O-1",
            "event_type": "order.created",
            "payload": "{}",
            "payload_hash": "ab" * 32,
            "created_at": TIME,
            "source_agent": str(uuid.UUID(int=0)),
        } | columns
        names, places = ", ".join(members), ", ".join("?" * len(members))
        self.rows.execute(f"insert into outbox ({names}) values ({places})", list(members.values()))

    def unpushed(self, limit: int) -> list[tuple[Any, ...]]:
        return self.rows.execute(
            "select id, event_id, command_id, tenant_id, store_id, entity_type, entity_id, event_type, payload,"
            " payload_hash, base_version, created_at, source_agent, signature from outbox"
            " where pushed_at is null order by id limit ?",
            (limit,),
        ).fetchall()

    def unacked(self) -> list[str]:
        found = self.rows.execute(
            "select event_id from outbox where pushed_at is not null and acked_at is null order by id"
        )
        return [row[0] for row in found]

    def mark_pushed(self, event_id: str) -> None:
        self.rows.execute(
            "update outbox set pushed_at = ? where event_id = ? and pushed_at is null", (TIME, event_id)
        )

    def mark_acked(self, event_id: str, number: int) -> None:
        self.rows.execute(
            "update outbox set acked_at = ?, remote_sequence = ? where event_id = ?", (TIME, number, event_id)
        )

    def lag(self) -> int:
        values = dict(self.rows.execute("select key, value from sync_state"))
        return int(values.get("head_sequence", 0)) - int(values.get("last_pulled_sequence", 0))

    def pulled(self) -> list[tuple[Any, ...]]:
        return self.rows.execute(
            "select sequence_number, event_id, payload, payload_hash, base_version, sequenced_at, source_agent"
            " from pulled_events order by sequence_number"
        ).fetchall()

    def prune(self, before: str) -> int:
        return self.rows.execute(
            "delete from outbox where acked_at is not null and acked_at < ?", (before,)
        ).rowcount
