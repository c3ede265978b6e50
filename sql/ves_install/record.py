"""Compares a database with the record of its last installation, and repairs it before anything runs there as superuser.

An installation works as superuser on tables of ves_owner. Whoever had that role's rights once could have left a trigger,
rule, cast or operator that runs then, so none that the record does not name may be there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ves_install.errors import MigrationError
from ves_install.files import section

if TYPE_CHECKING:
    import psycopg

# They act by themselves in the statements of others.
_ACTING = (
    "event trigger",
    "trigger",
    "rule",
    "policy",
    "cast",
    "operator class",
    "operator family",
    "operator",
)
_CALLED = ("aggregate", "function", "procedure")
_REMOVALS = {
    **{kind: f"drop {kind} {{name}}" for kind in _ACTING},
    "table constraint": "alter table {table} drop constraint {own}",
    "domain constraint": "alter domain {table} drop constraint {own}",
    "index with expression": "drop index {name}",
    "statistics object": "drop statistics {name}",
    "text search configuration": "drop text search configuration {name}",
    "text search dictionary": "drop text search dictionary {name}",
    **{kind: f"drop {kind} {{name}}" for kind in ("view", *_CALLED, "type", "collation", "conversion")},
    # It may hold data that somebody misses: it leaves our schemas for one that only the superuser reaches.
    "table": "alter table {name} set schema ves_record",
    "sequence": "alter sequence {name} set schema ves_record",
    "member of ves_owner": "revoke ves_owner from {name}",
}
_REPLACED = frozenset({"view", "table", "sequence", "index with expression", *_CALLED})
# These cannot be made right without touching data, and an expression of them may call anything.
_HOLDING = frozenset(
    {"table column", "default value", "index with expression", "table constraint", "domain constraint"}
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is missing, unexpected or changed in the live database."""

    name: str
    state: str


class _Found(NamedTuple):
    kind: str
    identity: str
    state: str


def repair(connection: psycopg.Connection) -> tuple[list[Difference], bool]:
    """Remove what the record does not name and return all differences, and whether there was a record of an installation.

    Functions, views and grants of ours are left to the caller, who makes them anew when there is a difference. Without a record,
    in a database that an earlier release installed, everything that acts by itself is removed and nothing is named.
    Raises MigrationError, before anything is changed, when a column, a default value or a constraint differs; psycopg.Error
    when something else depends on what is to be removed.
    """
    row = connection.execute(
        "select to_regclass('ves_record.objects') is not null, to_regclass('ves_store.schema_state') is not null"
    ).fetchone()
    has_record, is_installed = row or (False, False)
    if not is_installed:
        return [], has_record
    if not has_record:
        for path in section("schemas"):
            if path.name == "record.sql":
                connection.execute(path.read_text(encoding="utf-8"))
    found = [_Found(*each) for each in connection.execute("select * from ves_record.list_differences()")]
    removed = [
        entry for kind in (_REMOVALS if has_record else _ACTING) for entry in found if entry.kind == kind
    ]
    for entry in removed:
        # The caller makes changed functions and views anew.
        if entry.state == "unexpected" or (
            entry.state == "changed" and entry.kind not in _REPLACED | _HOLDING
        ):
            own, _, table = entry.identity.partition(" on ")
            statement = _REMOVALS[entry.kind].format(name=entry.identity, own=own, table=table)
            connection.execute(statement.encode())
    if not has_record:
        return [], False
    left = connection.execute(
        "select kind, identity, state from ves_record.list_differences() where state <> 'missing'"
    )
    refused = [
        f"{entry.kind} {entry.identity}" for entry in map(_Found._make, left) if entry.kind in _HOLDING
    ]
    if refused:
        raise MigrationError(f"changed since the last installation, nothing was done: {', '.join(refused)}")
    return [Difference(f"{entry.kind} {entry.identity}", entry.state) for entry in found], True


def keep_record(connection: psycopg.Connection, *, only_structure: bool = False) -> None:
    """Record what the installation left, when that differs from the record.

    `only_structure`: without what the files of the logic make, for a migration after which they are not applied yet.
    """
    left_out = [*_ACTING, *_CALLED, "view", "grants"] if only_structure else []
    if connection.execute("select 1 from ves_record.list_differences() limit 1").fetchone():
        connection.execute("delete from ves_record.objects where kind <> all(%s)", [left_out])
        connection.execute(
            "insert into ves_record.objects select * from ves_record.list_objects() where kind <> all(%s)",
            [left_out],
        )
