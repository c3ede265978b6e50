"""Bodies of the encryption group operations; camelCase, times in UTC, hex without `0x`."""

from __future__ import annotations

import uuid
from typing import Annotated, Any, Literal

import msgspec

from ves.codec import U32_MAX

# A stored text has no NUL.
Text = Annotated[str, msgspec.Meta(pattern="^[^\\x00]*$")]


class NewGroup(msgspec.Struct, rename="camel"):
    """A group to make; the tenant is the credential's unless it is named."""

    name: Text
    tenant_id: uuid.UUID | None = None
    description: Text | None = None


class GroupChange(msgspec.Struct, rename="camel"):
    """What to change; what is left out stays."""

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
    """A group and who is in it."""

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
    """Whom a payload is sealed to now, by key number, and the members who have no usable key."""

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
    """What happened to a group, the latest first, at most 1,000."""

    entries: list[Change]
    count: int


class Done(msgspec.Struct, rename="camel"):
    """The change is made."""

    success: bool
    group_id: uuid.UUID
