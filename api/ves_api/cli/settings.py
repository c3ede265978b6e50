"""Settings of the operators' commands: those of the agents' commands, and the database URLs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from ves_client.commands import settings as agents
from ves_client.commands.settings import Variable
from ves_edge.dsn import MASK
from ves_edge.dsn import mask as mask_url

if TYPE_CHECKING:
    from uuid import UUID

    from ves_client.commands.settings import Layers

DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="Database, role ves_admin [VES_DATABASE_URL].")
]
VISIBLE = 3
VARIABLES = (
    *agents.VARIABLES,
    Variable("VES_DATABASE_URL", "--database-url", None, True, "database, role ves_admin"),
    Variable("VES_SERVICE_DATABASE_URL", None, None, True, "database, role ves_service"),
    Variable(
        "VES_SUPERUSER_DATABASE_URL", None, None, True, "server's superuser, for the demo's scratch database"
    ),
    Variable("L2_RPC_URL", None, None, False, "node of the local chain, for the demo"),
    Variable("VES_CHAIN_ADDRESSES", None, None, False, "file with the contracts' addresses, for the demo"),
    Variable("VES_CHAIN_DEMO_KEY", None, None, True, "key of the local chain's demo account"),
    Variable("VES_KEYRING_FILE", "--file", None, False, "key ring of encryption at rest"),
)
BY_NAME = {variable.name: variable for variable in VARIABLES}


def layers() -> Layers:
    """Return the environment and the state file, read once per process."""
    return replace(agents.layers(), variables=BY_NAME)


def need_tenant(flag: str | None) -> UUID:
    """Return the tenant of `--tenant` or the settings; exit code 2 if unset."""
    return layers().need_uuid("VES_TENANT_ID", flag)


def superuser_url(settings: Layers, *, same_database: bool = False) -> str | None:
    """Find the superuser's URL: VES_SUPERUSER_DATABASE_URL, else the socket of a private cluster.

    With `same_database` the URL names the database of VES_DATABASE_URL.
    """
    known = conninfo_to_dict(settings.get("VES_DATABASE_URL") or "")
    database = str(known.get("dbname") or "postgres") if same_database else "postgres"
    if url := settings.get("VES_SUPERUSER_DATABASE_URL"):
        return make_conninfo(url, dbname=database) if same_database else url
    if not str(known.get("host") or "").startswith("/"):
        return None
    return make_conninfo(host=known["host"], port=known.get("port"), user="postgres", dbname=database)


def mask(variable: Variable, value: str) -> str:
    """Mask a value for display: keys, and the password of a URL."""
    if not variable.secret:
        return value
    if not variable.name.endswith("DATABASE_URL"):
        return value[:VISIBLE] + MASK
    return mask_url(value)
