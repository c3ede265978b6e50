"""One row changed by a superuser in a scratch database, found by `verify_stream`."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

from shop.purchases import Shop, read_purchases
from ves_api.cli.admin import open_admin
from ves_api.cli.settings import superuser_url
from ves_api.gateway.admin import parse_statements
from ves_edge.errors import ApiError
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ves_api.gateway.admin import Admin
    from ves_client.commands.settings import Layers

Json = dict[str, Any]
SCRATCH = "ves_demo_tamper"
PURCHASES = 20


class NoSuperuserError(Exception):
    """The scene cannot be played here; the message says why."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What `verify_stream` said before and after the change."""

    events: int
    before: list[Json]
    after: list[Json]


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """Make the scratch database with the engine in it; gives its URL and drops it afterwards."""
    statements = parse_statements(resources.files("shop").joinpath("tamper.sql").read_text())
    try:
        server = psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.Error as error:
        raise NoSuperuserError(f"the superuser is not let in: {str(error).strip()}") from error
    with server:
        try:
            server.execute(statements["take_turn"])
            server.execute(statements["drop_scratch"])
            server.execute(statements["create_scratch"])
        except psycopg.errors.InsufficientPrivilege as error:
            raise NoSuperuserError("this role may not create a scratch database") from error
        try:
            scratch = make_conninfo(url, dbname=SCRATCH)
            install(scratch)
            yield scratch
        finally:
            server.execute(statements["drop_scratch"])


def _fill(admin: Admin) -> tuple[uuid.UUID, uuid.UUID, int]:
    shop = Shop.from_seeds(uuid.uuid4(), [uuid.uuid4().bytes * 2])
    (agent,) = shop.agents
    admin.register_unsigned_signer(uuid.uuid4())
    admin.register_agent_key(shop.tenant_id, agent.key.agent_id, 1, agent.key.public_key)
    signed = shop.events(read_purchases(PURCHASES))[agent]
    texts = b",".join(event.text for event in signed)
    body = b'{"agentId":"%b","events":[%b]}' % (str(agent.key.agent_id).encode(), texts)
    admin.ingest_signed_events(body.decode())
    admin.commit_next(shop.tenant_id, agent.store_id, len(signed))
    return shop.tenant_id, agent.store_id, len(signed)


def play(settings: Layers) -> Discovery:
    """Fill a scratch database, check it, change one row as its superuser, check it again.

    NoSuperuserError when the server offers no way to do that (no superuser, or no PL/Python to fill it with).
    """
    statements = parse_statements(resources.files("shop").joinpath("tamper.sql").read_text())
    superuser = superuser_url(settings)
    if superuser is None:
        raise NoSuperuserError("no superuser of the database server is known (VES_SUPERUSER_DATABASE_URL)")
    with scratch_database(superuser) as url, open_admin(url) as admin:
        try:
            tenant_id, store_id, events = _fill(admin)
        except ApiError as error:
            if error.name == "crypto_unavailable":
                raise NoSuperuserError("core mode: the database cannot verify signatures itself") from error
            raise
        before = admin.verify_stream(tenant_id, store_id)
        with psycopg.connect(url, autocommit=True) as superuser_session:
            superuser_session.execute(statements["silence_triggers"])
            superuser_session.execute(statements["change_one_order"])
        after = admin.verify_stream(tenant_id, store_id)
    return Discovery(events, before, after)
