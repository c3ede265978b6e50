"""The operator's calls about encryption at rest (VES 16)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from uuid import UUID

    from ves_api.gateway.admin import Admin

What = Literal["reencrypt_events", "reencrypt_ves_validity_proofs", "reencrypt_ves_compliance_proofs"]


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch did; `updated` is what it would update in a dry run."""

    scanned: int
    updated: int
    skipped_current_key: int


@dataclass(frozen=True, slots=True)
class Reencryption:
    """What to re-encrypt: None means all; `limit` is the most rows to look at."""

    tenant_id: UUID | None
    store_id: UUID | None
    batch_size: int
    limit: int | None
    dry_run: bool
    force: bool


def reencrypt(admin: Admin, what: What, wanted: Reencryption) -> Iterator[Step]:
    """Batch after batch, each a transaction of its own: whoever is killed starts again. Raises VE204, VE51n."""
    cursor: dict[str, Any] | None = None
    left = wanted.limit
    while left is None or left > 0:
        (row,) = admin.rows(
            what,
            tenant_id=wanted.tenant_id,
            store_id=wanted.store_id,
            batch_size=wanted.batch_size if left is None else min(wanted.batch_size, left),
            cursor=None if cursor is None else json.dumps(cursor),
            dry_run=wanted.dry_run,
            force=wanted.force,
        )
        yield Step(row["scanned"], row["updated"], row["skipped_current_key"])
        cursor = row["next_cursor"]
        if cursor is None:
            return
        left = None if left is None else left - row["scanned"]


def shred_payload(
    admin: Admin, stream: tuple[UUID, UUID], sequence_number: int, *, reason: str, legacy: bool
) -> dt.datetime:
    """Destroy a payload; answers when. Raises event_not_found, payload_is_shredded."""
    (row,) = admin.rows(
        "shred_payload",
        tenant_id=stream[0],
        store_id=stream[1],
        sequence_number=sequence_number,
        reason=reason,
        stream="legacy" if legacy else "ves",
    )
    moment: dt.datetime = row["shredded_at"]
    return moment
