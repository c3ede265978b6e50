"""Common options of the operations commands, named as in the original, and the look-up of their database URL."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from ves_api.cli import database
from ves_api.cli.settings import layers, superuser_url
from ves_client.errors import usage

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from ves_api.cli.database import OperatorDatabase

ALIAS = "stateset-sequencer-admin"

DatabaseUrl = Annotated[str | None, typer.Option("--database-url", help="Database [DATABASE_URL].")]
TenantId = Annotated[UUID, typer.Option("--tenant-id", help="Tenant UUID.")]
StoreId = Annotated[UUID, typer.Option("--store-id", help="Store UUID.")]
MaybeTenantId = Annotated[UUID | None, typer.Option("--tenant-id", help="Only this tenant.")]
MaybeStoreId = Annotated[UUID | None, typer.Option("--store-id", help="Only this store.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report the changes without making them.")]


def database_url(ctx: typer.Context, flag: str | None, *, owner: bool = False) -> str:
    """Find the database URL: the flag, else DATABASE_URL, else (as `ves`) the state file of `make up`.

    `owner` selects a role that may change the schema. Exit code 2 if no URL is set.
    """
    url = flag or os.environ.get("DATABASE_URL", "").strip()
    if not url and ctx.find_root().info_name != ALIAS:
        settings = layers()
        url = (
            superuser_url(settings, same_database=True) if owner else settings.get("VES_DATABASE_URL")
        ) or ""
    if not url:
        raise usage("DATABASE_URL is required (or pass --database-url)")
    return url


def require_tenant(tenant_id: UUID | None, store_id: UUID | None) -> None:
    """Raise exit code 2 for a store without its tenant."""
    if store_id is not None and tenant_id is None:
        raise usage("--store-id requires --tenant-id")


def open_database(ctx: typer.Context, flag: str | None) -> AbstractContextManager[OperatorDatabase]:
    """Open the operator's connection. Exit code 3 if unreachable, 4 if refused."""
    return database.open_database(database_url(ctx, flag))
