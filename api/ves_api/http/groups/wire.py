"""Bodies of the encryption group routes; camelCase, times in UTC, hex without `0x`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from ves.codec import U32_MAX
from ves_api.http.encode import zulu

if TYPE_CHECKING:
    from ves_api.gateway import groups as gateway

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


def group_of(found: gateway.Group) -> Group:
    """A group in the form of the wire."""
    return Group(
        found.group_id,
        found.name,
        found.description,
        found.is_active,
        found.created_by,
        zulu(found.created_at),
        zulu(found.updated_at),
        found.member_count,
        found.admin_count,
    )


def member_of(found: gateway.Member) -> Member:
    """A member in the form of the wire."""
    return Member(found.agent_id, found.role, found.encryption_key_id, found.added_by, zulu(found.added_at))


def recipients_of(found: list[gateway.Recipient]) -> Recipients:
    """Recipients in the form of the wire."""
    return Recipients(
        [
            Recipient(
                item.agent_id,
                item.key_id,
                item.algorithm,
                item.status,
                None if item.x25519 is None else item.x25519.hex(),
                None if item.ml_kem_768 is None else item.ml_kem_768.hex(),
            )
            for item in found
            if item.key_id is not None and item.algorithm is not None and item.status is not None
        ],
        [item.agent_id for item in found if item.key_id is None],
    )


def change_of(found: gateway.Change) -> Change:
    """An entry of the history in the form of the wire."""
    return Change(
        found.action, found.actor_agent_id, found.target_agent_id, found.metadata, zulu(found.created_at)
    )
