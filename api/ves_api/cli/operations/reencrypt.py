"""`reencrypt-events`, `reencrypt-ves-validity-proofs`, `reencrypt-ves-compliance-proofs` (VES 16)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from ves_api.cli.operations.options import DatabaseUrl, DryRun, MaybeStoreId, MaybeTenantId, open_database
from ves_client.commands.output import out
from ves_client.errors import usage
from ves_edge.gen import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ves_api.cli.database import OperatorDatabase
    from ves_edge.gen.records import ReencryptStep

MOST_ROWS = 10_000

BatchSize = Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Rows in a transaction.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Most rows to look at.")]
Force = Annotated[bool, typer.Option("--force", help="Also rows encrypted with the current key.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Selection of rows to re-encrypt: None means all; `limit` bounds the rows examined."""

    tenant_id: UUID | None = None
    store_id: UUID | None = None
    batch_size: int = 500
    limit: int | None = None
    dry_run: bool = False
    force: bool = False


def reencrypt(
    db: OperatorDatabase, step_function: Callable[..., ReencryptStep], wanted: Wanted
) -> Iterator[ReencryptStep]:
    """Run batches, each in its own transaction, so that an interrupted run can be repeated. Raises VE204, VE51n."""
    cursor: Any = None
    left = wanted.limit
    while left is None or left > 0:
        step = step_function(
            db,
            tenant_id=wanted.tenant_id,
            store_id=wanted.store_id,
            batch_size=wanted.batch_size if left is None else min(wanted.batch_size, left),
            cursor=cursor,
            dry_run=wanted.dry_run,
            force=wanted.force,
        )
        yield step
        cursor = step.next_cursor
        if cursor is None:
            return
        left = None if left is None else left - step.scanned


def _command(step_function: Callable[..., ReencryptStep], summary: str, rows: int) -> Callable[..., None]:
    def command(
        ctx: typer.Context,
        *,
        tenant: MaybeTenantId = None,
        store: MaybeStoreId = None,
        batch_size: BatchSize = rows,
        limit: Limit = None,
        dry_run: DryRun = False,
        force: Force = False,
        database: DatabaseUrl = None,
    ) -> None:
        if store is not None and tenant is None:
            raise usage("--store-id requires --tenant-id")
        wanted = Wanted(tenant, store, batch_size, limit, dry_run, force)
        with open_database(ctx, database) as db:
            steps = list(reencrypt(db, step_function, wanted))
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
