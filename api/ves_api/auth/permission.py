"""Permissions as data, and the one place where they are enforced (http-api 1.4, operations 2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, cast

from ves_api.auth.identity import NIL
from ves_edge.errors import ApiError

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

    from ves_api.auth.identity import Identity, Right


class Scope(Enum):
    """What must lie in the scope of the credential, and which tenant the call is about.

    NOTHING: no data of any tenant. STREAM and TENANT: the `tenant_id` (and `store_id`) of the input. OWN_TENANT: the
    `tenant_id` of the input, which may be left out for the credential's own. FOUND: a row that is searched by its id in
    the credential's tenant (nil: in all); the call checks its store with `Context.in_scope`. VISIBLE: the credential's
    own tenant, or none for the bootstrap administrator, who sees all; an optional `tenant_id` of the input narrows it.
    AGENT: the tenant of the agent, searched like FOUND.
    """

    NOTHING = 0
    STREAM = 1
    TENANT = 2
    OWN_TENANT = 3
    FOUND = 4
    VISIBLE = 5
    AGENT = 6


class Also(Enum):
    """Who may call beside those with one of the rights.

    OWN_AGENT: a credential that is bound to the `agent_id` of the input. BOUND_WRITER: a credential with `write` that is
    bound to an agent; whether that agent may is for the database to decide.
    """

    NOBODY = 0
    OWN_AGENT = 1
    BOUND_WRITER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Who may call an operation. One of `rights` opens it; `words` says all of it in the generated references.

    `binds_agent`: a credential that is bound to an agent acts for the `agent_id` of the input only. `is_public`: no
    credential is looked at.
    """

    words: str
    rights: tuple[Right, ...] = ()
    also: Also = Also.NOBODY
    scope: Scope = Scope.NOTHING
    binds_agent: bool = False
    is_public: bool = False

    @property
    def members(self) -> frozenset[str]:
        """The members that an input must have for this permission to be enforced."""
        names = set(_MEMBERS.get(self.scope, ()))
        if self.binds_agent or self.also is Also.OWN_AGENT:
            names.add("agent_id")
        return frozenset(names)


_MEMBERS: Final = {
    Scope.STREAM: ("tenant_id", "store_id"),
    Scope.TENANT: ("tenant_id",),
    Scope.OWN_TENANT: ("tenant_id",),
}

PUBLIC: Final = Permission(words="nothing", is_public=True)
ADMIN: Final = Permission(words="admin", rights=("admin",))
ADMIN_VISIBLE: Final = Permission(
    words="admin; sees its own tenant, the bootstrap administrator all",
    rights=("admin",),
    scope=Scope.VISIBLE,
)
AGENT_OR_ADMIN: Final = Permission(
    words="the agent's own credential, or admin", rights=("admin",), also=Also.OWN_AGENT, scope=Scope.AGENT
)
READ_OR_ADMIN: Final = Permission(words="read or admin", rights=("read", "admin"))
INGEST: Final = Permission(
    words="write, the stream in scope, and the agent if the credential is bound to one",
    rights=("write",),
    scope=Scope.STREAM,
    binds_agent=True,
)


def in_stream(right: Right) -> Permission:
    """A right for the stream that the input names."""
    return Permission(words=f"{right}, and the stream in scope", rights=(right,), scope=Scope.STREAM)


def in_tenant(right: Right) -> Permission:
    """A right for the tenant that the input names."""
    return Permission(words=f"{right}, and the tenant in scope", rights=(right,), scope=Scope.TENANT)


def in_own_tenant(*rights: Right) -> Permission:
    """One of the rights for the tenant that the input names, the credential's own when it names none."""
    words = f"{' or '.join(rights)}, and the tenant in scope"
    return Permission(words=words, rights=rights, scope=Scope.OWN_TENANT)


def where_found(right: Right, what: str) -> Permission:
    """A right for a row that is searched by its id."""
    return Permission(words=f"{right}, and {what} in scope", rights=(right,), scope=Scope.FOUND)


def authorize(identity: Identity, permission: Permission, given: Any) -> uuid.UUID | None:
    """The tenant that the call is about; None where it is about none or, for Scope.VISIBLE, about all.

    `given` is the input, or the part of it that has `permission.members`. Raises 403, or invalid_query when a tenant must
    be named and is not.
    """
    if permission.is_public:
        return None
    if permission.binds_agent:
        identity.require_agent(given.agent_id)
    _require_right(identity, permission, given)
    return _TENANT_OF[permission.scope](identity, given)


def _require_right(identity: Identity, permission: Permission, given: Any) -> None:
    if any(identity.has(right) for right in permission.rights):
        return
    if permission.also is Also.OWN_AGENT:
        if identity.agent_id != given.agent_id:
            raise ApiError("insufficient_permissions", "Access denied")
        return
    if permission.also is Also.BOUND_WRITER:
        identity.require("write")
        if identity.agent_id is not None:
            return
    identity.require(permission.rights[0])


def _named(identity: Identity, given: Any) -> uuid.UUID:
    identity.require_scope(given.tenant_id)
    return cast("uuid.UUID", given.tenant_id)


def _named_stream(identity: Identity, given: Any) -> uuid.UUID:
    identity.require_scope(given.tenant_id, given.store_id)
    return cast("uuid.UUID", given.tenant_id)


def _named_or_own(identity: Identity, given: Any) -> uuid.UUID:
    tenant: uuid.UUID = identity.tenant_id if given.tenant_id is None else given.tenant_id
    if tenant == NIL:
        raise ApiError("invalid_query", "tenantId is required", details={"field": "tenantId"})
    identity.require_scope(tenant)
    return tenant


def _visible(identity: Identity, given: Any) -> uuid.UUID | None:
    if getattr(given, "tenant_id", None) is not None:
        return _named(identity, given)
    return None if identity.is_bootstrap_admin else identity.tenant_id


_TENANT_OF: Final[dict[Scope, Callable[[Identity, Any], uuid.UUID | None]]] = {
    Scope.NOTHING: lambda _, __: None,
    Scope.STREAM: _named_stream,
    Scope.TENANT: _named,
    Scope.OWN_TENANT: _named_or_own,
    Scope.FOUND: lambda identity, _: identity.search_tenant,
    Scope.VISIBLE: _visible,
    Scope.AGENT: lambda identity, _: identity.tenant_id,
}
