"""`ves audit`: listing and verification of the audit log, and its switch."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any

import typer

from ves_api.cli.database import OperatorDatabase
from ves_api.cli.frame import Answer, call_command, operator_command, rows
from ves_client.errors import Exit
from ves_edge.gen import sync

app = typer.Typer(no_args_is_help=True, help="The audit log: list, verify, switch.")

MOST = 1000


class State(StrEnum):
    """State set by `ves audit switch`."""

    ON = "on"
    OFF = "off"


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


def _only(what: str) -> Any:
    return Annotated[str | None, typer.Option(help=f"Only this {what}.")]


call_command(
    app,
    "list",
    "list_audit",
    "List audit entries, each tenant's newest first. All tenants by default; the nil tenant is the system's own.",
    rows("entries", _line),
    options={
        "action": (_only("action"), None),
        "actor": (_only("actor"), None),
        "resource_type": (_only("kind of resource"), None),
        "resource_id": (_only("resource"), None),
        "from_time": (
            Annotated[
                dt.datetime | None,
                typer.Option("--since", help="At or after this time (UTC).", callback=_utc),
            ],
            None,
        ),
        "to_time": (
            Annotated[
                dt.datetime | None, typer.Option("--until", help="Before this time (UTC).", callback=_utc)
            ],
            None,
        ),
        "success": (
            Annotated[
                bool | None,
                typer.Option("--done/--failed", help="Only successful, or only refused actions."),
            ],
            None,
        ),
        "max_rows": (Annotated[int, typer.Option("--limit", min=1, max=MOST, help="Most entries.")], 100),
        "newest_first": (
            Annotated[bool, typer.Option(" /--oldest-first", help="Instead of newest first.")],
            True,
        ),
    },
    without=("after_tenant", "after_number"),
)


def _verified(findings: list[dict[str, Any]], _given: Any) -> Answer:
    lines = [f"{row['tenant_id']} #{row['number']}: {row['finding']}" for row in findings]
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
    state: Annotated[State, typer.Argument(help="on or off, for the whole database.")],
) -> Answer:
    """Turn the audit log on or off; the change is itself audited."""
    enabled = state is State.ON
    changed = sync.set_audit_log(db, enabled=enabled)
    return Answer(
        {"enabled": enabled, "changed": changed},
        [f"the audit log is {state}" + ("" if changed else " already")],
    )
