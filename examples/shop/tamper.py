"""One row changed by a superuser in a scratch database, found by `verify_stream`."""

from __future__ import annotations

import re
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.conninfo import make_conninfo

from shop.purchases import Shop, read_purchases
from ves_api.cli.database import open_database
from ves_api.cli.settings import superuser_url
from ves_edge.errors import ApiError
from ves_edge.gen import sync
from ves_install.install import install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ves_api.cli.database import OperatorDatabase
    from ves_client.commands.settings import Layers
    from ves_edge.gen.records import VerifyStreamRow

Json = dict[str, Any]
SCRATCH = "ves_demo_tamper"
PURCHASES = 20
_STATEMENT = re.compile(r"^-- name: (\w+)\n(?:--[^\n]*\n)+(.+?);$", re.MULTILINE | re.DOTALL)


class NoSuperuserError(Exception):
    """The scene cannot run here; the message gives the reason."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """Results of `verify_stream` before and after the change."""

    events: int
    before: list[VerifyStreamRow]
    after: list[VerifyStreamRow]


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """Create a scratch database with the engine; yield its URL and drop it afterwards."""
    statements = _statements()
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


def _statements() -> dict[str, bytes]:
    """Return the statements of tamper.sql by name."""
    text = resources.files("shop").joinpath("tamper.sql").read_text(encoding="utf-8")
    return {name: statement.encode() for name, statement in _STATEMENT.findall(text)}


def _fill(db: OperatorDatabase) -> tuple[uuid.UUID, uuid.UUID, int]:
    shop = Shop.from_seeds(uuid.uuid4(), [uuid.uuid4().bytes * 2])
    (agent,) = shop.agents
    key = agent.key
    # A scratch database does not need signed receipts.
    sync.register_signer(db, sequencer_id=uuid.uuid4(), key_version=0, algorithm="none", public_key=None)
    sync.register_agent_key(
        db, tenant_id=shop.tenant_id, agent_id=key.agent_id, key_id=key.key_id, public_key=key.public_key
    )
    signed = shop.events(read_purchases(PURCHASES))[agent]
    texts = b",".join(event.text for event in signed)
    body = b'{"agentId":"%b","events":[%b]}' % (str(key.agent_id).encode(), texts)
    sync.ingest_signed_events(db, request=body)
    sync.commit_next(db, tenant_id=shop.tenant_id, store_id=agent.store_id, max_events=len(signed))
    return shop.tenant_id, agent.store_id, len(signed)


def play(settings: Layers) -> Discovery:
    """Fill a scratch database, check it, change one row as its superuser, check it again.

    Raises NoSuperuserError without superuser access or without PL/Python.
    """
    statements = _statements()
    superuser = superuser_url(settings)
    if superuser is None:
        raise NoSuperuserError("no superuser of the database server is known (VES_SUPERUSER_DATABASE_URL)")
    with scratch_database(superuser) as url, open_database(url) as db:
        try:
            tenant_id, store_id, events = _fill(db)
        except ApiError as error:
            if error.name == "crypto_unavailable":
                raise NoSuperuserError("core mode: the database cannot verify signatures itself") from error
            raise
        before = sync.verify_stream(db, tenant_id=tenant_id, store_id=store_id)
        with psycopg.connect(url, autocommit=True) as superuser_session:
            superuser_session.execute(statements["silence_triggers"])
            superuser_session.execute(statements["change_one_order"])
        after = sync.verify_stream(db, tenant_id=tenant_id, store_id=store_id)
    return Discovery(events, before, after)
