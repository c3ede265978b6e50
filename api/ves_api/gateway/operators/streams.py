"""The operator's calls about streams and their agents' keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from ves_api.gateway.admin import Admin, Row


def export_events(admin: Admin, tenant_id: UUID, store_id: UUID, first: int, last: int) -> Iterator[Row]:
    """Events of a stream numbered `first` to `last`, read as they are consumed; payload is the stored text."""
    return admin.iterate("export_events", tenant_id=tenant_id, store_id=store_id, first=first, last=last)


def verify_state_roots(admin: Admin, tenant_id: UUID | None, store_id: UUID | None) -> list[Row]:
    """One row a stream with commitments: tenant_id, store_id, scanned, wrong, first_wrong (a batch id)."""
    return admin.rows("verify_state_roots", tenant_id=tenant_id, store_id=store_id)


def create_commitment(admin: Admin, tenant_id: UUID, store_id: UUID, start: int, end: int) -> Row:
    """Commit a range. Raises VE6nn."""
    (row,) = admin.rows(
        "create_commitment", tenant_id=tenant_id, store_id=store_id, sequence_start=start, sequence_end=end
    )
    return row


def list_tenant_agent_keys(admin: Admin, tenant_id: UUID, agent_id: UUID | None) -> list[Row]:
    """Keys of a tenant's agents, or of one, at most 1,000; key_id is 0 to 2^32-1."""
    return admin.rows("list_tenant_agent_keys", tenant_id=tenant_id, agent_id=agent_id)
