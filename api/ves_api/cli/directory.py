"""Look-ups of the agents' commands in the operator's database."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any

from ves_api.cli.database import open_database
from ves_api.cli.settings import DatabaseUrl, layers
from ves_client.sequencer import Recipient, Recipients
from ves_edge.gen import sync

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    import typer


class DatabaseDirectory:
    """A `Directory` (see `ves_client.commands.directory`) over `--database-url` or VES_DATABASE_URL."""

    def __init__(self, database_url: str | None = None) -> None:
        self._database_url = database_url

    def sequencer_keys(self) -> tuple[bytes, ...]:
        """Return the signers' public keys from the database; empty if no database is configured."""
        if layers().get("VES_DATABASE_URL", self._database_url) is None:
            return ()
        with open_database(self._database_url) as db:
            return tuple(signer.public_key for signer in sync.list_signers(db) if signer.public_key)

    def recipients(self, tenant_id: UUID, group_id: UUID) -> Recipients:
        """Return the members of an encryption group with their current keys (VES 8)."""
        with open_database(self._database_url) as db:
            members = sync.get_group_recipient_keys(db, tenant_id=tenant_id, group_id=group_id)
        return Recipients(
            [
                Recipient(member.agent_id, member.key_id, member.x25519_public_key.hex())
                for member in members
                if member.key_id is not None and member.x25519_public_key is not None
            ],
            [member.agent_id for member in members if member.x25519_public_key is None],
        )


def with_database_url(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option `--database-url` to an agents' command that takes a Typer context."""

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
