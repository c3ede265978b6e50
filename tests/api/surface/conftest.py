"""A server of its own with a database of its own, two tenants, and the routes that it says it serves."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest
from litestar import Litestar

from tests.api.surface import tokens
from tests.api.surface.place import Place, settle
from tests.api.surface.requests import Route, in_another_store, mentions, routes
from tests.api.surface.requests import build as request
from tests.conftest import Database, cloned
from tests.support.processes import Server
from tests.support.stub_node import stub_node
from ves_api.app import ROUTES
from ves_api.http.docs.document import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.support.cluster import Cluster

with warnings.catch_warnings(
    action="ignore"
):  # the framework's advice on path parameters, told once by the server too
    APPLICATION = Litestar(ROUTES, openapi_config=None, logging_config=None)
DOCUMENT = build(APPLICATION.routes)
SERVED = list(routes(DOCUMENT))

BODY_LIMIT = 65_536
# In place of anchor workers: every commitment is anchored, and promised by a calendar, as soon as it is made.
ANCHOR_AT_ONCE = """
create function public.anchor_at_once() returns trigger language plpgsql as $$
begin
  with promised as (
    insert into ves_store.timestamps (root, proof, status, created_at, due_at)
    values (sha256(''), 'p', 'submitted', now(), now()) returning timestamp_id
  )
  insert into ves_store.commitment_anchors (tenant_id, batch_id, anchor, is_legacy, status, committed_at, call_id)
  select new.tenant_id, new.batch_id, 'opentimestamps', new.is_legacy, 'pending', now(), p.timestamp_id
  from promised as p;
  update ves_store.commitment_anchors set status = 'submitted', proof_path = ''
  where batch_id = new.batch_id and anchor = 'opentimestamps';
  update ves_store.commitment_anchors
  set status = 'anchored', chain_id = 1, chain_tx_hash = decode(repeat('00', 32), 'hex')
  where batch_id = new.batch_id and anchor = 'chain';
  return null;
end
$$;
create trigger t99_anchor_at_once after insert on ves_store.commitment_anchors
for each row when (new.anchor = 'chain') execute function public.anchor_at_once();
alter function public.anchor_at_once() security definer;
"""


CLOSED = [r for r in SERVED if not r.public]
HOME, OTHER = Place.example(), Place.example()


def names_the_other(route: Route, asked_for: Place) -> bool:
    """Whether the route's request for `asked_for` holds an id of the other tenant."""
    return mentions(request(route, asked_for).text, OTHER)


def names_a_store(route: Route) -> bool:
    call = request(route, HOME)
    return in_another_store(call, HOME, OTHER.store_id) != call


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every documented route, or those of a kind; each kind is what a test needs of a route in order to assert."""
    kinds = {
        "route": SERVED,
        "closed_route": CLOSED,
        "naming_route": [r for r in CLOSED if names_the_other(r, OTHER)],
        "nameless_route": [r for r in CLOSED if not names_the_other(r, OTHER)],
        "borrowing_route": [r for r in CLOSED if names_the_other(r, OTHER.under(HOME))],
        "store_route": [r for r in CLOSED if names_a_store(r)],
        "open_route": [r for r in SERVED if r.public],
        "body_route": [r for r in SERVED if r.has_body],
        "parameter_route": [r for r in SERVED if r.operation["parameters"]],
    }
    for name, chosen in kinds.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, [pytest.param(r, id=r.name) for r in chosen])


@pytest.fixture(scope="session")
def surface_database(engine: Cluster) -> Iterator[Database]:
    """The database of the server that every route is called on."""
    with cloned(engine, "surface") as own:
        with own.connect() as superuser:
            superuser.execute(ANCHOR_AT_ONCE)
        yield own


@pytest.fixture(scope="session")
def node() -> Iterator[str]:
    """A node whose contracts answer every call with true."""
    with stub_node("0x" + "00" * 31 + "01") as url:
        yield url


@pytest.fixture(scope="session")
def surface(
    surface_database: Database, node: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that takes tokens and registrations, so that every route answers."""
    env = {
        "JWT_SECRET": tokens.SECRET,
        "L2_RPC_URL": node,
        "SET_REGISTRY_ADDRESS": "0x" + "ab" * 20,
        "VES_ANCHOR_WAIT_SECS": "0.1",
        "MAX_BODY_SIZE_BYTES": str(BODY_LIMIT),
        "PUBLIC_AGENT_REGISTRATION_ENABLED": "true",
        "PUBLIC_AGENT_REGISTRATION_RATE_LIMIT_PER_MINUTE": "100000",
    }
    running = Server(surface_database.url("ves_api"), env)
    running.start(tmp_path_factory.mktemp("surface") / "server.log")
    yield running
    running.stop()


@pytest.fixture(scope="session")
def bootstrap(surface: Server) -> Iterator[httpx.Client]:
    with surface.client() as client:
        yield client


@pytest.fixture(scope="session")
def ours(bootstrap: httpx.Client, surface_database: Database) -> Place:
    return settle(bootstrap, surface_database)


@pytest.fixture(scope="session")
def theirs(bootstrap: httpx.Client, surface_database: Database) -> Place:
    return settle(bootstrap, surface_database)


__all__ = ["APPLICATION", "DOCUMENT", "SERVED", "Route"]
