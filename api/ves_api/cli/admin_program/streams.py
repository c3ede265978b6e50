"""`export-events`, `backfill-ves-state-roots`, `ves-commit-and-anchor`."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal

import orjson
import typer

from ves.codec import I64_MAX
from ves.timestamps import micros_text
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
from ves_client.commands.output import note, out
from ves_client.errors import ClientError, Exit, usage
from ves_edge.gen import sync

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from uuid import UUID

    from ves_api.cli.database import OperatorDatabase
    from ves_edge.gen.records import Commitment, ExportEventsRow

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_ANCHOR_POLL_SECONDS = 0.2


def export_events(
    ctx: typer.Context,
    *,
    tenant: TenantId,
    store: StoreId,
    first: Annotated[int | None, typer.Option("--from", min=0, max=I64_MAX, help="First number.")] = None,
    last: Annotated[int | None, typer.Option("--to", min=0, max=I64_MAX, help="Last number.")] = None,
    output: Annotated[Path | None, typer.Option(help="File to write; stdout when left out.")] = None,
    form: Annotated[
        Literal["json", "ndjson"], typer.Option("--format", help="One document, or one event per line.")
    ] = "ndjson",
    database: DatabaseUrl = None,
) -> None:
    """Write a stream's events with their payloads as received; an encrypted one has `payload_encrypted` instead."""
    with open_database(ctx, database) as db, _target(output) as file:
        rows = sync.export_events(
            db,
            tenant_id=tenant,
            store_id=store,
            from_sequence=first or 0,
            to_sequence=I64_MAX if last is None else last,
        )
        write = _write_json if form == "json" else _write_lines
        count = write(file, map(_exported, rows))
    note(f"ok: exported {count} events")


@contextmanager
def _target(path: Path | None) -> Iterator[BinaryIO]:
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise usage(f"{path} cannot be written: {error.strerror}") from error
    with file:
        yield file


def _exported(row: ExportEventsRow) -> bytes:
    """Encode one event as JSON text; the payload's text is embedded unchanged."""
    event: dict[str, Any] = {
        "event_id": row.event_id,
        "sequence_number": row.sequence_number,
        "event_type": row.event_type,
        "entity_type": row.entity_type,
        "entity_id": row.entity_id,
        "payload": None if row.payload is None else orjson.Fragment(row.payload),
        "created_at": micros_text((row.created_at - _EPOCH) // _MICROSECOND, zulu=True),
    }
    if row.payload_encrypted is not None:
        event["payload_encrypted"] = orjson.Fragment(row.payload_encrypted)
    return orjson.dumps(event)


def _write_lines(file: BinaryIO, events: Iterable[bytes]) -> int:
    count = 0
    for count, event in enumerate(events, 1):  # noqa: B007 - the count is the answer
        file.write(event + b"\n")
    return count


def _write_json(file: BinaryIO, events: Iterable[bytes]) -> int:
    count = 0
    file.write(b"[")
    for count, event in enumerate(events, 1):
        file.write((b",\n  " if count > 1 else b"\n  ") + event)
    file.write(b"\n]\n" if count else b"]\n")
    return count


def backfill_state_roots(
    ctx: typer.Context,
    *,
    tenant: MaybeTenantId = None,
    store: MaybeStoreId = None,
    dry_run: DryRun = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="No effect (compatibility): the whole chain is always recomputed."),
    ] = False,
    database: DatabaseUrl = None,
) -> None:
    """Recompute the state-root chains from the first commitment on; exit code 1 when a stored root differs.

    Commitments are immutable and stored with their roots, so this command only verifies them.
    """
    require_tenant(tenant, store)
    del force
    with open_database(ctx, database) as db:
        chains = sync.verify_state_roots(db, tenant_id=tenant, store_id=store)
    ending = "would_update=0 (dry run)" if dry_run else "updated=0"
    for chain in chains:
        told = f"stream={chain.tenant_id}/{chain.store_id} scanned={chain.scanned}"
        if chain.wrong:
            out.print(f"FAIL: {told} wrong={chain.wrong} first_wrong={chain.first_wrong}")
        else:
            out.print(f"ok: {told} {ending}")
    wrong = sum(chain.wrong for chain in chains)
    told = f"streams={len(chains)} scanned={sum(chain.scanned for chain in chains)}"
    out.print(f"FAIL: {told} wrong={wrong}" if wrong else f"ok: {told} {ending}")
    raise typer.Exit(Exit.CHECK_FAILED if wrong else Exit.FINE)


def commit_and_anchor(
    ctx: typer.Context,
    *,
    tenant: TenantId,
    store: StoreId,
    sequence_start: Annotated[
        int | None, typer.Option(min=0, max=I64_MAX, help="First number of the range.")
    ] = None,
    sequence_end: Annotated[
        int | None, typer.Option(min=0, max=I64_MAX, help="Last number of the range.")
    ] = None,
    max_events: Annotated[
        int, typer.Option(min=0, max=1_048_576, help="Most events of the next range.")
    ] = 1024,
    no_anchor: Annotated[bool, typer.Option("--no-anchor", help="Commit only.")] = False,
    wait_seconds: Annotated[
        float, typer.Option(min=0, help="Longest wait for the anchor worker to have it in a block.")
    ] = 60,
    database: DatabaseUrl = None,
) -> None:
    """Commit the given range, or the next one, and have it anchored by the anchor worker."""
    if (sequence_start is None) is not (sequence_end is None):
        raise usage("--sequence-start and --sequence-end must be provided together")
    with open_database(ctx, database) as db:
        if not (no_anchor or all(os.environ.get(name) for name in ("L2_RPC_URL", "SET_REGISTRY_ADDRESS"))):
            # As in the original: no commit without a configured anchor.
            raise ClientError(
                Exit.REFUSED, "anchor_not_configured", "anchor service not configured; nothing was committed"
            )
        if sequence_start is not None and sequence_end is not None:
            made = sync.create_commitment(
                db, tenant_id=tenant, store_id=store, sequence_start=sequence_start, sequence_end=sequence_end
            )
        else:
            made = _commit_next(db, tenant, store, max(max_events, 1))
        out.print(
            f"ok: committed batch_id={made.batch_id} sequence_start={made.sequence_start}"
            f" sequence_end={made.sequence_end} merkle_root={made.merkle_root.hex()}"
        )
        if not no_anchor:
            _anchor(db, made, wait_seconds)


def _anchor(db: OperatorDatabase, made: Commitment, seconds: float) -> None:
    """Ask for the commitment to be anchored and wait for its block. Exit code 4 when that takes longer."""
    sync.request_anchor(db, tenant_id=made.tenant_id, batch_id=made.batch_id)
    deadline = time.monotonic() + seconds
    while True:
        [found] = sync.get_anchor(db, tenant_id=made.tenant_id, batch_id=made.batch_id)
        if found.chain_tx_hash is not None and found.chain_block_number is not None:
            out.print(
                f"ok: anchored batch_id={made.batch_id} chain_id={found.chain_id}"
                f" chain_tx_hash={found.chain_tx_hash.hex()} chain_block_number={found.chain_block_number}"
            )
            return
        if found.status == "contradicted" or time.monotonic() >= deadline:
            told = f"the commitment is stored and not anchored: {found.status} {found.reason or ''}".rstrip()
            raise ClientError(Exit.REFUSED, "anchor_" + found.status, told)
        time.sleep(_ANCHOR_POLL_SECONDS)


def _commit_next(db: OperatorDatabase, tenant: UUID, store: UUID, max_events: int) -> Commitment:
    """Commit the next range. Exit code 4 with the reason when there is nothing to commit."""
    for made in sync.commit_next(db, tenant_id=tenant, store_id=store, max_events=max_events):
        return made
    streams = sync.list_streams(db, tenant_id=tenant, store_id=store)
    head = streams[0].head_sequence if streams else 0
    word = "new events" if head else "events"
    raise ClientError(Exit.REFUSED, "nothing_to_commit", f"no {word} to commit (head_sequence={head})")
