"""`ves fsck` and `ves commit`: the operator's work on streams, straight through the database."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ves_api.cli.admin import open_admin
from ves_api.cli.options import DatabaseUrl, Store, Tenant
from ves_api.cli.settings import layers
from ves_api.gateway.operators.audit import verify_audit
from ves_client.commands.output import JsonOption, note, out, print_json, progress
from ves_client.errors import Exit, usage

if TYPE_CHECKING:
    from ves_api.gateway.admin import Admin

Json = dict[str, Any]
# Checks that say what could not be recomputed, and why: limits, not findings.
NOTES = frozenset({"before_first_commitment", "core_mode", "payload_key_dropped", "payload_shredded"})
NOT_OPENED = "payload_not_opened"
AUDIT_CHAIN = "audit_chain"


def select_streams(admin: Admin, tenant: str | None, store: str | None) -> list[Json]:
    """All streams, those of one tenant, or one stream. Exit code 2 when a named one does not exist."""
    if store is not None and tenant is None:
        raise usage("--store needs --tenant")
    streams = admin.list_streams(
        None if tenant is None else layers().need_uuid("VES_TENANT_ID", tenant),
        None if store is None else layers().need_uuid("VES_STORE_ID", store),
    )
    if not streams and tenant is not None:
        raise usage("there is no such stream")
    return streams


def fsck(
    *,
    tenant: Tenant = None,
    store: Store = None,
    allow_unopened: Annotated[
        bool,
        typer.Option("--allow-unopened", help="The server has no key ring: unopened payloads are notes."),
    ] = False,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute every hash, signature, number, receipt, tree and state root; exit code 1 if anything is wrong.

    All streams by default, and unless one store is named the audit log of the same tenants.
    """
    started = time.monotonic()
    rows: list[Json] = []
    with open_admin(database_url) as admin:
        streams = select_streams(admin, tenant, store)
        events = sum(stream["head_sequence"] for stream in streams)
        with progress("fsck", events, "events", quiet=as_json) as advance:
            for stream in streams:
                where = {"tenant_id": stream["tenant_id"], "store_id": stream["store_id"]}
                rows += [{**where, **row} for row in admin.verify_stream(**where)]
                advance(stream["head_sequence"])
        if store is None:
            rows += audit_findings(admin, tenant)
    seconds = time.monotonic() - started
    not_wrong = NOTES | {NOT_OPENED} if allow_unopened else NOTES
    findings = [row for row in rows if row["check_name"] not in not_wrong]
    notes = sorted({row["finding"] for row in rows if row["check_name"] in not_wrong})
    if as_json:
        print_json(
            {
                "clean": not findings,
                "streams": len(streams),
                "events": events,
                "seconds": round(seconds, 3),
                "findings": findings,
                "not_checked": notes,
            }
        )
    else:
        for text in notes:
            note(text)
        for row in findings:
            out.print(
                f"{row['tenant_id']}/{row['store_id'] or 'audit_log'} "
                f"{'#' + str(row['sequence_number']) if row['sequence_number'] is not None else row['batch_id'] or ''} "
                f"{row['check_name']}: {row['finding']}"
            )
        verdict = f"{len(findings)} FINDINGS" if findings else "CLEAN"
        rate = f"{events / seconds:,.0f} events/s" if seconds else ""
        out.print(f"{verdict}: {len(streams)} streams, {events:,} events, {seconds:.1f} s, {rate}")
    raise typer.Exit(Exit.CHECK_FAILED if findings else Exit.FINE)


def audit_findings(admin: Admin, tenant: str | None) -> list[Json]:
    """What is wrong with the audit log of a tenant or of all; rows like those of a stream, without store and batch."""
    tenant_id = None if tenant is None else layers().need_uuid("VES_TENANT_ID", tenant)
    return [
        {
            "tenant_id": row["tenant_id"],
            "store_id": None,
            "check_name": AUDIT_CHAIN,
            "sequence_number": row["number"],
            "batch_id": None,
            "finding": row["finding"],
        }
        for row in verify_audit(admin, tenant_id)
    ]


def commit(
    *,
    tenant: Tenant = None,
    store: Store = None,
    max_events: Annotated[
        int, typer.Option(min=1, max=1_048_576, help="Most events in one commitment.")
    ] = 1024,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Commit everything that is sequenced but not committed; all streams by default."""
    made: list[Json] = []
    with open_admin(database_url) as admin:
        streams = select_streams(admin, tenant, store)
        waiting = sum(stream["head_sequence"] - (stream["committed_to"] or 0) for stream in streams)
        with progress("commit", waiting, "events", quiet=as_json) as advance:
            for stream in streams:
                where = {"tenant_id": stream["tenant_id"], "store_id": stream["store_id"]}
                while row := admin.commit_next(**where, max_events=max_events):
                    made.append({**where, **row})
                    advance(row["leaf_count"])
    if as_json:
        print_json({"commitments": made, "count": len(made)})
        return
    for row in made:
        numbers = f"{row['sequence_start']}..{row['sequence_end']}"
        out.print(
            f"{row['tenant_id']}/{row['store_id']} {numbers:>17} {row['batch_id']} root {row['merkle_root'].hex()}"
        )
    out.print(f"{len(made)} commitments" if made else "nothing to commit")
