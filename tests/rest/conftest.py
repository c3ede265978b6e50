"""PostgREST as the database meets it: a login without rights that becomes a role for one transaction, with claims."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.rest.tenants import TenantData, fill
from tests.sql.fixtures import edge, shared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import psycopg

    from tests.conftest import Database
    from tests.sql.support import Edge

__all__ = ["edge", "shared"]

Claims = dict[str, Any]


def token(tenant: uuid.UUID | str, **claims: Any) -> Claims:
    """The claims of a good token of a tenant, as PostgREST hands them on."""
    return {
        "role": "ves_tenant",
        "sub": str(tenant),
        "iss": "stateset-sequencer",
        "aud": "stateset-api",
        "exp": 4_000_000_000,
        "iat": 1_700_000_000,
        "nbf": 1_700_000_000,
        "jti": str(uuid.uuid4()),
        "perms": "read,write,admin",
        **claims,
    }


@pytest.fixture
def acting(shared: Database) -> Callable[..., AbstractContextManager[psycopg.Connection[Any]]]:
    """`with acting(claims) as connection`: one request, in the order in which PostgREST sends its statements."""

    @contextmanager
    def act(claims: Claims | str | None, role: str = "ves_tenant") -> Iterator[psycopg.Connection[Any]]:
        with shared.connect("ves_authenticator") as connection, connection.transaction(force_rollback=True):
            connection.execute("select set_config('role', %s, true)", [role])
            if claims is not None:
                text = claims if isinstance(claims, str) else json.dumps(claims)
                connection.execute("select set_config('request.jwt.claims', %s, true)", [text])
            yield connection

    return act


@pytest.fixture(scope="session")
def views(shared: Database) -> list[str]:
    """Every view of schema rest."""
    with shared.connect() as connection:
        rows = connection.execute(
            "select relname from pg_class where relnamespace = 'rest'::regnamespace order by 1"
        ).fetchall()
    return [row[0] for row in rows]


@pytest.fixture(scope="session")
def ours(shared: Database, edge: Edge) -> TenantData:
    """A tenant with rows in two stores behind every view."""
    return fill(shared, edge)


@pytest.fixture(scope="session")
def theirs(shared: Database, edge: Edge) -> TenantData:
    """Another tenant, filled in the same way."""
    return fill(shared, edge)
