"""Permissions as data, and their enforcement (http-api 1.4, operations 2.4)."""

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
    """The resource that must be in the credential's scope, and the source of the call's tenant.

    NOTHING: no tenant data. STREAM and TENANT: `tenant_id` (and `store_id`) of the input. OWN_TENANT: `tenant_id` of the
    input, by default the credential's own. FOUND: a row looked up by id in the credential's tenant (nil: in all tenants);
    the call checks its store with `Context.in_scope`. VISIBLE: the credential's own tenant, or all tenants for the
    bootstrap administrator; an optional `tenant_id` of the input narrows it. AGENT: the agent's tenant, looked up as FOUND.
    ALL: all tenants at once, for the bootstrap administrator only.
    """

    NOTHING = 0
    STREAM = 1
    TENANT = 2
    OWN_TENANT = 3
    FOUND = 4
    VISIBLE = 5
    AGENT = 6
    ALL = 7


class Also(Enum):
    """Credentials that are allowed in addition to those with one of the rights.

    OWN_AGENT: a credential bound to the `agent_id` of the input. BOUND_WRITER: a credential with `write` bound to an
    agent; the database decides whether that agent is allowed.
    """

    NOBODY = 0
    OWN_AGENT = 1
    BOUND_WRITER = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Authorization rule of an operation: any one of `rights` suffices; `words` describes it in the generated references.

    `binds_agent`: a credential bound to an agent may act only for the `agent_id` of the input. `is_public`: no
    authentication.
    """

    words: str
    rights: tuple[Right, ...] = ()
    also: Also = Also.NOBODY
    scope: Scope = Scope.NOTHING
    binds_agent: bool = False
    is_public: bool = False

    @property
    def members(self) -> frozenset[str]:
        """Names of the input members that enforcement reads."""
        names = set(_MEMBERS.get(self.scope, ()))
        if self.binds_agent or self.also is Also.OWN_AGENT:
            names.add("agent_id")
        return frozenset(names)


_MEMBERS: Final = {
    Scope.STREAM: ("tenant_id", "store_id"),
    Scope.TENANT: ("tenant_id",),
    Scope.OWN_TENANT: ("tenant_id",),
}

ANY_CREDENTIAL: Final = Permission(words="any credential", rights=("read", "write", "admin"))
PUBLIC: Final = Permission(words="nothing", is_public=True)
ADMIN: Final = Permission(words="admin", rights=("admin",))
ADMIN_VISIBLE: Final = Permission(
    words="admin; sees its own tenant, the bootstrap administrator all",
    rights=("admin",),
    scope=Scope.VISIBLE,
)
BOOTSTRAP: Final = Permission(words="the bootstrap administrator", rights=("admin",), scope=Scope.ALL)
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
    """Require a right on the stream of the input."""
    return Permission(words=f"{right}, and the stream in scope", rights=(right,), scope=Scope.STREAM)


def in_tenant(right: Right) -> Permission:
    """Require a right on the tenant of the input."""
    return Permission(words=f"{right}, and the tenant in scope", rights=(right,), scope=Scope.TENANT)


def in_own_tenant(*rights: Right) -> Permission:
    """Require one of the rights on the tenant of the input, by default the credential's own."""
    words = f"{' or '.join(rights)}, and the tenant in scope"
    return Permission(words=words, rights=rights, scope=Scope.OWN_TENANT)


def where_found(right: Right, what: str) -> Permission:
    """Require a right on a row that is looked up by id."""
    return Permission(words=f"{right}, and {what} in scope", rights=(right,), scope=Scope.FOUND)


def authorize(identity: Identity, permission: Permission, given: Any) -> uuid.UUID | None:
    """Enforce the permission and return the call's tenant; None for no tenant or, with Scope.VISIBLE, for all.

    `given` is the input, or the part of it with `permission.members`. Raises 403, or invalid_query when a required
    tenant is missing.
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
    Scope.ALL: lambda identity, _: identity.require_bootstrap(),
}
