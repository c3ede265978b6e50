"""The lookups of the agents' commands, answered by the operator's database."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any

from ves.codec import U32_MAX
from ves_api.cli.admin import open_admin
from ves_api.cli.options import DatabaseUrl
from ves_api.cli.settings import layers
from ves_api.gateway.operators import groups
from ves_client.sequencer import Recipient, Recipients

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    import typer


class DatabaseDirectory:
    """A `Directory` (see `ves_client.commands.directory`) over `--database-url` or VES_DATABASE_URL."""

    def __init__(self, database_url: str | None = None) -> None:
        self._database_url = database_url

    def sequencer_keys(self) -> tuple[bytes, ...]:
        """Return the keys of the signers that the database lists; none when no database is configured."""
        if layers().get("VES_DATABASE_URL", self._database_url) is None:
            return ()
        with open_admin(self._database_url) as admin:
            return tuple(bytes(row["public_key"]) for row in admin.list_signers() if row["public_key"])

    def recipients(self, tenant_id: UUID, group_id: UUID) -> Recipients:
        """Return the members of an encryption group with their current keys (VES 8)."""
        with open_admin(self._database_url) as admin:
            rows = groups.recipients(admin, tenant_id, group_id)
        return Recipients(
            [
                Recipient(row["agent_id"], row["key_id"] & U32_MAX, bytes(row["x25519_public_key"]).hex())
                for row in rows
                if row["x25519_public_key"] is not None
            ],
            [row["agent_id"] for row in rows if row["x25519_public_key"] is None],
        )


def with_database_url(command: Callable[..., None]) -> Callable[..., None]:
    """Give an agents' command that takes a Typer context the option `--database-url`."""

    @wraps(command)
    def run(ctx: typer.Context, *, database_url: str | None = None, **options: Any) -> None:
        ctx.obj = DatabaseDirectory(database_url)
        command(ctx, **options)

    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter(
        "database_url", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=DatabaseUrl
    )
    run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), option])  # type: ignore[attr-defined]
    return run
