"""Encryption groups: the set of agents to whom payloads are sealed together (VES 8, 18).

The sequencer seals nothing and holds no secret key. A member that is removed is named among the recipients no more;
what was sealed to it before, it can still open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import Request, delete, get, post, put
from litestar.response.base import ASGIResponse

from ves_api.auth.context import audit_context
from ves_api.errors import ApiError
from ves_api.gateway import groups as gateway
from ves_api.http.agents.key_lifecycle import tenant_of
from ves_api.http.decode import Query, path_uuid, read_struct
from ves_api.http.docs.operation import (
    AGENT_PATH,
    TENANT_QUERY,
    UUID_SCHEMA,
    Operation,
    Parameter,
    operation_opt,
)
from ves_api.http.encode import answer
from ves_api.http.groups import wire
from ves_api.services import identify, services_of

if TYPE_CHECKING:
    import uuid

    from ves_api.auth.identity import Identity

_TAG = "Encryption groups"
_READS = "read or admin, and the tenant in scope"
_ADMIN = "admin, and the tenant in scope"
_PATH = "/api/v1/encryption-groups"
_ONE = _PATH + "/{group_id:str}"
_GROUP = Parameter("group_id", "path", UUID_SCHEMA, "The group.")
_AGENT_QUERY = Parameter(
    "agentId", "query", UUID_SCHEMA, "Only groups that this agent is in.", required=False
)
_NOT_FOUND = ("encryption_group_not_found", "tenant_access_denied", "invalid_query")

_CREATE = Operation(
    summary="Make an encryption group",
    tag=_TAG,
    needs=_ADMIN,
    request=wire.NewGroup,
    response=wire.Done,
    errors=("encryption_group_exists", "invalid_field", "tenant_access_denied", "invalid_query"),
)
_LIST = Operation(
    summary="List encryption groups",
    tag=_TAG,
    needs=_READS,
    response=wire.GroupList,
    parameters=(TENANT_QUERY, _AGENT_QUERY),
    errors=("tenant_access_denied", "invalid_query"),
)
_GET = Operation(
    summary="Get an encryption group with its members",
    tag=_TAG,
    needs=_READS,
    response=wire.GroupWithMembers,
    parameters=(_GROUP, TENANT_QUERY),
    errors=_NOT_FOUND,
)
_UPDATE = Operation(
    summary="Change an encryption group",
    tag=_TAG,
    needs=_ADMIN,
    request=wire.GroupChange,
    response=wire.Done,
    parameters=(_GROUP,),
    errors=(*_NOT_FOUND, "invalid_field"),
)
_DELETE = Operation(
    summary="Remove an encryption group; its history stays",
    tag=_TAG,
    needs=_ADMIN,
    response=wire.Done,
    parameters=(_GROUP, TENANT_QUERY),
    errors=_NOT_FOUND,
)
_ADD = Operation(
    summary="Add a member to an encryption group, or change its role or key",
    tag=_TAG,
    needs="admin, or write as an agent that is an admin member",
    request=wire.NewMember,
    response=wire.Done,
    parameters=(_GROUP,),
    errors=(*_NOT_FOUND, "agent_key_not_found"),
)
_REMOVE = Operation(
    summary="Remove a member; what was sealed to it before, it can still open",
    tag=_TAG,
    needs="admin, or write as an agent that is an admin member or the member itself",
    response=wire.Done,
    parameters=(_GROUP, AGENT_PATH, TENANT_QUERY),
    errors=(*_NOT_FOUND, "group_member_not_found"),
)
_RECIPIENTS = Operation(
    summary="List whom a payload for the group is sealed to now, with their public keys",
    tag=_TAG,
    needs=_READS,
    response=wire.Recipients,
    parameters=(_GROUP, TENANT_QUERY),
    errors=(*_NOT_FOUND, "recipient_key_conflict"),
)
_HISTORY = Operation(
    summary="List what happened to a group, also to one that is gone",
    tag=_TAG,
    needs=_ADMIN,
    response=wire.History,
    parameters=(_GROUP, TENANT_QUERY),
    errors=("tenant_access_denied", "invalid_query"),
)
_new_group = msgspec.json.Decoder(wire.NewGroup)
_group_change = msgspec.json.Decoder(wire.GroupChange)
_new_member = msgspec.json.Decoder(wire.NewMember)


@post(_PATH, status_code=200, opt=operation_opt(_CREATE))
async def create_group(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Make a group; the agent that the credential is bound to becomes its first admin member."""
    identity = await identify(request)
    sent = await read_struct(request, _new_group)
    identity.require("admin")
    group_id = await gateway.create_group(
        services_of(request).database,
        tenant_of(identity, sent.tenant_id),
        name=sent.name,
        description=sent.description,
        created_by=identity.agent_id,
        context=audit_context(request, identity),
    )
    return answer(wire.Done(success=True, group_id=group_id))


@get(_PATH, opt=operation_opt(_LIST))
async def list_groups(request: Request[Any, Any, Any]) -> ASGIResponse:
    """The tenant's groups by name."""
    tenant, query = await _reader(request)
    found = await gateway.list_groups(
        services_of(request).database, tenant, agent_id=query.optional_uuid("agentId")
    )
    return answer(wire.GroupList([wire.group_of(group) for group in found], len(found)))


@get(_ONE, opt=operation_opt(_GET))
async def get_group(request: Request[Any, Any, Any], group_id: str) -> ASGIResponse:
    """A group with its members."""
    tenant, _ = await _reader(request)
    group = path_uuid(group_id, "group_id")
    database = services_of(request).database
    found = await gateway.list_groups(database, tenant, group_id=group)
    if not found:
        raise ApiError("encryption_group_not_found", resource_id=group_id)
    members = await gateway.list_members(database, tenant, group)
    return answer(wire.GroupWithMembers(wire.group_of(found[0]), [wire.member_of(m) for m in members]))


@put(_ONE, opt=operation_opt(_UPDATE))
async def update_group(request: Request[Any, Any, Any], group_id: str) -> ASGIResponse:
    """Change description or activity; an inactive group has no recipients."""
    identity = await identify(request)
    group = path_uuid(group_id, "group_id")
    sent = await read_struct(request, _group_change)
    identity.require("admin")
    await gateway.update_group(
        services_of(request).database,
        tenant_of(identity, sent.tenant_id),
        group,
        description=sent.description,
        is_active=sent.is_active,
        context=audit_context(request, identity),
    )
    return answer(wire.Done(success=True, group_id=group))


@delete(_ONE, status_code=200, opt=operation_opt(_DELETE))
async def delete_group(request: Request[Any, Any, Any], group_id: str) -> ASGIResponse:
    """Remove a group with its memberships."""
    identity = await identify(request)
    group = path_uuid(group_id, "group_id")
    identity.require("admin")
    await gateway.delete_group(
        services_of(request).database,
        tenant_of(identity, Query(request).optional_uuid("tenantId")),
        group,
        context=audit_context(request, identity),
    )
    return answer(wire.Done(success=True, group_id=group))


@post(_ONE + "/members", status_code=200, opt=operation_opt(_ADD))
async def add_member(request: Request[Any, Any, Any], group_id: str) -> ASGIResponse:
    """Add a member, or change one; what is so already changes nothing."""
    identity = await identify(request)
    group = path_uuid(group_id, "group_id")
    sent = await read_struct(request, _new_member)
    acting = _acting_agent(identity)
    await gateway.add_member(
        services_of(request).database,
        tenant_of(identity, sent.tenant_id),
        group,
        sent.agent_id,
        role=sent.role,
        encryption_key_id=sent.encryption_key_id,
        acting_agent_id=acting,
        context=audit_context(request, identity),
    )
    return answer(wire.Done(success=True, group_id=group))


@delete(_ONE + "/members/{agent_id:str}", status_code=200, opt=operation_opt(_REMOVE))
async def remove_member(request: Request[Any, Any, Any], group_id: str, agent_id: str) -> ASGIResponse:
    """Remove a member: later payloads are not sealed to it."""
    identity = await identify(request)
    group, agent = path_uuid(group_id, "group_id"), path_uuid(agent_id, "agent_id")
    acting = _acting_agent(identity)
    await gateway.remove_member(
        services_of(request).database,
        tenant_of(identity, Query(request).optional_uuid("tenantId")),
        group,
        agent,
        acting_agent_id=acting,
        context=audit_context(request, identity),
    )
    return answer(wire.Done(success=True, group_id=group))


@get(_ONE + "/recipients", opt=operation_opt(_RECIPIENTS))
async def list_recipients(request: Request[Any, Any, Any], group_id: str) -> ASGIResponse:
    """Whom a payload is sealed to now."""
    tenant, _ = await _reader(request)
    group = path_uuid(group_id, "group_id")
    return answer(
        wire.recipients_of(await gateway.list_recipients(services_of(request).database, tenant, group))
    )


@get(_ONE + "/history", opt=operation_opt(_HISTORY))
async def list_history(request: Request[Any, Any, Any], group_id: str) -> ASGIResponse:
    """What happened to a group."""
    identity = await identify(request)
    group = path_uuid(group_id, "group_id")
    identity.require("admin")
    tenant = tenant_of(identity, Query(request).optional_uuid("tenantId"))
    found = await gateway.list_history(services_of(request).database, tenant, group)
    return answer(wire.History([wire.change_of(entry) for entry in found], len(found)))


async def _reader(request: Request[Any, Any, Any]) -> tuple[uuid.UUID, Query]:
    """The tenant that a reading call is about, and its query."""
    identity = await identify(request)
    query = Query(request)
    identity.require_read_or_admin()
    return tenant_of(identity, query.optional_uuid("tenantId")), query


def _acting_agent(identity: Identity) -> uuid.UUID | None:
    """None for an administrator, else the agent that the credential is bound to. Raises 403 without either."""
    if identity.can_admin:
        return None
    identity.require("write")
    if identity.agent_id is None:
        raise ApiError(
            "insufficient_permissions", "Admin permission required", details={"permission": "admin"}
        )
    return identity.agent_id


ROUTES = [
    create_group,
    list_groups,
    get_group,
    update_group,
    delete_group,
    add_member,
    remove_member,
    list_recipients,
    list_history,
]
