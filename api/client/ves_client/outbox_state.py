"""The rows of `sync_state` (operations 14), through a connection of the outbox."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from ves_client.errors import usage
from ves_client.outbox_rows import now

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping
    from pathlib import Path

COUNTERS = ("last_pushed_sequence", "last_pulled_sequence", "head_sequence")
NIL = UUID(int=0)


class SyncState:
    """Named values; those of the original and, beginning with `ves_`, ours."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def claim(self, path: Path | str, owner: Mapping[str, str]) -> None:
        """Name agent and stream in a fresh file; exit code 2 if it belongs to others. The nil UUID belongs to nobody."""
        state = self.all()
        for name, value in owner.items():
            if state.get(name, str(NIL)) not in {str(NIL), value}:
                raise usage(f"{path} has {name} {state[name]}, not {value}")
            if state.get(name) != value:
                self.put(name, value)
        for name in COUNTERS:
            if name not in state:
                self.put(name, "0")

    def all(self) -> dict[str, str]:
        """Return every value by name."""
        return dict(self._connection.execute("select key, value from sync_state"))

    def get(self, name: str) -> str | None:
        """Return a value or None."""
        found = self._connection.execute("select value from sync_state where key = ?", (name,)).fetchone()
        return found[0] if found else None

    def counter(self, name: str) -> int:
        """Return a counter; a missing one is 0."""
        return int(self.get(name) or 0)

    def put(self, name: str, value: str) -> None:
        """Set a value."""
        self._connection.execute(
            "insert into sync_state (key, value, updated_at) values (?, ?, ?)"
            " on conflict (key) do update set value = excluded.value, updated_at = excluded.updated_at",
            (name, value, now()),
        )

    def raise_to(self, name: str, value: int) -> None:
        """Raise a counter; the answer of a slower process does not lower it."""
        self._connection.execute(
            "update sync_state set value = ?1, updated_at = ?2 where key = ?3 and cast(value as integer) < ?1",
            (value, now(), name),
        )

    def lower_to(self, name: str, value: int) -> None:
        """Lower a counter."""
        self._connection.execute(
            "update sync_state set value = ?1, updated_at = ?2 where key = ?3 and cast(value as integer) > ?1",
            (value, now(), name),
        )

    def delete(self, name: str) -> None:
        """Remove a value."""
        self._connection.execute("delete from sync_state where key = ?", (name,))
