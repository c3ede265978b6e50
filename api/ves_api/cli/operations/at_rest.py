"""`shred-payload`."""

from __future__ import annotations

from typing import Annotated

import typer

from ves.codec import I64_MAX
from ves_api.cli.operations.options import DatabaseUrl, StoreId, TenantId, open_database
from ves_api.gateway.operators import at_rest as gateway
from ves_client.commands.output import out


def shred_payload(
    ctx: typer.Context,
    *,
    tenant: TenantId,
    store: StoreId,
    sequence_number: Annotated[int, typer.Option("--sequence-number", min=1, max=I64_MAX, help="Event.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept.")],
    legacy: Annotated[bool, typer.Option("--legacy", help="An event of the legacy stream.")] = False,
    database: DatabaseUrl = None,
) -> None:
    """Destroy the payload of one event for good; its hashes, receipt and proofs stay."""
    with open_database(ctx, database) as admin:
        moment = gateway.shred_payload(admin, (tenant, store), sequence_number, reason=reason, legacy=legacy)
    out.print(f"ok: payload of event {sequence_number} destroyed at {moment.isoformat()}")
