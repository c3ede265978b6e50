"""`ves keys rotate`, `due`, `schedule`, `cancel`, `rotations`, `history`, and `ves keys policy` (VES 6.2)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import typer

from ves.codec import U32_MAX
from ves.timestamps import rfc3339_moment
from ves_api.cli.database import OperatorDatabase
from ves_api.cli.frame import Answer, answer, argument, call_command, document, operator_command, option, rows
from ves_api.cli.settings import need_tenant
from ves_client.agent import AgentKey
from ves_client.commands.options import Tenant
from ves_client.commands.settings import layers
from ves_client.errors import usage
from ves_edge.gen import sync

app = typer.Typer(no_args_is_help=True, help="Agent keys and their rotation; the sequencer's public keys.")
policy_app = typer.Typer(no_args_is_help=True, help="Rotation policies of agent keys.")
app.add_typer(policy_app, name="policy")

Agent = Annotated[UUID, typer.Option("--agent", help="Agent UUID.")]
AnyAgent = Annotated[UUID | None, typer.Option("--agent", help="Agent UUID; the whole tenant by default.")]
KeyId = Annotated[int, typer.Option("--key-id", min=0, max=U32_MAX, help="Key number.")]
NewKeyId = Annotated[
    int | None, typer.Option(min=0, max=U32_MAX, help="Number of a registered successor key.")
]


Why = Annotated[
    Literal["manual", "compromise", "age_limit", "usage_limit", "expiry", "policy_change"],
    typer.Option("--reason", help="Kept with the key."),
]
_HOURS = 876_000
_ANY_AGENT = {"agent_id": (AnyAgent, None)}
_POLICY_OF = {
    **_ANY_AGENT,
    "key_type": option(
        Literal["signing", "encryption"], "signing", "--key-type", help="What the keys are for."
    ),
}


@operator_command(app)
def rotate(
    db: OperatorDatabase,
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
        typer.Option(min=0, max=87_600, help="Grace period of the old key; the policy's, else 72."),
    ] = None,
    revoke_old: Annotated[bool, typer.Option("--revoke-old", help="Revoke the old key at once.")] = False,
    reason: Why = "manual",
    tenant: Tenant = None,
) -> Answer:
    """Rotate a key to a successor: --new-key FILE, or a registered --new-key-id."""
    if (new_key is None) == (new_key_id is None):
        raise usage("name the new key by --new-key or by --new-key-id")
    mine = None if new_key is None else AgentKey.load(new_key, layers().passphrase())
    if mine is not None and mine.agent_id != agent:
        raise usage("the new key is another agent's")
    done = sync.rotate_agent_key(
        db,
        tenant_id=need_tenant(tenant),
        agent_id=agent,
        key_id=key_id,
        new_key_id=mine.key_id if mine else new_key_id or 0,
        public_key=mine.public_key if mine else None,
        grace_period=None if grace_hours is None else dt.timedelta(hours=grace_hours),
        revoke_old=revoke_old,
        reason=reason,
    )
    until = f", verifies until {done.grace_until}" if done.grace_until else ""
    return Answer(
        done, [f"key {done.new_key_id} takes over; key {done.old_key_id} is {done.old_status}{until}"]
    )


def _due_line(key: dict[str, Any]) -> str:
    when = "due now" if key["is_due"] else f"due at {key['due_at']}"
    successor = key["successor_key_id"]
    then = "no successor" if successor is None else f"successor {successor}"
    return f"{key['agent_id']}  key {key['key_id']}  {key['reason']}  {when}  {then}"


call_command(
    app,
    "due",
    "list_key_rotations_due",
    "List the keys that a policy makes due, now or soon.",
    rows("keys", _due_line),
)


def _instant(text: str) -> str:
    """Check that a time has an offset; the database parses it."""
    if rfc3339_moment(text) is None:
        raise usage("--at is not an RFC 3339 time with an offset")
    return text


call_command(
    app,
    "schedule",
    "schedule_key_rotation",
    "Schedule the retirement of a key by the keys worker.",
    document(
        lambda made, _: f"scheduled rotation {made}",
        rotation_id=answer,
        scheduled_at=lambda _, g: rfc3339_moment(g["scheduled_at"]),
    ),
    options={
        "agent_id": (Agent, ...),
        "key_id": (KeyId, ...),
        "scheduled_at": option(str, ..., "--at", help="RFC 3339 time with an offset.", callback=_instant),
        "reason": (Why, "manual"),
        "new_key_id": (NewKeyId, None),
    },
)
call_command(
    app,
    "cancel",
    "cancel_key_rotation",
    "Cancel a rotation that is not done.",
    document(
        lambda done, _: "cancelled" if done else "there is no open rotation of this id", cancelled=answer
    ),
    options={"rotation_id": argument(UUID, "Id of the rotation, as `rotations` shows it.")},
)


def _rotation_line(item: dict[str, Any]) -> str:
    to = "" if item["new_key_id"] is None else f" to {item['new_key_id']}"
    return (
        f"{item['rotation_id']}  {item['status']:<11}  {item['agent_id']} key {item['current_key_id']}{to}"
        f"  {item['reason']}  {item['scheduled_at']}"
    )


call_command(
    app,
    "rotations",
    "list_key_rotations",
    "List scheduled rotations, the latest first; in_progress ones wait for a new key.",
    rows("rotations", _rotation_line),
    options=_ANY_AGENT,
)


def _history_line(entry: dict[str, Any]) -> str:
    keys = " -> ".join(str(entry[name]) for name in ("old_key_id", "new_key_id") if entry[name] is not None)
    agent = entry["agent_id"] or "tenant"
    return f"{entry['created_at']}  {entry['action']:<20}  {agent}  {keys}  {entry['actor_id']}"


call_command(
    app,
    "history",
    "list_key_history",
    "List the history of keys, latest first.",
    rows("entries", _history_line),
    options=_ANY_AGENT,
)
call_command(
    policy_app,
    "set",
    "set_key_rotation_policy",
    "Create or replace the policy of the tenant, or of one agent.",
    document(lambda policy, _: f"policy {policy} is in force", policy_id=answer),
    options={
        **_POLICY_OF,
        "max_age_hours": option(
            int | None, None, min=1, max=_HOURS, help="Due so long after its validity began."
        ),
        "max_usage_count": option(int | None, None, "--max-uses", min=1, help="Due after so many uses."),
        "warning_threshold_hours": option(int, 24, "--warning-hours", min=0, max=_HOURS),
        "grace_period_hours": option(int, 72, "--grace-hours", min=0, max=_HOURS),
        "enforce_expiry": option(
            bool, True, "--enforce/--warn", help="Retire a due key also without a successor."
        ),
        "auto_rotate": option(bool, False, "--auto-rotate", help="Hand over to a registered successor."),
    },
)


def _policy_line(item: dict[str, Any]) -> str:
    return (
        f"{item['agent_id'] or 'whole tenant'}  {item['key_type']}  age {item['max_age_hours'] or '-'} h"
        f"  uses {item['max_usage_count'] or '-'}  grace {item['grace_period_hours']} h"
        f"  {'enforced' if item['enforce_expiry'] else 'warns'}{', rotates' if item['auto_rotate'] else ''}"
    )


call_command(
    policy_app,
    "list",
    "list_key_rotation_policies",
    "List a tenant's policies, its own first.",
    rows("policies", _policy_line),
)
call_command(
    policy_app,
    "delete",
    "delete_key_rotation_policy",
    "Remove the policy of the tenant, or of one agent.",
    document(lambda done, _: "removed" if done else "there is no such policy", deleted=answer),
    options=_POLICY_OF,
)
