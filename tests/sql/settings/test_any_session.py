"""The whole cycle (register, ingest by every door, commit, prove, verify) under every setting that a role may make.

A setting may stop a call; it must not change what is hashed, stored or proved. What a session did is judged from a
clean one.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.sql.legacy_support import CALL as LEGACY_CALL
from tests.sql.legacy_support import Legacy, Writer
from tests.sql.support import CALL, Agent, Edge, verify
from tests.support import legacy_tree, ves_tree
from ves import digests, merkle
from ves.codec import key_id_bits

if TYPE_CHECKING:
    import psycopg

    from tests.conftest import Database

PAYLOAD = '{"text":"\\\\x56 \\" é","number":1e16,"at":"2025-01-08T10:30:00Z"}'

# Settings whose purpose is to stop a call or a session, or that are those of one transaction.
STOPPING = {
    "array_nulls",  # a null in an array is refused when the call's parameters are read
    "default_table_access_method",
    "default_tablespace",
    "default_transaction_read_only",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "max_stack_depth",
    "role",
    "seed",
    "session_authorization",
    "statement_timeout",
    "temp_tablespaces",
    "transaction_deferrable",
    "transaction_isolation",
    "transaction_read_only",
}
# Texts that are no enumeration: values to try.
TEXTS = {
    "DateStyle": ["SQL, DMY", "German", "Postgres, MDY"],
    "TimeZone": ["Pacific/Kiritimati", "America/St_Johns"],
    "client_encoding": ["LATIN1", "SQL_ASCII", "EUC_JP"],
    "restrict_nonsystem_relation_kind": ["view", "view, foreign-table"],
    "search_path": ["pg_temp, ves_store, public", ""],
    "timezone_abbreviations": ["India"],
    "lc_monetary": ["C"],
    "lc_numeric": ["C"],
    "lc_time": ["C"],
    "default_text_search_config": ["pg_catalog.simple"],
    "application_name": ["'; \\x56"],
}

# Texts with nothing to try: names of files and libraries, and what only the session's own program reads.
UNTRIED = {
    "local_preload_libraries": "libraries are read when a session starts; the server's folder of them is the operator's",
}


Case = dict[str, str]


def cases(connection: psycopg.Connection[Any]) -> list[Case]:
    """Values of settings to try together: each word alone; switches and numbers of one chapter of the manual at once."""
    found: dict[tuple[str, str], Case] = {}
    rows = connection.execute(
        "select category, name, vartype, setting, enumvals, min_val, max_val from pg_settings where context = 'user'"
    ).fetchall()
    for chapter, name, kind, setting, values, least, most in rows:
        if name in STOPPING:
            continue
        if kind == "bool":
            found.setdefault((chapter, "bool"), {})[name] = "off" if setting == "on" else "on"
        elif kind in ("integer", "real"):
            found.setdefault((chapter, "least"), {})[name] = least
            found.setdefault((chapter, "most"), {})[name] = most
        else:
            for value in values or TEXTS.get(name, ()):
                found[name, value] = {name: value}
    return list(found.values())


def opened(shared: Database, case: Case) -> psycopg.Connection[Any]:
    connection = shared.connect()
    for name, value in case.items():
        connection.execute("select set_config(%s, %s, false)", [name, value])
    return connection


class Session:
    """One session of the superuser, who may call every door, in a stream of its own."""

    def __init__(self, connection: psycopg.Connection[Any], signer_id: int) -> None:
        self.connection = connection
        self.agent = Agent()
        self.legacy = Writer(connection, self.agent.tenant_id, self.agent.store_id)
        self.events = [self.agent.event(PAYLOAD, entity_id=f"é\\x56{number}") for number in range(4)]
        self.legacy_events = [Legacy(payload=PAYLOAD) for _ in range(2)]
        self.edge = Edge(connection, signer_id)

    def run(self) -> None:
        """The cycle; what it stores is what `check` expects."""
        agent, run = self.agent, self.connection.execute
        run(
            "select ves.register_agent_key(%s, %s, %s, %s)",
            [agent.tenant_id, agent.agent_id, key_id_bits(agent.key_id), agent.public_key],
        )
        first, second, *others = self.events
        run("select ves.ingest_signed_request(%s::text)", [agent.body(first)])
        run("select ves.ingest_signed_events(%s::text::jsonb)", [agent.body(second)])
        run(CALL, self.edge.parameters(agent.prepare(*others)))
        run("select ves.ingest_legacy_request(%s::text)", [self.legacy_request()])
        run(LEGACY_CALL, self.legacy.columns(self.legacy_events[1]))
        run("select ves.commit_next(%s, %s)", [agent.tenant_id, agent.store_id])
        run("select ves.create_legacy_commitment(%s, %s, 1, 2)", self.legacy.stream)
        run("select ves.verify_stream(%s, %s)", [agent.tenant_id, agent.store_id])

    def legacy_request(self) -> str:
        event = self.legacy_events[0]
        members = {
            "event_id": str(event.event_id),
            "tenant_id": str(self.agent.tenant_id),
            "store_id": str(self.agent.store_id),
            "entity_type": "order",
            "entity_id": event.entity_id,
            "event_type": "order.created",
            "created_at": "2025-01-08T10:30:00Z",
            "source_agent": str(self.agent.agent_id),
            "payload_hash": event.payload_hash.hex(),
        }
        text = f'{json.dumps(members)[:-1]},"payload":{event.payload}}}'
        return f'{{"agent_id":"{self.agent.agent_id}","events":[{text}]}}'


def proof(connection: psycopg.Connection[Any], agent: Agent, number: int) -> tuple[Any, ...]:
    row = connection.execute(
        "select p.leaf_hash, p.leaf_index, p.proof_path, p.merkle_root from ves.get_inclusion_proof(%s, %s, %s) as p",
        [agent.tenant_id, agent.store_id, number],
    ).fetchone()
    assert row is not None
    return tuple(row)


def check(clean: psycopg.Connection[Any], session: Session) -> None:
    """From a clean session: nothing to find, and each proof leads from the leaf that the protocol says."""
    agent = session.agent
    assert verify(clean, agent) == []
    leaves = b"".join(
        digests.leaf_hash(
            agent.tenant_id,
            agent.store_id,
            number,
            event.signing_hash,
            bytes.fromhex(event.envelope["agent_signature"][2:]),
        )
        for number, event in enumerate(session.events, 1)
    )
    for number in range(1, 5):
        leaf, index, path, root = proof(clean, agent, number)
        assert bytes(leaf) == leaves[32 * (number - 1) : 32 * number]
        assert bytes(root) == ves_tree.root(leaves)
        assert merkle.verify_inclusion(bytes(leaf), index, [bytes(p) for p in path], bytes(root))
    stored = clean.execute(
        "select payload_hash from ves.list_legacy_events(%s, %s)", [agent.tenant_id, agent.store_id]
    ).fetchall()
    assert [bytes(row[0]) for row in stored] == [legacy_tree.payload_hash(PAYLOAD.encode())] * 2


def test_every_setting_that_a_role_may_make_is_tried_or_says_why_not(shared: Database) -> None:
    with shared.connect() as connection:
        tried = {name for case in cases(connection) for name in case}
        rows = connection.execute("select name from pg_settings where context = 'user'").fetchall()
    assert {name for (name,) in rows} - tried == (STOPPING | UNTRIED.keys()) & {name for (name,) in rows}


def test_no_setting_of_a_session_changes_what_is_hashed_stored_or_proved(
    shared: Database, edge: Edge
) -> None:
    with shared.connect() as clean:
        reference = Session(clean, edge.signer_id)
        reference.run()
        check(clean, reference)
        wanted = proof(clean, reference.agent, 3)
        for case in cases(clean):
            # A new session each time: a session reads the body of a function once.
            with opened(shared, case) as connection:
                session = Session(connection, edge.signer_id)
                session.run()
                assert (case, proof(connection, reference.agent, 3)) == (case, wanted)
            check(clean, session)
