"""Under one tenant's name, the ids of another are ids that nobody has: every SQL function that takes a tenant."""

from __future__ import annotations

import re
import secrets
import uuid
from typing import TYPE_CHECKING, Any

import psycopg

from tests.fuzz.functions import public_functions

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.fuzz.arguments import Known
    from tests.fuzz.functions import Function

PLAIN = {
    "smallint": "1",
    "integer": "1",
    "bigint": "1",
    "text": "order.created",
    "boolean": "true",
    "bytea": "\\x" + "00" * 32,
    "json": "{}",
    "jsonb": "{}",
    "uuid": str(uuid.uuid4()),
    "timestamp with time zone": "2026-01-01T00:00:00Z",
    "double precision": "1",
    "interval": "1 hour",
}
# The hash of a whole key is no id of something in a tenant: it is what names the tenant.
NOT_IDS = {"tenant_id", "key_id", "signer_id", "key_hash"}
# What differs from call to call whatever is asked: times, and ids and hashes that are made on the way.
VOLATILE = re.compile(r"UUID\('[0-9a-f-]+'\)|[0-9a-f]{16,}|datetime\.[^)]*\)+|b'[^']*'|[0-9a-f-]{36}|\d+")


def arguments(function: Function, tenant: str, ids: dict[str, str]) -> list[Any]:
    """One value for each parameter: the tenant's name, the ids where they fit, something plain elsewhere."""
    given = ids | {"tenant_id": tenant}
    made: list[Any] = []
    for name, kind in function.parameters[: _last_id(function, given)]:
        one = given.get(
            name.removesuffix("s") if kind.endswith("[]") else name, PLAIN.get(kind.removesuffix("[]"))
        )
        made.append([one] if kind.endswith("[]") else one)
    return made


def _last_id(function: Function, given: dict[str, str]) -> int:
    """How many parameters to give: all that have no default, and all up to the last that takes an id."""
    places = [at + 1 for at, (name, _) in enumerate(function.parameters) if name in given]
    return max([function.required, *places])


def ended(connection: psycopg.Connection[Any], function: Function, values: list[Any]) -> str:
    """The rows or the refusal, as text; nothing is kept."""
    try:
        with connection.transaction(force_rollback=True):
            return repr(connection.execute(function.call(len(values)), values).fetchall())
    except psycopg.Error as error:
        return f"{error.sqlstate} {error.diag.message_primary} {error.diag.message_detail}"


def test_foreign_ids_under_the_own_name_end_like_ids_that_nobody_has(
    shared: Database, known: Known, theirs: Known
) -> None:
    (tenant,) = known["tenant_id"]
    foreign = {name: values[0] for name, values in theirs.items() if name not in NOT_IDS}
    ghosts = {
        name: secrets.token_hex(len(value) // 2) if "hash" in name else str(uuid.uuid4())
        for name, value in foreign.items()
    }
    tried, wrong = 0, []
    for function in public_functions(shared):
        names = {name for name, _ in function.parameters}
        if "tenant_id" not in names or not names & set(foreign):
            continue
        for role in function.roles:
            with shared.connect(role) as connection:
                values = arguments(function, tenant, foreign)
                found = ended(connection, function, values)
                nothing = ended(connection, function, arguments(function, tenant, ghosts))
            tried += 1
            if told(found, foreign) != told(nothing, ghosts):
                wrong.append(f"{role} {function.name}: {found[:300]} | {nothing[:300]}")
            wrong += [
                f"{role} {function.name} names their {name}"
                for name, value in foreign.items()
                if value in found and value not in values
            ]
    assert tried > 60
    assert not wrong, "\n".join(wrong)


def told(text: str, ids: dict[str, str]) -> str:
    """An outcome without the ids that were asked for and without what every call makes anew."""
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
    return VOLATILE.sub("*", text)
