"""`reencrypt-events`, `reencrypt-ves-validity-proofs`, `reencrypt-ves-compliance-proofs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ves_api.cli.operations.options import DatabaseUrl, DryRun, MaybeStoreId, MaybeTenantId, open_database
from ves_api.gateway.operators.at_rest import Reencryption, reencrypt
from ves_client.commands.output import out
from ves_client.errors import usage

if TYPE_CHECKING:
    from ves_api.gateway.operators.at_rest import What

MOST_ROWS = 10_000

BatchSize = Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="Rows in a transaction.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Most rows to look at.")]
Force = Annotated[bool, typer.Option("--force", help="Also rows that the current key opens.")]


def reencrypt_events(
    ctx: typer.Context,
    *,
    tenant: MaybeTenantId = None,
    store: MaybeStoreId = None,
    batch_size: BatchSize = 500,
    limit: Limit = None,
    dry_run: DryRun = False,
    force: Force = False,
    database: DatabaseUrl = None,
) -> None:
    """Re-encrypt stored payloads of both streams under the current keys. May be killed and started again."""
    _run(ctx, database, "reencrypt_events", Reencryption(tenant, store, batch_size, limit, dry_run, force))


def reencrypt_validity_proofs(
    ctx: typer.Context,
    *,
    tenant: MaybeTenantId = None,
    store: MaybeStoreId = None,
    batch_size: BatchSize = 200,
    limit: Limit = None,
    dry_run: DryRun = False,
    force: Force = False,
    database: DatabaseUrl = None,
) -> None:
    """Re-encrypt stored validity proofs under the current keys; stops at one that does not match its hash."""
    wanted = Reencryption(tenant, store, batch_size, limit, dry_run, force)
    _run(ctx, database, "reencrypt_ves_validity_proofs", wanted)


def reencrypt_compliance_proofs(
    ctx: typer.Context,
    *,
    tenant: MaybeTenantId = None,
    store: MaybeStoreId = None,
    batch_size: BatchSize = 200,
    limit: Limit = None,
    dry_run: DryRun = False,
    force: Force = False,
    database: DatabaseUrl = None,
) -> None:
    """Re-encrypt stored compliance proofs under the current keys; stops at one that does not match its hash."""
    wanted = Reencryption(tenant, store, batch_size, limit, dry_run, force)
    _run(ctx, database, "reencrypt_ves_compliance_proofs", wanted)


def _run(ctx: typer.Context, database: str | None, what: What, wanted: Reencryption) -> None:
    if wanted.store_id is not None and wanted.tenant_id is None:
        raise usage("--store-id requires --tenant-id")
    scanned = updated = skipped = 0
    with open_database(ctx, database) as admin:
        for step in reencrypt(admin, what, wanted):
            scanned += step.scanned
            updated += step.updated
            skipped += step.skipped_current_key
    changed = f"would_update={updated}" if wanted.dry_run else f"updated={updated}"
    ending = " (dry run)" if wanted.dry_run else ""
    out.print(f"ok: scanned={scanned} {changed} skipped_current_key={skipped}{ending}")
