"""`ves groups`: encryption groups, whom payloads are sealed to."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer

from ves_api.cli.admin import open_admin
from ves_api.cli.options import DatabaseUrl, Tenant
from ves_api.cli.settings import layers
from ves_api.gateway.operators import groups as gateway
from ves_client.agent import U32_MAX
from ves_client.commands.output import JsonOption, out, print_json

app = typer.Typer(no_args_is_help=True, help="Encryption groups: whom payloads are sealed to.")

GroupId = Annotated[UUID, typer.Argument(help="Id of the group, as `list` shows it.")]
Agent = Annotated[UUID, typer.Option("--agent", help="Agent UUID.")]


class Role(StrEnum):
    """What a member may do."""

    ADMIN = "admin"
    MEMBER = "member"


@app.command()
def create(
    *,
    name: Annotated[str, typer.Argument(help="Name, unique in the tenant.")],
    description: Annotated[str | None, typer.Option(help="Free text.")] = None,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Make a group."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        group_id = gateway.create(admin, tenant_id, name, description)
    if as_json:
        print_json({"group_id": group_id, "name": name})
    else:
        out.print(f"made group {group_id}")


@app.command("list")
def list_groups(
    *, tenant: Tenant = None, database_url: DatabaseUrl = None, as_json: JsonOption = False
) -> None:
    """List a tenant's groups by name."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = gateway.list_groups(admin, tenant_id)
    if as_json:
        print_json({"groups": found, "count": len(found)})
        return
    for group in found:
        state = "active  " if group["is_active"] else "inactive"
        out.print(f"{group['group_id']}  {state}  {group['member_count']:>5} members  {group['name']}")
    out.print(f"{len(found)} groups")


@app.command()
def show(
    *,
    group_id: GroupId,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Show a group and its members."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        group = gateway.get(admin, tenant_id, group_id)
        found = gateway.members(admin, tenant_id, group_id)
    if as_json:
        print_json({"group": group, "members": found})
        return
    out.print(f"{group['name']}: {group['description'] or 'no description'}")
    for member in found:
        key = "newest key" if member["encryption_key_id"] is None else f"key {member['encryption_key_id']}"
        out.print(f"{member['agent_id']}  {member['role']:<6}  {key}")
    out.print(f"{len(found)} members")


@app.command()
def delete(
    *,
    group_id: GroupId,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a group; its history stays, and so does what was sealed to its members."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        gateway.delete(admin, tenant_id, group_id)
    if as_json:
        print_json({"deleted": True, "group_id": group_id})
    else:
        out.print(f"removed group {group_id}")


@app.command()
def add(
    *,
    group_id: GroupId,
    agent: Agent,
    role: Annotated[Role, typer.Option(help="admin members manage members.")] = Role.MEMBER,
    key_id: Annotated[
        int | None, typer.Option(min=0, max=U32_MAX, help="Key to seal to; the newest when left out.")
    ] = None,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Add a member, or change its role or key."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        gateway.add_member(admin, tenant_id, group_id, agent, role=role.value, key_id=key_id)
    if as_json:
        print_json({"added": True, "group_id": group_id, "agent_id": agent})
    else:
        out.print(f"agent {agent} is a member of group {group_id}")


@app.command()
def remove(
    *,
    group_id: GroupId,
    agent: Agent,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Remove a member: nothing more is sealed to it. What was, it can still open."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        gateway.remove_member(admin, tenant_id, group_id, agent)
    if as_json:
        print_json({"removed": True, "group_id": group_id, "agent_id": agent})
    else:
        out.print(f"agent {agent} is no member of group {group_id} any more")


@app.command()
def recipients(
    *,
    group_id: GroupId,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """List whom a payload for the group is sealed to now, with their public keys."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = gateway.recipients(admin, tenant_id, group_id)
    if as_json:
        print_json({"recipients": found, "count": len(found)})
        return
    for item in found:
        if item["key_id"] is None:
            out.print(f"{'-':>10}  {item['agent_id']}  has no usable encryption key")
        else:
            key = item["x25519_public_key"]
            shown = "ML-KEM-768" if key is None else bytes(key).hex()
            out.print(f"{item['key_id']:>10}  {item['agent_id']}  {item['status']:<8}  {shown}")
    out.print(f"{len(found)} members")
