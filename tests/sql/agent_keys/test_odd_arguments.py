"""Whatever the functions about keys and groups are called with: an answer or a registered error."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.sql.support import Agent

if TYPE_CHECKING:
    from tests.conftest import Database

FUNCTIONS = """
select p.oid::regproc::text, array(
  select t::regtype::text from unnest(p.proargtypes) with ordinality as a (t, o) order by o)
from pg_proc as p
where p.pronamespace = 'ves'::regnamespace
  and p.proname ~ '(agent_key|key_rotation|due_rotations|key_usage|key_effective|grace_period|key_history|group)'
order by 1"""
ODD: dict[str, list[Any]] = {
    "uuid": [
        None,
        "00000000-0000-0000-0000-000000000000",
        *["aaaaaaaa-0000-4000-8000-00000000000a"] * 6,
    ],
    "integer": [None, 0, 1, -1, -(2**31), 2**31 - 1],
    "bigint": [None, 0, -1, 2**63 - 1, -(2**63)],
    "smallint": [None, 0, 1, 2, 3, 4, 5, 6, -1, 32767],
    "bytea": [
        None,
        b"",
        bytes(32),
        b"\x09" + bytes(31),
        b"{}",
        b"[" * 60_000,
        b"\xff",
        b'{"ed25519_pop":[1]}',
    ],
    "text": [
        None,
        "",
        "signing",
        "encryption",
        "manual",
        "compromise",
        "admin",
        "x" * 70_000,
        "\u2028 ' \" \\",
    ],
    "timestamp with time zone": [
        None,
        "-infinity",
        "infinity",
        "4714-11-24 BC",
        "294276-12-31",
        "2026-01-01",
    ],
    "interval": [None, "0", "-1 day", "3650 days", "178000000 years", "1 month"],
    "boolean": [None, True, False],
    "jsonb": [None, "null", "5", "[]", "{}", '{"actor": 5, "actor_type": "nobody"}', '{"actor_type": "cli"}'],
}
ROUNDS = 80


KNOWN = ODD["uuid"][2]
# So that some calls find what they name: keys, a group, a policy and a schedule, all under the one known id.
SEED = [
    "select ves.register_agent_key(%(id)s, %(id)s, 0, %(signing)s)",
    "select ves.register_agent_key(%(id)s, %(id)s, 1, %(other)s)",
    "select ves.register_agent_key(%(id)s, %(id)s, -1, %(wrap)s, 2::smallint)",
    "select ves.set_key_rotation_policy(%(id)s, max_age_hours => 1)",
    "insert into ves_store.encryption_key_groups (group_id, tenant_id, name) values (%(id)s, %(id)s, 'known')",
    "select ves.add_group_member(%(id)s, %(id)s, %(id)s, 'admin')",
    "select ves.schedule_key_rotation(%(id)s, %(id)s, 0, '2026-01-01')",
]


@pytest.fixture
def superuser(database: Database) -> Any:
    with database.connect() as connection:
        connection.autocommit = False
        yield connection
        connection.rollback()


def test_odd_arguments_get_an_answer_or_a_registered_error(superuser: psycopg.Connection[Any]) -> None:
    known = {row[0] for row in superuser.execute("select code from ves.errors").fetchall()}
    for statement in SEED:
        superuser.execute(
            statement,
            {
                "id": KNOWN,
                "signing": Agent().public_key,
                "other": Agent().public_key,
                "wrap": ODD["bytea"][3],
            },
        )
    chance = random.Random(20261123)
    functions = superuser.execute(FUNCTIONS).fetchall()
    assert len(functions) > 25
    surprises: dict[str, str] = {}
    for name, types in functions:
        call = f"select * from {name}({', '.join(f'%s::{kind}' for kind in types)})"
        for _ in range(ROUNDS):
            arguments = [chance.choice(ODD[kind.removesuffix("[]")]) for kind in types]
            values = [
                [value] if kind.endswith("[]") else value
                for value, kind in zip(arguments, types, strict=True)
            ]
            try:
                with superuser.transaction(force_rollback=True):
                    superuser.execute(call, values)
            except psycopg.Error as error:
                if error.sqlstate not in known:
                    surprises[name] = f"{arguments} {error}"[:300]
    assert not surprises, "\n".join(f"{name} {how}" for name, how in surprises.items())
