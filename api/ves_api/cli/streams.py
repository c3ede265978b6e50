"""`ves fsck` and `ves commit`: verification and commitment of streams."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ves_api.cli.database import OperatorDatabase
from ves_api.cli.frame import Answer
from ves_api.cli.settings import layers
from ves_client.commands.options import Store, Tenant
from ves_client.commands.output import progress
from ves_client.errors import Exit, usage
from ves_edge.gen import sync

if TYPE_CHECKING:
    from ves_edge.gen.records import ListStreamsRow

Json = dict[str, Any]
# Checks that report data which could not be recomputed: notes, not findings.
NOTES = frozenset({"before_first_commitment", "core_mode", "payload_key_dropped", "payload_shredded"})
NOT_OPENED = "payload_not_opened"
AUDIT_CHAIN = "audit_chain"


def select_streams(db: OperatorDatabase, tenant: str | None, store: str | None) -> list[ListStreamsRow]:
    """Return all streams, those of one tenant, or one stream. Exit code 2 when a named one does not exist."""
    streams = sync.list_streams(
        db,
        tenant_id=None if tenant is None else layers().need_uuid("VES_TENANT_ID", tenant),
        store_id=None if store is None else layers().need_uuid("VES_STORE_ID", store),
    )
    if not streams and tenant is not None:
        raise usage("there is no such stream")
    return streams


def _check(tenant: str | None, store: str | None) -> None:
    if store is not None and tenant is None:
        raise usage("--store needs --tenant")


def fsck(
    db: OperatorDatabase,
    *,
    tenant: Tenant = None,
    store: Store = None,
    allow_unopened: Annotated[
        bool,
        typer.Option("--allow-unopened", help="The server has no key ring: unopened payloads are notes."),
    ] = False,
    as_json: bool = False,
) -> Answer:
    """Recompute every hash, signature, number, receipt, tree and state root; exit code 1 if anything is wrong.

    All streams by default, and unless one store is named the audit log of the same tenants.
    """
    _check(tenant, store)
    started = time.monotonic()
    rows: list[Json] = []
    streams = select_streams(db, tenant, store)
    events = sum(stream.head_sequence for stream in streams)
    with progress("fsck", events, "events", quiet=as_json) as advance:
        for stream in streams:
            where = {"tenant_id": stream.tenant_id, "store_id": stream.store_id}
            found = sync.verify_stream(db, **where)
            rows += [{**where, **msgspec.structs.asdict(row)} for row in found]
            advance(stream.head_sequence)
    if store is None:
        rows += audit_findings(db, tenant)
    seconds = time.monotonic() - started
    not_wrong = NOTES | {NOT_OPENED} if allow_unopened else NOTES
    findings = [row for row in rows if row["check_name"] not in not_wrong]
    notes = sorted({row["finding"] for row in rows if row["check_name"] in not_wrong})
    verdict = f"{len(findings)} FINDINGS" if findings else "CLEAN"
    rate = f"{events / seconds:,.0f} events/s" if seconds else ""
    return Answer(
        {
            "clean": not findings,
            "streams": len(streams),
            "events": events,
            "seconds": round(seconds, 3),
            "findings": findings,
            "not_checked": notes,
        },
        [
            *map(_line, findings),
            f"{verdict}: {len(streams)} streams, {events:,} events, {seconds:.1f} s, {rate}",
        ],
        Exit.CHECK_FAILED if findings else Exit.FINE,
        notes,
    )


def _line(row: Json) -> str:
    number = row["sequence_number"]
    place = row["batch_id"] or "" if number is None else f"#{number}"
    return (
        f"{row['tenant_id']}/{row['store_id'] or 'audit_log'} {place} {row['check_name']}: {row['finding']}"
    )


def audit_findings(db: OperatorDatabase, tenant: str | None) -> list[Json]:
    """Return the findings about the audit log of one or all tenants, in the format of a stream's findings."""
    tenant_id = None if tenant is None else layers().need_uuid("VES_TENANT_ID", tenant)
    return [
        {
            "tenant_id": row.tenant_id,
            "store_id": None,
            "check_name": AUDIT_CHAIN,
            "sequence_number": row.number,
            "batch_id": None,
            "finding": row.finding,
        }
        for row in sync.verify_audit(db, tenant_id=tenant_id)
    ]


def commit(
    db: OperatorDatabase,
    *,
    tenant: Tenant = None,
    store: Store = None,
    max_events: Annotated[
        int, typer.Option(min=1, max=1_048_576, help="Most events in one commitment.")
    ] = 1024,
    as_json: bool = False,
) -> Answer:
    """Commit all sequenced, uncommitted events; all streams by default."""
    _check(tenant, store)
    made = []
    streams = select_streams(db, tenant, store)
    waiting = sum(stream.head_sequence - (stream.committed_to or 0) for stream in streams)
    with progress("commit", waiting, "events", quiet=as_json) as advance:
        for stream in streams:
            where = {"tenant_id": stream.tenant_id, "store_id": stream.store_id}
            while found := sync.commit_next(db, **where, max_events=max_events):
                made += found
                advance(found[0].leaf_count)
    lines = [
        f"{row.tenant_id}/{row.store_id} {f'{row.sequence_start}..{row.sequence_end}':>17} {row.batch_id}"
        f" root {row.merkle_root.hex()}"
        for row in made
    ]
    document = {"commitments": made, "count": len(made)}
    return Answer(document, [*lines, f"{len(made)} commitments" if made else "nothing to commit"])
