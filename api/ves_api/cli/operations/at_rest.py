"""`shred-payload`."""

from __future__ import annotations

from typing import Annotated

import typer

from ves.codec import I64_MAX
from ves_api.cli.operations.options import DatabaseUrl, StoreId, TenantId, open_database
from ves_client.commands.output import out
from ves_edge.gen import sync


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
    """Permanently destroy the payload of one event; its hashes, receipt and proofs are kept."""
    with open_database(ctx, database) as db:
        moment = sync.shred_payload(
            db,
            tenant_id=tenant,
            store_id=store,
            sequence_number=sequence_number,
            reason=reason,
            stream="legacy" if legacy else "ves",
        )
    out.print(f"ok: payload of event {sequence_number} destroyed at {moment.isoformat()}")
