"""Common options of the operators' commands, including those of the agents' commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ves_api.cli.settings import layers
from ves_client.commands.options import ApiKey, KeyFile, PublicKey, Store, Tenant, Url

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["ApiKey", "DatabaseUrl", "KeyFile", "PublicKey", "Store", "Tenant", "Url", "need_tenant"]

DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="Database, role ves_admin [VES_DATABASE_URL].")
]


def need_tenant(flag: str | None) -> UUID:
    """Return the tenant of `--tenant` or the settings; exit code 2 if unset."""
    return layers().need_uuid("VES_TENANT_ID", flag)
