"""An authenticated caller and the permission rules of http-api 1.4 and operations 2.4."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from typing import Literal, NamedTuple

from ves_edge.errors import ApiError

NIL = uuid.UUID(int=0)
Right = Literal["read", "write", "admin"]
Kind = Literal["api_key", "jwt", "none"]


class Epochs(NamedTuple):
    """Credential epochs that an append compares with the database's: the stream's tenant's, and the nil tenant's.

    None: the credential has none of that tenant.
    """

    tenant: int | None
    admin: int | None


@dataclass(frozen=True, slots=True)
class Identity:
    """The owner of a credential. `stores` empty means all stores.

    `budget_of` is the hash of the key whose count of requests this one shares; None: its own.
    `epoch` is its tenant's credential epoch at which it was read; None if it has none (tokens).
    `name` identifies the credential in logs and audit without the secret: the first 16 digits of a key's hash, or a
    token's `jti`. Kind `none`: no credential was presented and none is required.
    """

    tenant_id: uuid.UUID
    stores: frozenset[uuid.UUID]
    agent_id: uuid.UUID | None
    can_read: bool
    can_write: bool
    can_admin: bool
    rate_limit: int | None
    budget_of: str | None
    epoch: int | None
    kind: Kind
    name: str

    @property
    def is_bootstrap_admin(self) -> bool:
        """Admin of the nil tenant: may access every tenant."""
        return self.can_admin and self.tenant_id == NIL

    @property
    def epochs(self) -> Epochs:
        """The epoch, for an append to compare."""
        return Epochs(None, self.epoch) if self.tenant_id == NIL else Epochs(self.epoch, None)

    @property
    def search_tenant(self) -> uuid.UUID:
        """Tenant filter for look-ups by id alone; nil (bootstrap administrator) means all tenants."""
        if self.tenant_id == NIL and not self.can_admin:
            raise ApiError("tenant_access_denied")
        return self.tenant_id

    def has(self, right: Right) -> bool:
        """Whether the credential has the flag."""
        return {"read": self.can_read, "write": self.can_write, "admin": self.can_admin}[right]

    def require(self, right: Right) -> None:
        """Raise 403 insufficient_permissions unless the credential has the flag."""
        if not self.has(right):
            raise ApiError(
                "insufficient_permissions",
                f"{right.capitalize()} permission required",
                details={"permission": right},
            )

    def require_bootstrap(self) -> None:
        """Raise 403 insufficient_permissions unless it is the bootstrap administrator."""
        if not self.is_bootstrap_admin:
            raise ApiError("insufficient_permissions", "Bootstrap admin permission required")

    def require_scope(self, tenant_id: uuid.UUID, store_id: uuid.UUID = NIL) -> None:
        """Raise 403 unless the stream (or, with a nil store, the tenant) is in the credential's scope."""
        if self.is_bootstrap_admin:
            return
        if tenant_id != self.tenant_id or tenant_id == NIL:
            raise ApiError("tenant_access_denied")
        if store_id != NIL and self.stores and store_id not in self.stores:
            raise ApiError("store_access_denied")

    def require_agent(self, agent_id: uuid.UUID) -> None:
        """Raise 403 when the credential is bound to another agent."""
        if self.agent_id is not None and self.agent_id != agent_id:
            raise ApiError("agent_mismatch")


# Identity of a request without a credential when authentication is disabled (operations 2.6).
ANYONE = Identity(
    tenant_id=NIL,
    stores=frozenset(),
    agent_id=None,
    can_read=True,
    can_write=True,
    can_admin=True,
    rate_limit=None,
    budget_of=None,
    epoch=None,
    kind="none",
    name="anonymous",
)

# Identity for public operations: no rights.
NOBODY = dataclasses.replace(ANYONE, can_read=False, can_write=False, can_admin=False)
