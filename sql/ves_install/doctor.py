"""Compares a live database with the engine that this release would install."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from ves_install.install import install

OBJECTS: LiteralString = """
select 'function ' || p.oid::regprocedure, md5(pg_get_functiondef(p.oid) || coalesce(p.proacl::text, ''))
from pg_proc as p
where p.pronamespace in ('ves'::regnamespace, 'ves_int'::regnamespace) and p.prokind = 'f'
union all
select 'constraint ' || c.conrelid::regclass || '.' || c.conname, md5(pg_get_constraintdef(c.oid))
from pg_constraint as c
where c.connamespace = 'ves_store'::regnamespace
union all
select 'index ' || i.indexrelid::regclass, md5(pg_get_indexdef(i.indexrelid) || i.indisvalid::text)
from pg_index as i
join pg_class as r on r.oid = i.indexrelid
where r.relnamespace = 'ves_store'::regnamespace
union all
select 'column ' || a.attrelid::regclass || '.' || a.attname, md5(format_type(a.atttypid, a.atttypmod) || a.attnotnull::text)
from pg_attribute as a
join pg_class as r on r.oid = a.attrelid
where r.relnamespace = 'ves_store'::regnamespace and r.relkind = 'r' and a.attnum > 0 and not a.attisdropped
union all
select 'trigger ' || t.tgrelid::regclass || '.' || t.tgname, md5(pg_get_triggerdef(t.oid) || t.tgenabled::text)
from pg_trigger as t
join pg_class as r on r.oid = t.tgrelid
where r.relnamespace = 'ves_store'::regnamespace and not t.tgisinternal
union all
select 'grants ' || r.oid::regclass, md5(coalesce(r.relacl::text, ''))
from pg_class as r
where r.relnamespace in ('ves'::regnamespace, 'ves_store'::regnamespace, 'rest'::regnamespace)
  and r.relkind in ('r', 'v')
union all
select 'view ' || r.oid::regclass, md5(pg_get_viewdef(r.oid) || coalesce(r.reloptions::text, ''))
from pg_class as r
where r.relnamespace in ('ves'::regnamespace, 'ves_int'::regnamespace, 'rest'::regnamespace) and r.relkind = 'v'
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that is missing, unexpected or changed in the live database."""

    name: str
    state: str


def _objects(connection: psycopg.Connection) -> dict[str, str]:
    return {str(name): str(digest) for name, digest in connection.execute(OBJECTS).fetchall()}


def diagnose(database_url: str) -> list[Difference]:
    """Differences of the live engine from this release's; empty when there are none.

    Builds this release's engine in a scratch database on the same server and compares definitions, so the caller
    needs the rights of an installation.
    """
    scratch = f"ves_doctor_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(database_url, autocommit=True) as live:
        row = live.execute("select mode from ves_store.schema_state").fetchone()
        mode = str(row[0]) if row else "core"
        live.execute(f"create database {scratch}".encode())
        try:
            scratch_url = psycopg.conninfo.make_conninfo(database_url, dbname=scratch)
            install(scratch_url, core=mode == "core")
            with psycopg.connect(scratch_url, autocommit=True) as wanted_connection:
                wanted = _objects(wanted_connection)
            found = _objects(live)
        finally:
            live.execute(f"drop database {scratch} with (force)".encode())
    differences = [Difference(name, "missing") for name in sorted(wanted.keys() - found.keys())]
    differences += [Difference(name, "unexpected") for name in sorted(found.keys() - wanted.keys())]
    differences += [
        Difference(name, "changed")
        for name in sorted(wanted.keys() & found.keys())
        if wanted[name] != found[name]
    ]
    return differences
