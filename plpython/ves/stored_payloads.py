"""Encryption at rest of payloads: the plaintext form and the additional data of each kind (VES 16).

A VES payload of kind 0 is encrypted as the received text, compressed, a legacy payload in its compact form (as the
reference stores it). A payload of kind 1 is stored as received: the client encrypted it already.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from ves.digests import at_rest_payload_aad, at_rest_ves_payload_aad
from ves.keyring import Key
from ves.legacy_ingest import LegacyEvent
from ves.prepare import PLAINTEXT, PreparedEvent


def seal_events(
    key: Key, tenant_id: UUID, store_id: UUID, events: Sequence[PreparedEvent]
) -> list[bytes | None]:
    """Return the blobs of accepted events; None where there is nothing to encrypt."""
    chosen = [event.payload_kind == PLAINTEXT and event.refusal is None for event in events]
    blobs = iter(
        key.seal(
            [
                at_rest_ves_payload_aad(tenant_id, store_id, event.event_id, event.signing_hash)
                for event, is_chosen in zip(events, chosen, strict=True)
                if is_chosen
            ],
            [event.payload for event, is_chosen in zip(events, chosen, strict=True) if is_chosen],
            compress=True,
        )
    )
    return [next(blobs) if is_chosen else None for is_chosen in chosen]


def predicted_numbers(head: int, events: Sequence[LegacyEvent]) -> list[int | None]:
    """Return the numbers that events get if nothing else is appended after the head; None for refused ones."""
    numbers: list[int | None] = []
    for event in events:
        head += event.refusal is None
        numbers.append(head if event.refusal is None else None)
    return numbers


def seal_legacy_events(
    key: Key,
    tenant_id: UUID,
    store_id: UUID,
    events: Sequence[LegacyEvent],
    sequence_numbers: Sequence[int | None],
) -> list[bytes | None]:
    """Return the blobs of events under their assigned sequence numbers; None for events without one."""
    numbered = [
        (event, number) for event, number in zip(events, sequence_numbers, strict=True) if number is not None
    ]
    blobs = iter(
        key.seal(
            [
                at_rest_payload_aad(
                    tenant_id,
                    store_id,
                    event.event_id,
                    number,
                    event.entity_type,
                    event.entity_id,
                    event.event_type,
                )
                for event, number in numbered
            ],
            [event.compact for event, _ in numbered],
        )
    )
    return [None if number is None else next(blobs) for number in sequence_numbers]
