"""Every object of ours says what it is for: the manual is printed from the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import psycopg

OURS = "'{ves,ves_store,ves_int,rest}'::text[]"
# Alembic makes this table; its one column needs no explanation.
FOREIGN = "'{alembic_version}'::text[]"

WITHOUT_COMMENT = {
    "schema": f"""
        select n.nspname from pg_namespace as n
        where n.nspname = any({OURS}) and obj_description(n.oid, 'pg_namespace') is null""",
    "table or view": f"""
        select c.oid::regclass::text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any({OURS}) and c.relkind in ('r', 'p', 'v', 'm') and c.relname <> all({FOREIGN})
          and obj_description(c.oid, 'pg_class') is null""",
    "column of a table": f"""
        select c.oid::regclass || '.' || a.attname
        from pg_attribute as a join pg_class as c on c.oid = a.attrelid join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any({OURS}) and c.relkind in ('r', 'p') and c.relname <> all({FOREIGN})
          and a.attnum > 0 and not a.attisdropped and col_description(c.oid, a.attnum) is null""",
    "function": f"""
        select p.oid::regprocedure::text from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = any({OURS}) and obj_description(p.oid, 'pg_proc') is null""",
    "type": f"""
        select t.oid::regtype::text from pg_type as t join pg_namespace as n on n.oid = t.typnamespace
        left join pg_class as c on c.oid = t.typrelid
        where n.nspname = any({OURS}) and (c.relkind = 'c' or t.typtype in ('e', 'd', 'r'))
          and obj_description(t.oid, 'pg_type') is null and obj_description(t.typrelid, 'pg_class') is null""",
    "trigger": f"""
        select t.tgname || ' on ' || t.tgrelid::regclass from pg_trigger as t
        join pg_class as c on c.oid = t.tgrelid join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = any({OURS}) and not t.tgisinternal and obj_description(t.oid, 'pg_trigger') is null""",
    "role": """
        select r.rolname from pg_roles as r
        where starts_with(r.rolname, 'ves_') and shobj_description(r.oid, 'pg_authid') is null""",
}


@pytest.mark.parametrize("kind", WITHOUT_COMMENT)
def test_every_object_has_a_comment(catalog: psycopg.Connection[Any], kind: str) -> None:
    assert catalog.execute(WITHOUT_COMMENT[kind]).fetchall() == []


def test_a_trigger_is_named_by_its_firing_order(catalog: psycopg.Connection[Any]) -> None:
    rows = catalog.execute(
        r"""select t.tgname, p.proname from pg_trigger as t join pg_proc as p on p.oid = t.tgfoid
        join pg_class as c on c.oid = t.tgrelid join pg_namespace as n on n.oid = c.relnamespace
        where starts_with(n.nspname, 'ves') and not t.tgisinternal
          and ((t.tgname !~ '^t\d0_' and t.tgname !~ '^tg_ves_(compliance|validity)_proofs_stream_match$') or p.proname !~ '^tg_.+__')"""
    ).fetchall()
    assert rows == []
