"""The audit log (operations 8)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import datetime as dt
    import uuid


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries, and where the page starts; None means any. Times: from inclusive, to exclusive."""

    tenant_id: uuid.UUID | None = None
    action: str | None = None
    actor: str | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    from_time: dt.datetime | None = None
    to_time: dt.datetime | None = None
    success: bool | None = None
    after_tenant: uuid.UUID | None = None
    after_number: int | None = None
    max_rows: int = 100
    newest_first: bool = False

    def parameters(self) -> dict[str, Any]:
        """The parameters of the statement `list_audit`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry; `hash` covers all other members, `previous_hash` is that of the tenant's entry before."""

    tenant_id: uuid.UUID
    number: int
    id: uuid.UUID
    timestamp: dt.datetime
    action: str
    actor: str
    actor_type: str
    database_role: str
    resource_type: str | None
    resource_id: str | None
    request_id: str | None
    ip_address: str | None
    user_agent: str | None
    details: dict[str, Any]
    success: bool
    error_message: str | None
    previous_hash: bytes
    hash: bytes
