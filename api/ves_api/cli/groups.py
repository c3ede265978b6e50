"""`ves groups`: encryption groups, i.e. sets of recipients of sealed payloads (VES 8)."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from ves.codec import U32_MAX
from ves_api.cli.database import OperatorDatabase
from ves_api.cli.frame import Answer, argument, call_command, document, given, operator_command, option, rows
from ves_api.cli.settings import need_tenant
from ves_client.commands.options import Tenant
from ves_client.errors import ClientError, Exit
from ves_edge.gen import sync

app = typer.Typer(no_args_is_help=True, help="Encryption groups: recipients of sealed payloads.")

GroupId = Annotated[UUID, typer.Argument(help="Id of the group, as `list` shows it.")]
_GROUP = {"group_id": (GroupId, ...)}
_MEMBER = {**_GROUP, "agent_id": option(UUID, ..., "--agent", help="Agent UUID.")}


def _always(_answer: Any, _given: Any) -> bool:
    return True


call_command(
    app,
    "create",
    "create_encryption_group",
    "Make a group.",
    document(lambda made, _: f"made group {made}", group_id=lambda made, _: made, name=given("name")),
    options={
        "name": argument(str, "Name, unique in the tenant."),
        "description": option(str | None, None, help="Free text."),
    },
    without=("created_by",),
)


def _group_line(group: dict[str, Any]) -> str:
    state = "active  " if group["is_active"] else "inactive"
    return f"{group['group_id']}  {state}  {group['member_count']:>5} members  {group['name']}"


call_command(
    app,
    "list",
    "list_encryption_groups",
    "List a tenant's groups by name.",
    rows("groups", _group_line),
    without=("group_id", "agent_id"),
)


@operator_command(app)
def show(db: OperatorDatabase, *, group_id: GroupId, tenant: Tenant = None) -> Answer:
    """Show a group and its members."""
    tenant_id = need_tenant(tenant)
    groups = sync.list_encryption_groups(db, tenant_id=tenant_id, group_id=group_id)
    if not groups:
        raise ClientError(Exit.REFUSED, "encryption_group_not_found", f"there is no group {group_id}")
    members = sync.list_group_members(db, tenant_id=tenant_id, group_id=group_id)
    (group,) = groups
    lines = [f"{group.name}: {group.description or 'no description'}"]
    for member in members:
        key = "newest key" if member.encryption_key_id is None else f"key {member.encryption_key_id}"
        lines.append(f"{member.agent_id}  {member.role:<6}  {key}")
    return Answer({"group": group, "members": members}, [*lines, f"{len(members)} members"])


call_command(
    app,
    "delete",
    "delete_encryption_group",
    "Remove a group; its history and the payloads sealed to its members are kept.",
    document(lambda _, g: f"removed group {g['group_id']}", deleted=_always, group_id=given("group_id")),
    options=_GROUP,
    without=("deleted_by",),
)
call_command(
    app,
    "add",
    "add_group_member",
    "Add a member, or change its role or key.",
    document(
        lambda _, g: f"agent {g['agent_id']} is a member of group {g['group_id']}",
        added=_always,
        group_id=given("group_id"),
        agent_id=given("agent_id"),
    ),
    options={
        **_MEMBER,
        "role": option(Literal["admin", "member"], "member", help="admin members manage members."),
        "encryption_key_id": option(
            int | None, None, "--key-id", min=0, max=U32_MAX, help="Key to seal to; the newest when left out."
        ),
    },
    without=("added_by",),
)
call_command(
    app,
    "remove",
    "remove_group_member",
    "Remove a member: new payloads are not sealed to it; it can still open earlier ones.",
    document(
        lambda _, g: f"agent {g['agent_id']} is no member of group {g['group_id']} any more",
        removed=_always,
        group_id=given("group_id"),
        agent_id=given("agent_id"),
    ),
    options=_MEMBER,
    without=("removed_by",),
)


def _recipients(found: list[dict[str, Any]], _given: Any) -> Answer:
    lines = []
    for item in found:
        if item["key_id"] is None:
            lines.append(f"{'-':>10}  {item['agent_id']}  has no usable encryption key")
        else:
            key = item["x25519_public_key"]
            shown = "ML-KEM-768" if key is None else bytes(key).hex()
            lines.append(f"{item['key_id']:>10}  {item['agent_id']}  {item['status']:<8}  {shown}")
    return Answer({"recipients": found, "count": len(found)}, [*lines, f"{len(found)} members"])


call_command(
    app,
    "recipients",
    "get_group_recipient_keys",
    "List the group's current recipients with their public keys.",
    _recipients,
    options=_GROUP,
)
