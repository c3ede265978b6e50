"""`reencrypt-events`, `reencrypt-ves-validity-proofs`, `reencrypt-ves-compliance-proofs`, `shred-payload`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ves.codec import I64_MAX
from ves_api.cli.exits import usage
from ves_api.cli.operations.options import (
    DatabaseUrl,
    DryRun,
    MaybeStoreId,
    MaybeTenantId,
    StoreId,
    TenantId,
    open_database,
)
from ves_api.cli.output import out, progress
from ves_api.gateway.operators import at_rest as gateway

if TYPE_CHECKING:
    from uuid import UUID

_EVENTS, _PROOFS = 500, 200
app = typer.Typer(no_args_is_help=True, help="Encrypt what is stored under the current key.")
BatchSize = Annotated[int, typer.Option("--batch-size", min=1, max=10_000, help="Rows in a transaction.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Look at no more rows than this.")]
Force = Annotated[bool, typer.Option("--force", help="Also rows under the current key.")]


def _run(
    ctx: typer.Context,
    what: str,
    stream: tuple[UUID | None, UUID | None],
    database: str | None,
    *,
    batch_size: int,
    limit: int | None,
    dry_run: bool,
    force: bool,
) -> None:
    """Go through all batches. A kill loses at most the batch at hand: start again, what is done is skipped."""
    if stream[1] is not None and stream[0] is None:
        raise usage("--store-id needs --tenant-id")
    scanned = updated = skipped = 0
    with open_database(ctx, database) as admin, progress(what, limit or 0, "rows") as advance:
        for step in gateway.reencrypt(
            admin, what, stream, batch_size=batch_size, limit=limit, dry_run=dry_run, force=force
        ):
            scanned += step["scanned"]
            updated += step["updated"]
            skipped += step["skipped_current_key"]
            advance(step["scanned"])
    done = f"would_update={updated}" if dry_run else f"updated={updated}"
    tail = " (dry run)" if dry_run else ""
    out.print(f"ok: scanned={scanned} {done} skipped_current_key={skipped}{tail}")


def reencrypt_events(
    ctx: typer.Context,
    *,
    tenant: MaybeTenantId = None,
    store: MaybeStoreId = None,
    batch_size: BatchSize = _EVENTS,
    limit: Limit = None,
    dry_run: DryRun = False,
    force: Force = False,
    database: DatabaseUrl = None,
) -> None:
    """Encrypt stored payloads of both streams under the current key of the server's key ring."""
    _run(
        ctx,
        "reencrypt_events",
        (tenant, store),
        database,
        batch_size=batch_size,
        limit=limit,
        dry_run=dry_run,
        force=force,
    )


def reencrypt_validity_proofs(
    ctx: typer.Context,
    *,
    tenant: MaybeTenantId = None,
    store: MaybeStoreId = None,
    batch_size: BatchSize = _PROOFS,
    limit: Limit = None,
    dry_run: DryRun = False,
    force: Force = False,
    database: DatabaseUrl = None,
) -> None:
    """Encrypt stored validity proofs under the current key; stops at a proof that is not what its hash says."""
    what = "reencrypt_ves_validity_proofs"
    _run(
        ctx,
        what,
        (tenant, store),
        database,
        batch_size=batch_size,
        limit=limit,
        dry_run=dry_run,
        force=force,
    )


def reencrypt_compliance_proofs(
    ctx: typer.Context,
    *,
    tenant: MaybeTenantId = None,
    store: MaybeStoreId = None,
    batch_size: BatchSize = _PROOFS,
    limit: Limit = None,
    dry_run: DryRun = False,
    force: Force = False,
    database: DatabaseUrl = None,
) -> None:
    """Encrypt stored compliance proofs under the current key; stops at a proof that is not what its hash says."""
    what = "reencrypt_ves_compliance_proofs"
    _run(
        ctx,
        what,
        (tenant, store),
        database,
        batch_size=batch_size,
        limit=limit,
        dry_run=dry_run,
        force=force,
    )


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


app.command("events")(reencrypt_events)
app.command("validity-proofs")(reencrypt_validity_proofs)
app.command("compliance-proofs")(reencrypt_compliance_proofs)
