"""Encryption groups: the set of agents to whom payloads are sealed together (VES 8, 18).

The sequencer seals nothing and holds no secret key. A removed member is not among the recipients any more; it can still
open payloads that were sealed to it before.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import Annotated, Any, Literal

import msgspec

from ves.codec import U32_MAX
from ves_api.auth.permission import Also, Permission, Scope, in_own_tenant
from ves_api.operations.answers import answer
from ves_api.operations.kit import Area, Context, only
from ves_api.operations.parameters import AgentId, GroupId, OwnTenantId, Parameters, identifier
from ves_edge.gen import aio

operation = Area("Encryption groups").operation
_READ, _ADMIN = in_own_tenant("read", "admin"), in_own_tenant("admin")
_NOT_FOUND = ("encryption_group_not_found", "tenant_access_denied", "invalid_query")


def _admin_or_member(words: str) -> Permission:
    """Admin, or a writing agent; the database decides whether that agent may change the group."""
    return Permission(words=words, rights=("admin",), also=Also.BOUND_WRITER, scope=Scope.OWN_TENANT)


# A stored text has no NUL.
Text = Annotated[str, msgspec.Meta(pattern="^[^\\x00]*$")]


class NewGroup(msgspec.Struct, rename="camel"):
    """A group to make; the tenant is the credential's unless it is named."""

    name: Text
    tenant_id: uuid.UUID | None = None
    description: Text | None = None


class GroupChange(msgspec.Struct, rename="camel"):
    """Changes of a group; omitted members stay unchanged."""

    tenant_id: uuid.UUID | None = None
    description: Text | None = None
    is_active: bool | None = None


class NewMember(msgspec.Struct, rename="camel"):
    """A member to add or change; without `encryptionKeyId` payloads are sealed to its newest key."""

    agent_id: uuid.UUID
    tenant_id: uuid.UUID | None = None
    role: Literal["admin", "member"] = "member"
    encryption_key_id: Annotated[int, msgspec.Meta(ge=0, le=U32_MAX)] | None = None


class Group(msgspec.Struct, rename="camel"):
    """A group with the number of its members."""

    group_id: uuid.UUID
    name: str
    description: str | None
    is_active: bool
    created_by: uuid.UUID | None
    created_at: str
    updated_at: str
    member_count: int
    admin_count: int


class GroupList(msgspec.Struct):
    """Groups by name, at most 1,000."""

    groups: list[Group]
    count: int


class Member(msgspec.Struct, rename="camel"):
    """A member; `encryptionKeyId` is the key that it wants, null for its newest."""

    agent_id: uuid.UUID
    role: str
    encryption_key_id: int | None
    added_by: uuid.UUID | None
    added_at: str


class GroupWithMembers(msgspec.Struct, rename="camel"):
    """A group and its members."""

    group: Group
    members: list[Member]


class Recipient(msgspec.Struct, rename="camel"):
    """A member's current key: `keyId` is the `recipient_kid` of a payload (VES 8)."""

    agent_id: uuid.UUID
    key_id: int
    key_algorithm: int
    status: str
    x25519_public_key: str | None
    ml_kem_768_public_key: str | None


class Recipients(msgspec.Struct, rename="camel"):
    """The keys that a payload is sealed to now, by key number, and the members without a usable key."""

    recipients: list[Recipient]
    without_key: list[uuid.UUID]


class Change(msgspec.Struct, rename="camel"):
    """One entry of a group's history."""

    action: str
    actor_agent_id: uuid.UUID | None
    target_agent_id: uuid.UUID | None
    metadata: dict[str, Any]
    created_at: str


class History(msgspec.Struct):
    """The history of a group, latest first, at most 1,000 entries."""

    entries: list[Change]
    count: int


class Done(msgspec.Struct, rename="camel"):
    """The change is made."""

    success: bool
    group_id: uuid.UUID


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
    body: GroupChange


class AddMember(Parameters, kw_only=True, frozen=True):
    """One group and a member."""

    group_id: GroupId
    body: NewMember


class MemberById(Parameters, kw_only=True, frozen=True):
    """One member of a group."""

    group_id: GroupId
    agent_id: AgentId
    tenant_id: OwnTenantId = msgspec.field(default=None, name="tenantId")


@operation(
    permission=_ADMIN,
    errors=("encryption_group_exists", "invalid_field", "tenant_access_denied", "invalid_query"),
)
async def create_encryption_group(context: Context, given: NewGroup) -> Done:
    """Make an encryption group.

    The agent that the credential is bound to becomes its first admin member.
    """
    group_id = await aio.create_encryption_group(
        context.database,
        tenant_id=context.tenant_id,
        name=given.name,
        description=given.description,
        created_by=context.identity.agent_id,
        context=context.audit,
    )
    return Done(success=True, group_id=group_id)


@operation(permission=_READ, errors=("tenant_access_denied", "invalid_query"))
async def list_encryption_groups(context: Context, given: ListGroups) -> GroupList:
    """List encryption groups."""
    found = await aio.list_encryption_groups(
        context.database, tenant_id=context.tenant_id, agent_id=given.agent_id
    )
    return GroupList(await context.each(partial(answer, Group), found), len(found))


@operation(permission=_READ, errors=_NOT_FOUND)
async def get_encryption_group(context: Context, given: GroupById) -> GroupWithMembers:
    """Get an encryption group with its members."""
    rows = await aio.get_encryption_group(
        context.database, tenant_id=context.tenant_id, group_id=given.group_id
    )
    group = answer(Group, only(rows, "encryption_group_not_found", given.group_id))
    return GroupWithMembers(
        group, await context.each(partial(answer, Member), [row for row in rows if row.agent_id])
    )


@operation(permission=_ADMIN, errors=(*_NOT_FOUND, "invalid_field"))
async def update_encryption_group(context: Context, given: UpdateGroup) -> Done:
    """Change an encryption group.

    An inactive group has no recipients.
    """
    await aio.update_encryption_group(
        context.database,
        tenant_id=context.tenant_id,
        group_id=given.group_id,
        description=given.body.description,
        is_active=given.body.is_active,
        context=context.audit,
    )
    return Done(success=True, group_id=given.group_id)


@operation(permission=_ADMIN, errors=_NOT_FOUND)
async def delete_encryption_group(context: Context, given: GroupById) -> Done:
    """Remove an encryption group; its history stays."""
    await aio.delete_encryption_group(
        context.database, tenant_id=context.tenant_id, group_id=given.group_id, context=context.audit
    )
    return Done(success=True, group_id=given.group_id)


@operation(
    permission=_admin_or_member("admin, or write as an agent that is an admin member"),
    errors=(*_NOT_FOUND, "agent_key_not_found"),
)
async def add_group_member(context: Context, given: AddMember) -> Done:
    """Add a member to an encryption group, or change its role or key.

    A repeat changes nothing.
    """
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
    return Done(success=True, group_id=given.group_id)


@operation(
    permission=_admin_or_member("admin, or write as an agent that is an admin member or the member itself"),
    errors=(*_NOT_FOUND, "group_member_not_found"),
)
async def remove_group_member(context: Context, given: MemberById) -> Done:
    """Remove a member; it can still open payloads that were sealed to it before.

    Later payloads are not sealed to it.
    """
    await aio.remove_group_member(
        context.database,
        tenant_id=context.tenant_id,
        group_id=given.group_id,
        agent_id=given.agent_id,
        removed_by=_acting_agent(context),
        context=context.audit,
    )
    return Done(success=True, group_id=given.group_id)


@operation(permission=_READ, errors=(*_NOT_FOUND, "recipient_key_conflict"))
async def get_group_recipient_keys(context: Context, given: GroupById) -> Recipients:
    """List the public keys that a payload for the group is sealed to now."""
    found = await aio.get_group_recipient_keys(
        context.database, tenant_id=context.tenant_id, group_id=given.group_id
    )
    return Recipients(
        await context.each(partial(answer, Recipient), [row for row in found if row.key_id is not None]),
        [row.agent_id for row in found if row.key_id is None],
    )


@operation(permission=_ADMIN, errors=("tenant_access_denied", "invalid_query"))
async def list_group_history(context: Context, given: GroupById) -> History:
    """List the history of a group, also of a removed one."""
    found = await aio.list_group_history(
        context.database, tenant_id=context.tenant_id, group_id=given.group_id
    )
    return History(await context.each(partial(answer, Change), found), len(found))


def _acting_agent(context: Context) -> uuid.UUID | None:
    """The agent whose membership the database checks; None for an administrator, who needs none."""
    return None if context.identity.can_admin else context.identity.agent_id
