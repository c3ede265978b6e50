"""Compares a database with the record of its last installation, and repairs it before anything runs there as superuser.

An installation works as superuser on tables of ves_owner. An attacker who once had that role could have left a
trigger, rule, cast or operator that would run with superuser rights, so objects that are not recorded are removed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ves_install.errors import MigrationError
from ves_install.files import section

if TYPE_CHECKING:
    import psycopg

# Objects that run implicitly in statements of other roles.
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
    # It may hold data, so it is moved to a schema that only the superuser can access instead of being dropped.
    "table": "alter table {name} set schema ves_record",
    "sequence": "alter sequence {name} set schema ves_record",
    "member of ves_owner": "revoke ves_owner from {name}",
}
_REPLACED = frozenset({"view", "table", "sequence", "index with expression", *_CALLED})
# Not repairable without changing data, and their expressions may call any function.
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
    """Remove unrecorded objects; return all differences, and whether a record of an installation exists.

    Functions, views and grants of ours are left to the caller, who recreates them if there is a difference. Without a
    record (installed by an earlier release) all objects that run implicitly are removed and none is reported.
    Raises MigrationError, before anything is changed, when a column, a default value or a constraint differs; psycopg.Error
    when other objects depend on one to be removed.
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
        # The caller recreates changed functions and views.
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
    """Record the installed objects if they differ from the record.

    `only_structure` leaves out objects of the logic files, for a migration after which they are not applied yet.
    """
    left_out = [*_ACTING, *_CALLED, "view", "grants"] if only_structure else []
    if connection.execute("select 1 from ves_record.list_differences() limit 1").fetchone():
        connection.execute("delete from ves_record.objects where kind <> all(%s)", [left_out])
        connection.execute(
            "insert into ves_record.objects select * from ves_record.list_objects() where kind <> all(%s)",
            [left_out],
        )
