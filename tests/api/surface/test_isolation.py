"""Isolation: each live credential of one tenant against every route, aimed at another tenant.

Every answer is a refusal, and the refusal for what the other tenant has is the refusal for what nobody has. A test is
one route and tries every credential; conftest.py collects a route only for the tests that its requests can prove.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.api.surface.conftest import SERVED
from tests.api.surface.place import mint, settle
from tests.api.surface.requests import build, error_of, in_another_store, mentions, without_ids
from tests.api.surface.tokens import token
from tests.support.waiting import wait_until
from ves_api.auth.identity import NIL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.api.surface.place import Place
    from tests.api.surface.requests import Route
    from tests.conftest import Database
    from tests.support.processes import Server

    Headers = dict[str, str]
    Make = Callable[[Database, Place], Headers]

REFUSED = {401, 403, 404}


def _key(**columns: Any) -> Make:
    return lambda database, home: {"x-api-key": mint(database, home.tenant_id, **columns)}


def _bound(database: Database, home: Place) -> Headers:
    return {"x-api-key": mint(database, home.tenant_id, agent_id=home.agent_id)}


def _scoped(database: Database, home: Place) -> Headers:
    return {"x-api-key": mint(database, home.tenant_id, store_ids=[home.store_id], can_admin=True)}


def _revoked(database: Database, home: Place) -> Headers:
    headers = {"x-api-key": mint(database, home.tenant_id, can_admin=True)}
    with database.connect() as superuser:
        superuser.execute(
            "update ves_store.api_keys set active = false where key_hash = encode(sha256(%s), 'hex')",
            [headers["x-api-key"].encode()],
        )
    return headers


def _bearer(text: str) -> Headers:
    return {"authorization": f"Bearer {text}"}


def _token(**changes: Any) -> Make:
    return lambda _, home: _bearer(token(home.tenant_id, **changes))


# Credentials that are good at home.
GOOD: dict[str, Make] = {
    "a key that reads": _key(can_write=False),
    "a key that writes": _key(can_read=False),
    "a key that reads and writes": _key(),
    "a key that administers": _key(can_admin=True),
    "a key that only administers": _key(can_read=False, can_write=False, can_admin=True),
    "a key bound to an agent": _bound,
    "a key limited to a store": _scoped,
    "a token": _token(),
    "a token that reads": _token(perms="read"),
    "a token limited to a store": lambda _, home: _bearer(token(home.tenant_id, stores=home.store_id)),
    "a token of an agent": lambda _, home: _bearer(token(home.tenant_id, agent=home.agent_id)),
    "a token with a longer digest": _token(algorithm="HS512"),
}
# Credentials that are good nowhere.
BAD: dict[str, Make] = {
    "no credential": lambda _, __: {},
    "a key that does nothing": _key(can_read=False, can_write=False),
    "a revoked key": _revoked,
    "a key that nobody made": lambda _, __: {"x-api-key": "ss_" + "0" * 40},
    "the hash of a key": lambda _, __: {"x-api-key": "0" * 64},
    "a key of the nil tenant": lambda database, _: {"x-api-key": mint(database, str(NIL))},
    "an expired token": _token(exp=1_700_000_000),
    "a token signed with another secret": _token(secret="not the secret of this server, but long"),
    "a token that nobody signed": _token(algorithm="none"),
    "a token for another audience": _token(aud="somebody-else"),
    "a token of another issuer": _token(iss="somebody-else"),
    "a token without an end": _token(exp=None),
    "a token of the nil tenant": lambda _, __: _bearer(token(str(NIL), perms="read,write")),
    "a token with a store that is none": _token(stores="all"),
}
LIMITED = [name for name in GOOD if "limited" in name]
# A read, a write and an administrative route: the three ways in which a handler asks for permission.
AUTHENTICATED = ("GET /api/v1/head", "POST /api/v1/ves/events/ingest", "POST /api/v1/encryption-groups")
ROUTE_BY_NAME = {route.name: route for route in SERVED}
# What an answer may hold that differs from call to call.
VOLATILE = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|ss_[\w-]+|[0-9a-f]{16,}|[\d:.+TZ-]*\d[\d:.+TZ-]*"
)


@pytest.fixture(scope="session")
def credentials(surface_database: Database, ours: Place) -> dict[str, Headers]:
    return {name: make(surface_database, ours) for name, make in (GOOD | BAD).items()}


@pytest.fixture(scope="session")
def clients(surface: Server, credentials: dict[str, Headers]) -> Iterator[dict[str, httpx.Client]]:
    opened = {name: surface.client(key=None, added=headers) for name, headers in credentials.items()}
    yield opened
    for client in opened.values():
        client.close()


@pytest.fixture(scope="session")
def ghost(ours: Place, theirs: Place) -> Place:
    """One for all credentials: what the first of them stores, the next one meets, as with the ids of theirs."""
    return theirs.ghost().under(ours)


@pytest.fixture(scope="session")
def before(surface_database: Database, theirs: Place) -> dict[str, str]:
    """The other tenant's rows before the first story, once its receipts, which are stored later, are there."""
    with surface_database.connect() as connection:
        wait_until(
            lambda: (
                connection.execute(
                    "select from ves_store.ves_sequencer_receipts where tenant_id = %s and sequence_number = 2",
                    [theirs.tenant_id],
                ).rowcount
            )
        )
    return rows_of(surface_database, theirs.tenant_id)


def rows_of(database: Database, tenant_id: str) -> dict[str, str]:
    """A digest of a tenant's rows in each table."""
    with database.connect() as connection:
        tables = connection.execute(
            """select c.relname from pg_class as c join pg_attribute as a on a.attrelid = c.oid
            where c.relnamespace = 'ves_store'::regnamespace and c.relkind in ('r', 'p') and a.attname = 'tenant_id'
            order by 1"""
        ).fetchall()
        return {
            table: str(
                connection.execute(
                    f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from ves_store.{table} as t"
                    " where tenant_id = %s",
                    [tenant_id],
                ).fetchone()
            )
            for (table,) in tables
        }


def test_every_route_serves_its_own_tenant(
    surface_database: Database, bootstrap: httpx.Client, route: Route
) -> None:
    """The stories below would prove nothing with requests that nobody is served."""
    place = settle(bootstrap, surface_database)
    answer = build(route, place).send(bootstrap)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("name", GOOD)
def test_a_good_credential_is_good_at_home(clients: dict[str, httpx.Client], ours: Place, name: str) -> None:
    """Whatever it may do, it is never told that the tenant or the store is not its own."""
    answer = clients[name].get("/api/v1/head", params=ours.stream)
    reads = name not in ("a key that writes", "a key that only administers")
    assert answer.status_code == (200 if reads else 403)


# An agent without keys in the caller's tenant has an empty list (http-api 7.3).
LISTS_KEYS = "GET /api/v1/agents/{agent_id}/api-keys"


def refusals(
    clients: dict[str, httpx.Client], route: Route, theirs: Place, names: Iterable[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """By credential: the refusal for what the other tenant has, and the one for what no tenant has."""
    ghost = theirs.ghost()
    call, ghost_call = build(route, theirs), build(route, ghost)
    told, told_of_ghost = {}, {}
    for name in names:
        answer, ghost_answer = call.send(clients[name]), ghost_call.send(clients[name])
        if route.name == LISTS_KEYS and answer.status_code == 200:
            told[name], told_of_ghost[name] = answer.text, ghost_answer.text
            assert answer.json() == {"keys": [], "count": 0}, name
            continue
        assert answer.status_code in REFUSED, f"{name}: {answer.text}"
        told[name] = without_ids(error_of(answer), theirs)
        told_of_ghost[name] = without_ids(error_of(ghost_answer), ghost)
    return told, told_of_ghost


def test_another_tenants_stream_is_refused_like_one_that_nobody_has(
    clients: dict[str, httpx.Client], before: dict[str, str], theirs: Place, naming_route: Route
) -> None:
    told, told_of_ghost = refusals(clients, naming_route, theirs, GOOD)
    assert told == told_of_ghost


@pytest.mark.parametrize("route_name", AUTHENTICATED)
def test_a_dead_credential_is_refused_whatever_it_asks_for(
    clients: dict[str, httpx.Client], before: dict[str, str], theirs: Place, route_name: str
) -> None:
    """Three routes, because authentication is one step before all of them; test_every_route.py tries each route."""
    told, told_of_ghost = refusals(clients, ROUTE_BY_NAME[route_name], theirs, BAD)
    assert told == told_of_ghost


def test_a_request_that_names_no_tenant_tells_nothing_of_another(
    clients: dict[str, httpx.Client], before: dict[str, str], theirs: Place, nameless_route: Route
) -> None:
    """The request is about the caller, and so is the answer."""
    ghost = theirs.ghost()
    call, ghost_call = build(nameless_route, theirs), build(nameless_route, ghost)
    for name in GOOD:
        answer, ghost_answer = call.send(clients[name]), ghost_call.send(clients[name])
        assert not mentions(answer.text, theirs), name
        assert answer.status_code == ghost_answer.status_code, name
        assert answer.status_code < 500, f"{name}: {answer.text}"


def test_another_tenants_ids_under_the_own_tenants_name_are_ids_that_nobody_has(
    clients: dict[str, httpx.Client],
    before: dict[str, str],
    ours: Place,
    theirs: Place,
    ghost: Place,
    borrowing_route: Route,
) -> None:
    call, ghost_call = build(borrowing_route, theirs.under(ours)), build(borrowing_route, ghost)
    unsent = [content for content in theirs.long_ids.values() if content not in call.text]

    def told(response: httpx.Response, place: Place) -> str:
        response_text = re.sub(r'"request_id":"[^"]*"', "", response.text)
        return f"{response.status_code} {VOLATILE.sub('*', without_ids(response_text, place))}"

    for name in GOOD:
        answer, ghost_answer = call.send(clients[name]), ghost_call.send(clients[name])
        assert answer.status_code < 500, f"{name}: {answer.text}"
        assert told(answer, theirs.under(ours)) == told(ghost_answer, ghost), name
        assert [content for content in unsent if content in answer.text] == [], name


def test_another_store_of_the_own_tenant_is_refused(
    clients: dict[str, httpx.Client], ours: Place, store_route: Route
) -> None:
    """Asked for by the stream's name; what belongs to the whole tenant stays open to it."""
    call = build(store_route, ours.ghost().under(ours))
    moved = in_another_store(call, ours, ours.ghost().store_id)
    assert moved != call
    for name in LIMITED:
        answer = moved.send(clients[name])
        assert answer.status_code in REFUSED, f"{name}: {answer.text}"


def test_after_all_stories_nothing_of_theirs_has_changed(
    surface_database: Database, before: dict[str, str], theirs: Place
) -> None:
    assert len(before) > 15
    assert rows_of(surface_database, theirs.tenant_id) == before
