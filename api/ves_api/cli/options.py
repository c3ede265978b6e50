"""Options that several operators' commands share, those of the agents' commands among them."""

from __future__ import annotations

from typing import Annotated

import typer

from ves_client.commands.options import ApiKey, KeyFile, PublicKey, Store, Tenant, Url

__all__ = ["ApiKey", "DatabaseUrl", "KeyFile", "PublicKey", "Store", "Tenant", "Url"]

DatabaseUrl = Annotated[
    str | None, typer.Option("--database-url", help="Database, role ves_admin [VES_DATABASE_URL].")
]
