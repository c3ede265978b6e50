"""`shred-payload`, and the re-encryption of payloads and proofs under the current keys (VES 16)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ves.codec import I64_MAX
from ves_api.cli.options import (
    DatabaseUrl,
    DryRun,
    MaybeStoreId,
    MaybeTenantId,
    StoreId,
    TenantId,
    open_database,
    require_tenant,
)
from ves_client.commands.output import out
from ves_edge.gen import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ves_api.cli.database import OperatorDatabase
    from ves_edge.gen.records import ReencryptStep

MOST_ROWS = 10_000

BatchSize = Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Rows in a transaction.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Most rows to look at.")]
Force = Annotated[bool, typer.Option("--force", help="Also rows encrypted with the current key.")]


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


def reencrypt(
    db: OperatorDatabase,
    step_function: Callable[..., ReencryptStep],
    *,
    batch_size: int,
    limit: int | None = None,
    **selection: Any,
) -> Iterator[ReencryptStep]:
    """Run batches, each in its own transaction, so that an interrupted run can be repeated. Raises VE204, VE51n.

    `selection` are parameters of the step function; `limit` bounds the rows examined.
    """
    cursor: Any = None
    left = limit
    while left is None or left > 0:
        rows = batch_size if left is None else min(batch_size, left)
        step = step_function(db, batch_size=rows, cursor=cursor, **selection)
        yield step
        cursor = step.next_cursor
        if cursor is None:
            return
        left = None if left is None else left - step.scanned


def _command(step_function: Callable[..., ReencryptStep], summary: str, rows: int) -> Callable[..., None]:
    def command(
        ctx: typer.Context,
        *,
        tenant_id: MaybeTenantId = None,
        store_id: MaybeStoreId = None,
        batch_size: BatchSize = rows,
        limit: Limit = None,
        dry_run: DryRun = False,
        force: Force = False,
        database: DatabaseUrl = None,
    ) -> None:
        require_tenant(tenant_id, store_id)
        selection = {"tenant_id": tenant_id, "store_id": store_id, "dry_run": dry_run, "force": force}
        with open_database(ctx, database) as db:
            steps = list(reencrypt(db, step_function, batch_size=batch_size, limit=limit, **selection))
        scanned, updated, skipped = (
            sum(getattr(step, name) for step in steps)
            for name in ("scanned", "updated", "skipped_current_key")
        )
        changed = f"would_update={updated}" if dry_run else f"updated={updated}"
        ending = " (dry run)" if dry_run else ""
        out.print(f"ok: scanned={scanned} {changed} skipped_current_key={skipped}{ending}")

    command.__doc__ = summary
    return command


reencrypt_events = _command(
    sync.reencrypt_events,
    "Re-encrypt stored payloads of both streams under the current keys. Safe to interrupt and repeat.",
    500,
)
reencrypt_validity_proofs = _command(
    sync.reencrypt_ves_validity_proofs,
    "Re-encrypt stored validity proofs under the current keys; stops at one that does not match its hash.",
    200,
)
reencrypt_compliance_proofs = _command(
    sync.reencrypt_ves_compliance_proofs,
    "Re-encrypt stored compliance proofs under the current keys; stops at one that does not match its hash.",
    200,
)
