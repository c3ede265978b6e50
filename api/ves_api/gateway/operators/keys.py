"""The operator's calls about the life of agent keys (VES 6.2, 18). Key numbers are 0 to 2^32-1."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, Unpack

if TYPE_CHECKING:
    import datetime as dt
    from uuid import UUID

    from ves_api.gateway.admin import Admin, Row


class Policy(TypedDict):
    """A rotation policy; None means: not by age, not by use."""

    max_age_hours: int | None
    max_usage_count: int | None
    warning_threshold_hours: int
    grace_period_hours: int
    enforce_expiry: bool
    auto_rotate: bool


def rotate(
    admin: Admin,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    *,
    new_key_id: int,
    public_key: bytes | None,
    grace_period: dt.timedelta | None,
    revoke_old: bool,
    reason: str,
) -> Row:
    """Rotate an active key: old_key_id, old_status, new_key_id, rotated_at, grace_until.

    Raises agent_key_not_found, agent_key_not_active, agent_key_exists, invalid_public_key or invalid_field.
    """
    (row,) = admin.rows(
        "rotate_agent_key",
        tenant_id=tenant_id,
        agent_id=agent_id,
        key_id=signed_32(key_id),
        new_key_id=signed_32(new_key_id),
        public_key=public_key,
        grace_period=grace_period,
        revoke_old=revoke_old,
        reason=reason,
    )
    return row


def revoke(admin: Admin, tenant_id: UUID, agent_id: UUID, key_id: int, reason: str | None) -> None:
    """Revoke a key. Raises agent_key_not_found."""
    admin.rows(
        "revoke_agent_key_because",
        tenant_id=tenant_id,
        agent_id=agent_id,
        key_id=signed_32(key_id),
        reason=reason,
    )


def set_policy(
    admin: Admin, tenant_id: UUID, agent_id: UUID | None, key_type: str, **policy: Unpack[Policy]
) -> UUID:
    """Make or replace the policy of a tenant (agent None) or an agent; its id. Raises invalid_field."""
    (row,) = admin.rows(
        "set_key_rotation_policy", tenant_id=tenant_id, agent_id=agent_id, key_type=key_type, **policy
    )
    policy_id: UUID = row["policy_id"]
    return policy_id


def delete_policy(admin: Admin, tenant_id: UUID, agent_id: UUID | None, key_type: str) -> bool:
    """Remove a policy; whether there was one."""
    (row,) = admin.rows(
        "delete_key_rotation_policy", tenant_id=tenant_id, agent_id=agent_id, key_type=key_type
    )
    return bool(row["deleted"])


def list_policies(admin: Admin, tenant_id: UUID) -> list[Row]:
    """Policies of a tenant, its own first."""
    return admin.rows("list_key_rotation_policies", tenant_id=tenant_id)


def list_due(admin: Admin, tenant_id: UUID) -> list[Row]:
    """Keys that a policy makes due now (is_due) or soon."""
    return admin.rows("list_key_rotations_due", tenant_id=tenant_id)


def schedule(
    admin: Admin,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    *,
    scheduled_at: dt.datetime,
    reason: str,
    new_key_id: int | None,
) -> UUID:
    """Have a key retired at an instant; the rotation's id. Raises agent_key_not_found or agent_key_not_active."""
    (row,) = admin.rows(
        "schedule_key_rotation",
        tenant_id=tenant_id,
        agent_id=agent_id,
        key_id=signed_32(key_id),
        scheduled_at=scheduled_at,
        reason=reason,
        new_key_id=None if new_key_id is None else signed_32(new_key_id),
    )
    rotation_id: UUID = row["rotation_id"]
    return rotation_id


def cancel(admin: Admin, tenant_id: UUID, rotation_id: UUID) -> bool:
    """Cancel a rotation that is not done; whether there was one."""
    (row,) = admin.rows("cancel_key_rotation", tenant_id=tenant_id, rotation_id=rotation_id)
    return bool(row["cancelled"])


def list_rotations(admin: Admin, tenant_id: UUID, agent_id: UUID | None) -> list[Row]:
    """Scheduled rotations, the latest first."""
    return admin.rows("list_key_rotations", tenant_id=tenant_id, agent_id=agent_id)


def list_history(admin: Admin, tenant_id: UUID, agent_id: UUID | None) -> list[Row]:
    """What happened to keys, the latest first."""
    return admin.rows("list_key_history", tenant_id=tenant_id, agent_id=agent_id)


def signed_32(number: int) -> int:
    """The bit pattern of a key number as the signed integer that the column holds."""
    return number - 2**32 if number >= 2**31 else number
