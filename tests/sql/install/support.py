"""What the tests of the installer share."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

from psycopg import sql

from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import Agent, Edge
from tests.support.payments import payment_rows

if TYPE_CHECKING:
    import psycopg

    from tests.support.cluster import Cluster

# Defaults that an operator may give a database, and that would change what an installation does.
OTHER_DEFAULTS = (
    "standard_conforming_strings to off",
    "client_encoding to 'LATIN1'",
    "quote_all_identifiers to on",
    "transform_null_equals to on",
    "array_nulls to off",
    "session_replication_role to replica",
    "default_transaction_read_only to on",
    "default_transaction_isolation to serializable",
    "statement_timeout to '100ms'",
    "datestyle to 'SQL'",
    "search_path to public",
)
# What an installation keeps of itself.
OF_AN_INSTALLATION = ("ves_store.schema_state", "ves_record.objects")
ROWS = (
    "select ves.create_api_key(repeat('1', 64), %(tenant_id)s, agent_id => %(agent_id)s)",
    "select ves.create_encryption_group(%(tenant_id)s, 'group')",
    "select ves.add_group_member(g.tenant_id, g.group_id, %(agent_id)s) from ves_store.encryption_key_groups as g",
    "select ves.register_schema(%(tenant_id)s, 'order.created', '{}')",
    "select ves.submit_compliance_proof(%(tenant_id)s, %(event_id)s, 'y', 1, 'p', '{}', '\\x00')",
    "select * from ves.commit_next(%(tenant_id)s, %(store_id)s, 10)",
    "select ves.subscribe(%(tenant_id)s, kind, kind) from unnest(array['group', 'queue', 'feed']) as kind",
    "select ves.append_payment_intents(%(tenant_id)s, %(store_id)s, %(payments)s)",
    "select ves.create_payment_batch(%(tenant_id)s, %(store_id)s, 'set_chain', max_size => 5)",
    "select ves.set_limit('schemas', 5)",
)


def fill(superuser: psycopg.Connection[Any]) -> Agent:
    """Store rows of every kind that is watched by way of the calls that make them; the agent's stream has two events."""
    edge, agent = Edge.open(superuser), Agent()
    agent.register(superuser)
    events = agent.events(2)
    edge.ingest(agent, *events)
    edge.seal(agent)
    Writer(superuser, agent.tenant_id, agent.store_id).ingest(Legacy())
    names = {
        "tenant_id": agent.tenant_id,
        "store_id": agent.store_id,
        "agent_id": agent.agent_id,
        "event_id": events[0].event_id,
        "payments": payment_rows(agent, 10),
    }
    for statement in ROWS:
        superuser.execute(statement, names)
    return agent


def content(superuser: psycopg.Connection[Any]) -> dict[str, str]:
    """A hash of the rows of each table of the engine and its queues, without those of an installation."""
    tables = superuser.execute(
        "select n.nspname, c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where c.relkind = 'r' and (n.nspname like 'ves%%' or n.nspname = 'pgmq')"
        " and n.nspname || '.' || c.relname <> all(%s)",
        [list(OF_AN_INSTALLATION)],
    ).fetchall()
    query = sql.SQL("select coalesce(md5(string_agg(t::text, ' ' order by t::text)), '') from {} as t")
    return {
        ".".join(name): str(row[0])
        for name in tables
        if (row := superuser.execute(query.format(sql.Identifier(*name))).fetchone())
    }


def schema_of(cluster: Cluster, database: str) -> list[str]:
    """Statements of a dump of the schema, sorted: pg_dump orders objects by oid where their names tie."""
    dump = subprocess.run(
        [str(cluster.bin / "pg_dump"), "--schema-only", "-d", cluster.url(database)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    statements = [part.strip() for part in dump.split(";\n")]
    return sorted(
        part
        for part in statements
        if part and not any(word in part for word in ("alembic_version", "pg_stat_statements", "restrict "))
    )
