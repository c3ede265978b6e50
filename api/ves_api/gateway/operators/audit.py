"""The operator's calls about the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from ves_api.gateway.admin import Admin, Row
    from ves_api.gateway.audit import AuditFilter


def list_audit(admin: Admin, wanted: AuditFilter) -> list[Row]:
    """A page of entries, columns as `AuditEntry`. Raises VE007."""
    return admin.rows("list_audit", **wanted.parameters())


def verify_audit(admin: Admin, tenant_id: UUID | None = None) -> list[Row]:
    """Findings in one tenant's chain or in all: tenant_id, number, finding; none when they are whole."""
    return admin.rows("verify_audit", tenant_id=tenant_id)


def set_audit_log(admin: Admin, *, enabled: bool) -> bool:
    """Turn the log on or off for the database; whether that changed anything."""
    return bool(admin.rows("set_audit_log", enabled=enabled)[0]["changed"])


def record_key_drop(admin: Admin, tenant_id: UUID | None, key_id: str) -> None:
    """Audit that a key of encryption at rest (id in hex) leaves the ring; a null tenant means everybody's ring."""
    admin.rows("record_key_drop", tenant_id=tenant_id, key_id=key_id)
