"""`ves audit`: listing and verification of the audit log, and its switch."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import typer

from ves_api.cli.database import OperatorDatabase
from ves_api.cli.frame import Answer, call_command, operator_command, option, rows
from ves_client.errors import Exit
from ves_edge.gen import sync

app = typer.Typer(no_args_is_help=True, help="The audit log: list, verify, switch.")

MOST = 1000


def _utc(moment: dt.datetime | None) -> dt.datetime | None:
    return None if moment is None else moment.replace(tzinfo=dt.UTC)


def _line(entry: dict[str, Any]) -> str:
    moment = entry["timestamp"].astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    resource = " ".join(filter(None, (entry["resource_type"], entry["resource_id"])))
    ending = "" if entry["success"] else f"  FAILED {entry['error_message'] or ''}".rstrip()
    return (
        f"{entry['tenant_id']} #{entry['number']}  {moment}  {entry['action']}  {resource or '-'}"
        f"  by {entry['actor_type']} {entry['actor']}{ending}"
    )


call_command(
    app,
    "list",
    "list_audit",
    "List audit entries, each tenant's newest first. All tenants by default; the nil tenant is the system's own.",
    rows("entries", _line),
    options={
        "action": option(str | None, None, help="Only this action."),
        "actor": option(str | None, None, help="Only this actor."),
        "resource_type": option(str | None, None, help="Only this kind of resource."),
        "resource_id": option(str | None, None, help="Only this resource."),
        "from_time": option(
            dt.datetime | None, None, "--since", help="At or after this time (UTC).", callback=_utc
        ),
        "to_time": option(dt.datetime | None, None, "--until", help="Before this time (UTC).", callback=_utc),
        "success": option(
            bool | None, None, "--done/--failed", help="Only what was done, or only what was refused."
        ),
        "max_rows": option(int, 100, "--limit", min=1, max=MOST, help="Most entries."),
        "newest_first": option(bool, True, " /--oldest-first", help="Instead of newest first."),
    },
    without=("after_tenant", "after_number"),
)


def _verified(findings: list[dict[str, Any]], _given: Any) -> Answer:
    places = ["" if row["number"] is None else f" #{row['number']}" for row in findings]
    lines = [
        f"{row['tenant_id']}{place}: {row['finding']}" for row, place in zip(findings, places, strict=True)
    ]
    verdict = f"{len(findings)} FINDINGS" if findings else "CLEAN"
    status = Exit.CHECK_FAILED if findings else Exit.FINE
    return Answer({"clean": not findings, "findings": findings}, [*lines, verdict], status)


call_command(
    app,
    "verify",
    "verify_audit",
    "Recompute the hash chain: exit code 1 when an entry was removed, changed or moved. All tenants by default.",
    _verified,
)


@operator_command(app)
def switch(
    db: OperatorDatabase,
    *,
    state: Annotated[Literal["on", "off"], typer.Argument(help="on or off, for the whole database.")],
) -> Answer:
    """Turn the audit log on or off; the change is itself audited."""
    enabled = state == "on"
    changed = sync.set_audit_log(db, enabled=enabled)
    return Answer(
        {"enabled": enabled, "changed": changed},
        [f"the audit log is {state}" + ("" if changed else " already")],
    )
