"""The replaceable part of an installed engine: its functions, aggregates, views and triggers."""

from __future__ import annotations

from typing import TYPE_CHECKING, LiteralString, NamedTuple

if TYPE_CHECKING:
    import psycopg

# The xmin of the catalog row changes with every create or replace; unchanged means not recreated.
_OBJECTS: LiteralString = """
select case p.prokind when 'a' then 'aggregate' else 'function' end, p.oid::regprocedure::text, p.xmin::text
from pg_proc as p
where p.pronamespace in ('ves'::regnamespace, 'ves_int'::regnamespace)
union all
select 'view', c.oid::regclass::text, r.xmin::text
from pg_class as c
join pg_rewrite as r on r.ev_class = c.oid
where c.relnamespace in ('ves'::regnamespace, 'ves_int'::regnamespace, 'rest'::regnamespace)
  and c.relkind = 'v'
union all
select 'trigger', format('%I on %s', t.tgname, t.tgrelid::regclass), t.xmin::text
from pg_trigger as t
join pg_class as c on c.oid = t.tgrelid
where c.relnamespace = 'ves_store'::regnamespace and not t.tgisinternal
"""
# Functions that name a view of ours, or an object of our schemas at run time, and are not pinned yet. A server whose minor
# release lacks the setting has nothing to pin.
_UNPINNED: LiteralString = r"""
select p.oid::regprocedure::text
from pg_proc as p
join pg_settings as s on s.name = 'restrict_nonsystem_relation_kind'
where p.pronamespace in ('ves'::regnamespace, 'ves_int'::regnamespace) and p.prokind = 'f'
  and not coalesce(p.proconfig @> array['restrict_nonsystem_relation_kind='], false)
  and (
    p.prosrc ~ '\mves(_int)?\.%I' or exists (
      select from pg_class as c
      where c.relnamespace in ('ves'::regnamespace, 'ves_int'::regnamespace, 'rest'::regnamespace)
        and c.relkind = 'v' and p.prosrc ~ format('\m%s\.%s\M', c.relnamespace::regnamespace, c.relname)
    )
  )
"""
_ORDER = ("trigger", "view", "aggregate", "function")


class LogicObject(NamedTuple):
    """One object; two reads are equal exactly when it was not recreated in between."""

    kind: str
    name: str
    version: str


def logic_objects(connection: psycopg.Connection) -> list[LogicObject]:
    """Return all objects that the logic files define."""
    return [LogicObject(*row) for row in connection.execute(_OBJECTS).fetchall()]


def drop(connection: psycopg.Connection, objects: list[LogicObject]) -> None:
    """Drop these objects without CASCADE: foreign dependents raise psycopg.errors.DependentObjectsStillExist."""
    for kind in _ORDER:
        names = [entry.name for entry in objects if entry.kind == kind]
        if kind == "trigger":
            for name in names:
                connection.execute(f"drop trigger {name}".encode())
        elif names:
            # One statement, so that mutually dependent objects can be dropped.
            connection.execute(f"drop {kind} {', '.join(names)}".encode())


def drop_logic(connection: psycopg.Connection) -> None:
    """Drop all logic objects; the caller recreates them in the same transaction."""
    drop(connection, logic_objects(connection))


def pin_views(connection: psycopg.Connection) -> None:
    """Let functions read our views whatever their caller's restrict_nonsystem_relation_kind says.

    The setting came with minor releases (15.8, 16.4), so no file of a function can name it. To be called by every
    installation, since the server may have been updated in between. Functions that read no view do not pay for it.
    """
    for (name,) in connection.execute(_UNPINNED).fetchall():
        connection.execute(f"alter function {name} set restrict_nonsystem_relation_kind to ''".encode())
