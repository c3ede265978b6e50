"""Encryption groups: the set of agents to whom payloads are sealed together (VES 8, 18).

The sequencer seals nothing and holds no secret key. A member that is removed is named among the recipients no more;
what was sealed to it before, it can still open.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated

import msgspec

from ves_api.auth.permission import Also, Permission, Scope, in_own_tenant
from ves_api.operations import group_wire as wire
from ves_api.operations.kit import Context, only, operation
from ves_api.operations.parameters import AgentId, GroupId, OwnTenantId, Parameters, identifier
from ves_api.times import zulu
from ves_edge.gen import aio

if TYPE_CHECKING:
    from ves_edge.gen.records import GetEncryptionGroupRow, GetGroupRecipientKeysRow, ListEncryptionGroupsRow

_TAG = "Encryption groups"
_READ, _ADMIN = in_own_tenant("read", "admin"), in_own_tenant("admin")
_NOT_FOUND = ("encryption_group_not_found", "tenant_access_denied", "invalid_query")


def _admin_or_member(words: str) -> Permission:
    """Admin, or a writing agent; the database decides whether that agent may change the group."""
    return Permission(words=words, rights=("admin",), also=Also.BOUND_WRITER, scope=Scope.OWN_TENANT)


class ListGroups(Parameters, kw_only=True, frozen=True):
    """The groups of a tenant, or those of an agent."""

    tenant_id: OwnTenantId = msgspec.field(default=None, name="tenantId")
    agent_id: Annotated[uuid.UUID | None, identifier("Only groups that this agent is in.")] = msgspec.field(
        default=None, name="agentId"
    )


class GroupById(Parameters, kw_only=True, frozen=True):
    """One group."""

    group_id: GroupId
    tenant_id: OwnTenantId = msgspec.field(default=None, name="tenantId")


class UpdateGroup(Parameters, kw_only=True, frozen=True):
    """One group and its change."""

    group_id: GroupId
    body: wire.GroupChange


class AddMember(Parameters, kw_only=True, frozen=True):
    """One group and a member."""

    group_id: GroupId
    body: wire.NewMember


class MemberById(Parameters, kw_only=True, frozen=True):
    """One member of a group."""

    group_id: GroupId
    agent_id: AgentId
    tenant_id: OwnTenantId = msgspec.field(default=None, name="tenantId")


@operation(
    summary="Make an encryption group",
    tag=_TAG,
    permission=_ADMIN,
    input=wire.NewGroup,
    output=wire.Done,
    errors=("encryption_group_exists", "invalid_field", "tenant_access_denied", "invalid_query"),
)
async def create_group(context: Context, given: wire.NewGroup) -> wire.Done:
    """Make a group; the agent that the credential is bound to becomes its first admin member."""
    group_id = await aio.create_encryption_group(
        context.database,
        tenant_id=context.tenant_id,
        name=given.name,
        description=given.description,
        created_by=context.identity.agent_id,
        context=context.audit,
    )
    return wire.Done(success=True, group_id=group_id)


@operation(
    summary="List encryption groups",
    tag=_TAG,
    permission=_READ,
    input=ListGroups,
    output=wire.GroupList,
    errors=("tenant_access_denied", "invalid_query"),
)
async def list_groups(context: Context, given: ListGroups) -> wire.GroupList:
    """The tenant's groups by name."""
    found = await aio.list_encryption_groups(
        context.database, tenant_id=context.tenant_id, agent_id=given.agent_id
    )
    return wire.GroupList([_group(group) for group in found], len(found))


@operation(
    summary="Get an encryption group with its members",
    tag=_TAG,
    permission=_READ,
    input=GroupById,
    output=wire.GroupWithMembers,
    errors=_NOT_FOUND,
)
async def get_group(context: Context, given: GroupById) -> wire.GroupWithMembers:
    """A group with its members."""
    rows = await aio.get_encryption_group(
        context.database, tenant_id=context.tenant_id, group_id=given.group_id
    )
    members = [
        wire.Member(row.agent_id, row.role, row.encryption_key_id, row.added_by, zulu(row.added_at))
        for row in rows
        if row.agent_id is not None and row.role is not None and row.added_at is not None
    ]
    return wire.GroupWithMembers(_group(only(rows, "encryption_group_not_found", given.group_id)), members)


@operation(
    summary="Change an encryption group",
    tag=_TAG,
    permission=_ADMIN,
    input=UpdateGroup,
    output=wire.Done,
    errors=(*_NOT_FOUND, "invalid_field"),
)
async def update_group(context: Context, given: UpdateGroup) -> wire.Done:
    """Change description or activity; an inactive group has no recipients."""
    await aio.update_encryption_group(
        context.database,
        tenant_id=context.tenant_id,
        group_id=given.group_id,
        description=given.body.description,
        is_active=given.body.is_active,
        context=context.audit,
    )
    return wire.Done(success=True, group_id=given.group_id)


@operation(
    summary="Remove an encryption group; its history stays",
    tag=_TAG,
    permission=_ADMIN,
    input=GroupById,
    output=wire.Done,
    errors=_NOT_FOUND,
)
async def delete_group(context: Context, given: GroupById) -> wire.Done:
    """Remove a group with its memberships."""
    await aio.delete_encryption_group(
        context.database, tenant_id=context.tenant_id, group_id=given.group_id, context=context.audit
    )
    return wire.Done(success=True, group_id=given.group_id)


@operation(
    summary="Add a member to an encryption group, or change its role or key",
    tag=_TAG,
    permission=_admin_or_member("admin, or write as an agent that is an admin member"),
    input=AddMember,
    output=wire.Done,
    errors=(*_NOT_FOUND, "agent_key_not_found"),
)
async def add_member(context: Context, given: AddMember) -> wire.Done:
    """Add a member, or change one; what is so already changes nothing."""
    await aio.add_group_member(
        context.database,
        tenant_id=context.tenant_id,
        group_id=given.group_id,
        agent_id=given.body.agent_id,
        role=given.body.role,
        added_by=_acting_agent(context),
        encryption_key_id=given.body.encryption_key_id,
        context=context.audit,
    )
    return wire.Done(success=True, group_id=given.group_id)


@operation(
    summary="Remove a member; what was sealed to it before, it can still open",
    tag=_TAG,
    permission=_admin_or_member("admin, or write as an agent that is an admin member or the member itself"),
    input=MemberById,
    output=wire.Done,
    errors=(*_NOT_FOUND, "group_member_not_found"),
)
async def remove_member(context: Context, given: MemberById) -> wire.Done:
    """Remove a member: later payloads are not sealed to it."""
    await aio.remove_group_member(
        context.database,
        tenant_id=context.tenant_id,
        group_id=given.group_id,
        agent_id=given.agent_id,
        removed_by=_acting_agent(context),
        context=context.audit,
    )
    return wire.Done(success=True, group_id=given.group_id)


@operation(
    summary="List whom a payload for the group is sealed to now, with their public keys",
    tag=_TAG,
    permission=_READ,
    input=GroupById,
    output=wire.Recipients,
    errors=(*_NOT_FOUND, "recipient_key_conflict"),
)
async def list_recipients(context: Context, given: GroupById) -> wire.Recipients:
    """Whom a payload is sealed to now."""
    found = await aio.get_group_recipient_keys(
        context.database, tenant_id=context.tenant_id, group_id=given.group_id
    )
    with_key = [_recipient(row) for row in found]
    return wire.Recipients(
        [recipient for recipient in with_key if recipient is not None],
        [row.agent_id for row in found if row.key_id is None],
    )


@operation(
    summary="List what happened to a group, also to one that is gone",
    tag=_TAG,
    permission=_ADMIN,
    input=GroupById,
    output=wire.History,
    errors=("tenant_access_denied", "invalid_query"),
)
async def list_group_history(context: Context, given: GroupById) -> wire.History:
    """What happened to a group."""
    found = await aio.list_group_history(
        context.database, tenant_id=context.tenant_id, group_id=given.group_id
    )
    entries = [
        wire.Change(row.action, row.actor_agent_id, row.target_agent_id, row.metadata, zulu(row.created_at))
        for row in found
    ]
    return wire.History(entries, len(entries))


def _acting_agent(context: Context) -> uuid.UUID | None:
    """The agent whose membership the database checks; None for an administrator, who needs none."""
    return None if context.identity.can_admin else context.identity.agent_id


def _group(row: ListEncryptionGroupsRow | GetEncryptionGroupRow) -> wire.Group:
    return wire.Group(
        row.group_id,
        row.name,
        row.description,
        row.is_active,
        row.created_by,
        zulu(row.created_at),
        zulu(row.updated_at),
        row.member_count,
        row.admin_count,
    )


def _recipient(row: GetGroupRecipientKeysRow) -> wire.Recipient | None:
    """A member with its current key; None for one without."""
    if row.key_id is None or row.key_algorithm is None or row.status is None:
        return None
    return wire.Recipient(
        row.agent_id,
        row.key_id,
        row.key_algorithm,
        row.status,
        None if row.x25519_public_key is None else row.x25519_public_key.hex(),
        None if row.ml_kem_768_public_key is None else row.ml_kem_768_public_key.hex(),
    )
