"""`ves audit`: who did what, and whether the record of it is whole."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import typer

from ves_api.cli.admin import open_admin
from ves_api.cli.options import DatabaseUrl, Tenant
from ves_api.cli.settings import layers
from ves_api.gateway.audit import AuditFilter
from ves_api.gateway.operators import audit as gateway
from ves_client.commands.output import JsonOption, out, print_json
from ves_client.errors import Exit

app = typer.Typer(no_args_is_help=True, help="The audit log: list, verify, switch.")

MOST = 1000


class State(StrEnum):
    """What `ves audit switch` sets."""

    ON = "on"
    OFF = "off"


def _tenant(tenant: str | None) -> UUID | None:
    return None if tenant is None else layers().need_uuid("VES_TENANT_ID", tenant)


@app.command("list")
def list_entries(
    *,
    tenant: Tenant = None,
    action: Annotated[str | None, typer.Option(help="Only this action.")] = None,
    actor: Annotated[str | None, typer.Option(help="Only this actor.")] = None,
    resource_type: Annotated[str | None, typer.Option(help="Only this kind of resource.")] = None,
    resource_id: Annotated[str | None, typer.Option(help="Only this resource.")] = None,
    since: Annotated[dt.datetime | None, typer.Option(help="At or after this time (UTC).")] = None,
    until: Annotated[dt.datetime | None, typer.Option(help="Before this time (UTC).")] = None,
    failed: Annotated[
        bool | None, typer.Option("--failed/--done", help="Only what was refused, or only what was done.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="Most entries.")] = 100,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Instead of newest first.")] = False,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """List audit entries, each tenant's newest first. All tenants by default; the nil tenant is the system's own."""
    wanted = AuditFilter(
        tenant_id=_tenant(tenant),
        action=action,
        actor=actor,
        resource_type=resource_type,
        resource_id=resource_id,
        from_time=None if since is None else since.replace(tzinfo=dt.UTC),
        to_time=None if until is None else until.replace(tzinfo=dt.UTC),
        success=None if failed is None else not failed,
        max_rows=limit,
        newest_first=not oldest_first,
    )
    with open_admin(database_url) as admin:
        found = gateway.list_audit(admin, wanted)
    if as_json:
        print_json({"entries": found, "count": len(found)})
        return
    for entry in found:
        out.print(_line(entry))
    out.print(f"{len(found)} entries")


def _line(entry: dict[str, Any]) -> str:
    moment = entry["timestamp"].astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    resource = " ".join(filter(None, (entry["resource_type"], entry["resource_id"])))
    ending = "" if entry["success"] else f"  FAILED {entry['error_message'] or ''}".rstrip()
    return (
        f"{entry['tenant_id']} #{entry['number']}  {moment}  {entry['action']}  {resource or '-'}"
        f"  by {entry['actor_type']} {entry['actor']}{ending}"
    )


@app.command()
def verify(*, tenant: Tenant = None, database_url: DatabaseUrl = None, as_json: JsonOption = False) -> None:
    """Recompute the hash chain: exit code 1 when an entry was removed, changed or moved. All tenants by default."""
    with open_admin(database_url) as admin:
        findings = gateway.verify_audit(admin, _tenant(tenant))
    if as_json:
        print_json({"clean": not findings, "findings": findings})
    else:
        for row in findings:
            out.print(f"{row['tenant_id']} #{row['number']}: {row['finding']}")
        out.print(f"{len(findings)} FINDINGS" if findings else "CLEAN")
    raise typer.Exit(Exit.CHECK_FAILED if findings else Exit.FINE)


@app.command()
def switch(
    *,
    state: Annotated[State, typer.Argument(help="on or off, for the whole database.")],
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Turn the audit log on or off; that itself is audited."""
    with open_admin(database_url) as admin:
        changed = gateway.set_audit_log(admin, enabled=state is State.ON)
    if as_json:
        print_json({"enabled": state is State.ON, "changed": changed})
    else:
        out.print(f"the audit log is {state}" + ("" if changed else " already"))
