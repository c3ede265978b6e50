"""`ves keys rotate`, `due`, `schedule`, `cancel`, `rotations`, `history`, and `ves keys policy`."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from ves.timestamps import rfc3339_moment
from ves_api.cli.admin import open_admin
from ves_api.cli.options import DatabaseUrl, Tenant
from ves_api.cli.settings import layers
from ves_api.gateway.operators import keys as gateway
from ves_client.agent import U32_MAX, AgentKey
from ves_client.commands.output import JsonOption, out, print_json
from ves_client.errors import usage

policy_app = typer.Typer(no_args_is_help=True, help="When keys have to be rotated.")

Agent = Annotated[UUID, typer.Option("--agent", help="Agent UUID.")]
AnyAgent = Annotated[UUID | None, typer.Option("--agent", help="Agent UUID; the whole tenant when left out.")]
KeyId = Annotated[int, typer.Option("--key-id", min=0, max=U32_MAX, help="Key number.")]
NewKeyId = Annotated[
    int | None, typer.Option(min=0, max=U32_MAX, help="Number of a registered key that takes over.")
]


class Reason(StrEnum):
    """Why a key is rotated; a compromised one is revoked at once."""

    MANUAL = "manual"
    COMPROMISE = "compromise"
    AGE_LIMIT = "age_limit"
    USAGE_LIMIT = "usage_limit"
    EXPIRY = "expiry"
    POLICY_CHANGE = "policy_change"


class KeyType(StrEnum):
    """What a key is for."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"


WhyOption = Annotated[Reason, typer.Option("--reason", help="Kept with the key.")]
KeyTypeOption = Annotated[KeyType, typer.Option("--key-type", help="What the keys are for.")]
Hours = Annotated[int, typer.Option(min=0, max=876_000)]


def rotate(
    *,
    agent: Agent,
    key_id: KeyId,
    new_key: Annotated[
        Path | None,
        typer.Option(help="Key file of the new key (`ves keys new`); its public half is registered."),
    ] = None,
    new_key_id: NewKeyId = None,
    grace_hours: Annotated[
        int | None,
        typer.Option(min=0, max=87_600, help="The old key still verifies so long; the policy's, else 72."),
    ] = None,
    revoke_old: Annotated[bool, typer.Option("--revoke-old", help="Revoke the old key at once.")] = False,
    reason: WhyOption = Reason.MANUAL,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Hand over from one key to another: to --new-key FILE, or to a registered --new-key-id."""
    if (new_key is None) == (new_key_id is None):
        raise usage("name the new key by --new-key or by --new-key-id")
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    mine = None if new_key is None else AgentKey.load(new_key)
    if mine is not None and mine.agent_id != agent:
        raise usage("the new key is another agent's")
    with open_admin(database_url) as admin:
        done = gateway.rotate(
            admin,
            tenant_id,
            agent,
            key_id,
            new_key_id=mine.key_id if mine else new_key_id or 0,
            public_key=mine.public_key if mine else None,
            grace_period=None if grace_hours is None else dt.timedelta(hours=grace_hours),
            revoke_old=revoke_old,
            reason=reason.value,
        )
    if as_json:
        print_json(done)
        return
    until = f", verifies until {done['grace_until']}" if done["grace_until"] else ""
    out.print(f"key {done['new_key_id']} takes over; key {done['old_key_id']} is {done['old_status']}{until}")


def due(*, tenant: Tenant = None, database_url: DatabaseUrl = None, as_json: JsonOption = False) -> None:
    """List the keys that a policy makes due, now or soon."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = gateway.list_due(admin, tenant_id)
    if as_json:
        print_json({"keys": found, "count": len(found)})
        return
    for key in found:
        when = "due now" if key["is_due"] else f"due at {key['due_at']}"
        successor = key["successor_key_id"]
        then = "no successor" if successor is None else f"successor {successor}"
        out.print(f"{key['agent_id']}  key {key['key_id']}  {key['reason']}  {when}  {then}")
    out.print(f"{len(found)} keys")


def schedule(
    *,
    agent: Agent,
    key_id: KeyId,
    at: Annotated[str, typer.Option(help="RFC 3339 time with an offset.")],
    new_key_id: NewKeyId = None,
    reason: WhyOption = Reason.MANUAL,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Have the keys worker retire a key at an instant."""
    moment = rfc3339_moment(at)
    if moment is None:
        raise usage("--at is not an RFC 3339 time with an offset")
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        rotation_id = gateway.schedule(
            admin, tenant_id, agent, key_id, scheduled_at=moment, reason=reason.value, new_key_id=new_key_id
        )
    if as_json:
        print_json({"rotation_id": rotation_id, "scheduled_at": moment})
    else:
        out.print(f"scheduled rotation {rotation_id}")


def cancel(
    *,
    rotation_id: Annotated[UUID, typer.Argument(help="Id of the rotation, as `rotations` shows it.")],
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Cancel a rotation that is not done."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        cancelled = gateway.cancel(admin, tenant_id, rotation_id)
    if as_json:
        print_json({"cancelled": cancelled})
    else:
        out.print("cancelled" if cancelled else "there is no open rotation of this id")


def rotations(
    *,
    agent: AnyAgent = None,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """List scheduled rotations, the latest first; in_progress ones wait for a new key."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = gateway.list_rotations(admin, tenant_id, agent)
    if as_json:
        print_json({"rotations": found, "count": len(found)})
        return
    for item in found:
        to = "" if item["new_key_id"] is None else f" to {item['new_key_id']}"
        out.print(
            f"{item['rotation_id']}  {item['status']:<11}  {item['agent_id']} key {item['current_key_id']}{to}"
            f"  {item['reason']}  {item['scheduled_at']}"
        )
    out.print(f"{len(found)} rotations")


def history(
    *,
    agent: AnyAgent = None,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """List what happened to keys, the latest first."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = gateway.list_history(admin, tenant_id, agent)
    if as_json:
        print_json({"entries": found, "count": len(found)})
        return
    for entry in found:
        keys = " -> ".join(
            str(entry[name]) for name in ("old_key_id", "new_key_id") if entry[name] is not None
        )
        out.print(
            f"{entry['created_at']}  {entry['action']:<20}  {entry['agent_id'] or 'tenant'}  {keys}  {entry['actor_id']}"
        )
    out.print(f"{len(found)} entries")


@policy_app.command("set")
def set_policy(
    *,
    agent: AnyAgent = None,
    key_type: KeyTypeOption = KeyType.SIGNING,
    max_age_hours: Annotated[
        int | None, typer.Option(min=1, max=876_000, help="Due so long after its validity began.")
    ] = None,
    max_uses: Annotated[int | None, typer.Option(min=1, help="Due after so many uses.")] = None,
    warning_hours: Hours = 24,
    grace_hours: Hours = 72,
    enforce: Annotated[
        bool, typer.Option("--enforce/--warn", help="Retire a due key also without a successor.")
    ] = True,
    auto_rotate: Annotated[
        bool, typer.Option("--auto-rotate", help="Hand over to a registered successor.")
    ] = False,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Make or replace the policy of the tenant, or of one agent."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        policy_id = gateway.set_policy(
            admin,
            tenant_id,
            agent,
            key_type.value,
            max_age_hours=max_age_hours,
            max_usage_count=max_uses,
            warning_threshold_hours=warning_hours,
            grace_period_hours=grace_hours,
            enforce_expiry=enforce,
            auto_rotate=auto_rotate,
        )
    if as_json:
        print_json({"policy_id": policy_id})
    else:
        out.print(f"policy {policy_id} is in force")


@policy_app.command("list")
def list_policies(
    *, tenant: Tenant = None, database_url: DatabaseUrl = None, as_json: JsonOption = False
) -> None:
    """List a tenant's policies, its own first."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        found = gateway.list_policies(admin, tenant_id)
    if as_json:
        print_json({"policies": found, "count": len(found)})
        return
    for item in found:
        out.print(
            f"{item['agent_id'] or 'whole tenant'}  {item['key_type']}  age {item['max_age_hours'] or '-'} h"
            f"  uses {item['max_usage_count'] or '-'}  grace {item['grace_period_hours']} h"
            f"  {'enforced' if item['enforce_expiry'] else 'warns'}{', rotates' if item['auto_rotate'] else ''}"
        )
    out.print(f"{len(found)} policies")


@policy_app.command("delete")
def delete_policy(
    *,
    agent: AnyAgent = None,
    key_type: KeyTypeOption = KeyType.SIGNING,
    tenant: Tenant = None,
    database_url: DatabaseUrl = None,
    as_json: JsonOption = False,
) -> None:
    """Remove the policy of the tenant, or of one agent."""
    tenant_id = layers().need_uuid("VES_TENANT_ID", tenant)
    with open_admin(database_url) as admin:
        deleted = gateway.delete_policy(admin, tenant_id, agent, key_type.value)
    if as_json:
        print_json({"deleted": deleted})
    else:
        out.print("removed" if deleted else "there is no such policy")


COMMANDS = (rotate, due, schedule, cancel, rotations, history)
