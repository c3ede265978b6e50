"""Typed calls on a SyncDatabase. Every one raises ApiError. Generated from the database's catalog by `make generate`; do not edit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ves_edge import arrays, calls
from ves_edge.calls import SyncDatabase
from ves_edge.gen.functions import FUNCTIONS
from ves_edge.gen.records import (
    AdminAgentsRow,
    AdminOverviewRow,
    AdminStoresRow,
    AdminTenantsRow,
    ApplyDueRotationsRow,
    AuditEntry,
    AuthenticateRow,
    ClaimCursorsRow,
    Commitment,
    ComplianceProof,
    EventSchema,
    ExportEventsRow,
    FindLostWakeUpsRow,
    GetActiveSchemasRow,
    GetAgentKeysRow,
    GetComparedSchemasRow,
    GetComplianceEventRow,
    GetComplianceInputsRow,
    GetEntityHistoryRow,
    GetGroupRecipientKeysRow,
    GetReceiptWorkRow,
    GetReceiptsRow,
    GetValidityInputsRow,
    HealthRow,
    InclusionProof,
    IngestResult,
    KeyRotation,
    LegacyCommitment,
    LegacyEvent,
    ListAgentKeysRow,
    ListApiKeysRow,
    ListEncryptionGroupsRow,
    ListGroupHistoryRow,
    ListGroupMembersRow,
    ListKeyHistoryRow,
    ListKeyRotationPoliciesRow,
    ListKeyRotationsDueRow,
    ListKeyRotationsRow,
    ListMigrationsRow,
    ListSignersRow,
    ListStreamsRow,
    ProofVerdict,
    ReadPayloadsRow,
    ReencryptStep,
    TakeRateLimitRow,
    ValidityProof,
    VerifyAuditRow,
    VerifyStateRootsRow,
    VerifyStreamRow,
)


def add_group_member(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    group_id: UUID,
    agent_id: UUID,
    role: str = 'member',
    added_by: UUID | None = None,
    encryption_key_id: int | None = None,
    context: Any = None,
) -> None:
    """Adds an agent to a group, or changes its role (admin, member) or the encryption key that it is sealed
    to (null: its newest). added_by null acts for an administrator, else for an agent that must be an admin
    member. What is so already changes nothing. Errors: VE210, VE105, VE203 no such encryption key, VE007,
    VE008.
    """
    db.fetch(FUNCTIONS['add_group_member'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
        'agent_id': agent_id,
        'role': role,
        'added_by': added_by,
        'encryption_key_id': calls.to_int4(encryption_key_id),
        'context': calls.json_text(context),
    })


def admin_agents(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    max_rows: int = 200,
) -> list[AdminAgentsRow]:
    """Agents that own an API key, the latest key change first (http-api 11); permissions and store_scope are
    the widest of their keys, revoked ones too. No agent reports its position yet, so the last four columns
    are null.
    """
    rows = db.fetch(FUNCTIONS['admin_agents'], {
        'tenant_id': tenant_id,
        'max_rows': max_rows,
    })
    return calls.records(rows, AdminAgentsRow)


def admin_overview(db: SyncDatabase, *, tenant_id: UUID | None = None) -> list[AdminOverviewRow]:
    """Totals of a tenant, or of the whole system (http-api 11). Tenants, agents and keys are those of the API
    keys, revoked ones too (the bootstrap key makes the nil tenant one of them); stores, activity and
    last_activity_at count both streams; total_head_sequence and max_projection_lag are of the legacy
    streams, as in the reference, and the lag is the head as long as nothing projects; ves_head_sequence is
    of the VES streams.
    """
    rows = db.fetch(FUNCTIONS['admin_overview'], {
        'tenant_id': tenant_id,
    })
    return calls.records(rows, AdminOverviewRow)


def admin_stores(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    max_rows: int = 200,
) -> list[AdminStoresRow]:
    """Stores, the latest change first (http-api 11). head_sequence and projection_lag are of the legacy
    stream, ves_head_sequence of the VES stream. Nothing projects and no agent reports its position yet, so
    last_projected_sequence and agent_count are 0, the lag is the head and last_agent_sync_at is null.
    """
    rows = db.fetch(FUNCTIONS['admin_stores'], {
        'tenant_id': tenant_id,
        'max_rows': max_rows,
    })
    return calls.records(rows, AdminStoresRow)


def admin_tenants(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    max_rows: int = 200,
) -> list[AdminTenantsRow]:
    """Tenants that own an API key, the one with the latest key change first, with the figures of
    ves.admin_overview (http-api 11).
    """
    rows = db.fetch(FUNCTIONS['admin_tenants'], {
        'tenant_id': tenant_id,
        'max_rows': max_rows,
    })
    return calls.records(rows, AdminTenantsRow)


def advance_cursor(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    consumer: str,
    expected: int,
    done_to: int,
    pause_seconds: float = 0,
) -> int:
    """Moves a consumer's cursor from expected to done_to, never back and never beyond the stream's head; what
    is left is due after pause_seconds (done_to = expected gives a claim back). Answers the head. Call it
    in the transaction that stores the result. Errors: VE404 the cursor is not at expected, VE405 done_to
    is beyond the head.
    """
    rows = db.fetch(FUNCTIONS['advance_cursor'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'consumer': consumer,
        'expected': expected,
        'done_to': done_to,
        'pause_seconds': pause_seconds,
    })
    return calls.value(rows, int)


def apply_due_rotations(db: SyncDatabase, *, max_rotations: int = 100) -> list[ApplyDueRotationsRow]:
    """One step of the keys worker: makes the rotations that policies ask for, does up to max_rotations that
    are due, and marks keys whose window is over. Answers how many ended how. It never makes a key: a due
    key hands over to one that the agent registered, or is retired and the rotation stays in_progress until
    the agent registers one.
    """
    rows = db.fetch(FUNCTIONS['apply_due_rotations'], {
        'max_rotations': max_rotations,
    })
    return calls.records(rows, ApplyDueRotationsRow)


def authenticate(db: SyncDatabase, *, key_hash: str) -> list[AuthenticateRow]:
    """Identity of an active API key by its hash, with the credential epoch it was read at; no row otherwise."""
    rows = db.fetch(FUNCTIONS['authenticate'], {
        'key_hash': key_hash,
    })
    return calls.records(rows, AuthenticateRow)


def can_agent_decrypt_from_group(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    group_id: UUID,
    agent_id: UUID,
) -> bool:
    """Whether an agent is a member of an active group now. Says nothing of its keys, nor of what was sealed
    to it earlier.
    """
    rows = db.fetch(FUNCTIONS['can_agent_decrypt_from_group'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
        'agent_id': agent_id,
    })
    return calls.value(rows, bool)


def cancel_key_rotation(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    rotation_id: UUID,
    context: Any = None,
) -> bool:
    """Cancels a rotation that is not done; whether there was one. A key that is retired already stays so."""
    rows = db.fetch(FUNCTIONS['cancel_key_rotation'], {
        'tenant_id': tenant_id,
        'rotation_id': rotation_id,
        'context': calls.json_text(context),
    })
    return calls.value(rows, bool)


def claim_cursors(
    db: SyncDatabase,
    *,
    consumer: str,
    max_streams: int = 100,
    claim_seconds: float = 30,
) -> list[ClaimCursorsRow]:
    """Streams in which a consumer has something due, the longest due first; nobody else is given them for
    claim_seconds. Streams that another transaction holds are skipped.
    """
    rows = db.fetch(FUNCTIONS['claim_cursors'], {
        'consumer': consumer,
        'max_streams': max_streams,
        'claim_seconds': claim_seconds,
    })
    return calls.records(rows, ClaimCursorsRow)


def commit_due(db: SyncDatabase, *, tenant_id: UUID, store_id: UUID) -> list[Commitment]:
    """One step of the commit worker: commits the next range of a claimed stream as its policy says
    (ves.set_commit_policy) and sets when the stream is due again; no row when another session holds the
    stream, or nothing is left. Errors: those of ves.create_commitment.
    """
    rows = db.fetch(FUNCTIONS['commit_due'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
    })
    return calls.records(rows, Commitment)


def commit_next(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    max_events: int = 1024,
) -> list[Commitment]:
    """Commits the next uncommitted range, at most max_events (default 1024) events; no row when there is
    nothing to commit.
    """
    rows = db.fetch(FUNCTIONS['commit_next'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'max_events': max_events,
    })
    return calls.records(rows, Commitment)


def count_key_usage(db: SyncDatabase, *, max_events: int = 10000) -> int:
    """One step of the keys worker: counts up to max_events sequenced events under their keys; how many it
    counted. Each event is counted once, whatever dies in between; ingest does nothing for it.
    """
    rows = db.fetch(FUNCTIONS['count_key_usage'], {
        'max_events': max_events,
    })
    return calls.value(rows, int)


def create_api_key(
    db: SyncDatabase,
    *,
    key_hash: str,
    tenant_id: UUID,
    store_ids: Sequence[UUID] = (),
    agent_id: UUID | None = None,
    can_read: bool = True,
    can_write: bool = False,
    can_admin: bool = False,
    rate_limit: int | None = None,
    context: Any = None,
) -> None:
    """Stores an API key by the lower-case hex SHA-256 of the whole key string; the key itself stays with the
    caller. The three rights are independent of each other. Audited as api_key_created. Errors: VE111
    exists, VE007.
    """
    db.fetch(FUNCTIONS['create_api_key'], {
        'key_hash': key_hash,
        'tenant_id': tenant_id,
        'store_ids': calls.as_list(store_ids),
        'agent_id': agent_id,
        'can_read': can_read,
        'can_write': can_write,
        'can_admin': can_admin,
        'rate_limit': rate_limit,
        'context': calls.json_text(context),
    })


def create_commitment(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    sequence_start: int,
    sequence_end: int,
) -> Commitment:
    """Commits a range of a stream (VES 10.3); the same range again returns the stored commitment. Errors:
    VE601 end below start, VE602 start taken with another end, VE603 not the next range, VE604 not all
    sequenced, VE608 more than 1,048,576 events.
    """
    rows = db.fetch(FUNCTIONS['create_commitment'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'sequence_start': sequence_start,
        'sequence_end': sequence_end,
    })
    return calls.record(rows, Commitment)


def create_encryption_group(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    name: str,
    description: str | None = None,
    created_by: UUID | None = None,
    context: Any = None,
) -> UUID:
    """Makes a group of agents to whom payloads are sealed together; its id. created_by becomes its first
    admin member. Errors: VE302 the tenant has a group of this name, VE007, VE008.
    """
    rows = db.fetch(FUNCTIONS['create_encryption_group'], {
        'tenant_id': tenant_id,
        'name': name,
        'description': description,
        'created_by': created_by,
        'context': calls.json_text(context),
    })
    return calls.value(rows, UUID)


def create_legacy_commitment(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    sequence_start: int,
    sequence_end: int,
) -> LegacyCommitment:
    """Commits a range of a legacy stream (VES 17.3); the state root covers every entity version at this
    moment. Errors: VE601 end below start, VE603 not the next range, VE604 not all sequenced, VE608 more
    than 1,048,576 events, VE610 start committed already.
    """
    rows = db.fetch(FUNCTIONS['create_legacy_commitment'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'sequence_start': sequence_start,
        'sequence_end': sequence_end,
    })
    return calls.record(rows, LegacyCommitment)


def delete_encryption_group(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    group_id: UUID,
    context: Any = None,
) -> None:
    """Removes a group and its memberships; its history stays. What was sealed to its members they can still
    open. Error VE210.
    """
    db.fetch(FUNCTIONS['delete_encryption_group'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
        'context': calls.json_text(context),
    })


def delete_key_rotation_policy(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID | None = None,
    key_type: str = 'signing',
    context: Any = None,
) -> bool:
    """Removes the policy of a tenant (agent_id null) or of one agent; whether there was one. Rotations that
    it made stay.
    """
    rows = db.fetch(FUNCTIONS['delete_key_rotation_policy'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_type': key_type,
        'context': calls.json_text(context),
    })
    return calls.value(rows, bool)


def delete_schema(db: SyncDatabase, *, tenant_id: UUID, schema_id: UUID, context: Any = None) -> None:
    """Deletes a schema of a tenant, at once in every process. Stored events stay as they are. Errors: VE630
    not found.
    """
    db.fetch(FUNCTIONS['delete_schema'], {
        'tenant_id': tenant_id,
        'schema_id': schema_id,
        'context': calls.json_text(context),
    })


def export_events(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    from_sequence: int,
    to_sequence: int,
) -> list[ExportEventsRow]:
    """VES events of a stream in a range of numbers: the payload as received, decrypted where it is encrypted
    at rest, null when it is encrypted to recipients or shredded. Errors: VE204 encrypted at rest in core
    mode, VE510 no usable key ring, VE512.
    """
    rows = db.fetch(FUNCTIONS['export_events'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'from_sequence': from_sequence,
        'to_sequence': to_sequence,
    })
    return calls.records(rows, ExportEventsRow)


def stream_export_events(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    from_sequence: int,
    to_sequence: int,
) -> Iterator[ExportEventsRow]:
    """As `export_events`, with rows that come as they are consumed, in one snapshot."""
    rows = db.stream(FUNCTIONS['export_events'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'from_sequence': from_sequence,
        'to_sequence': to_sequence,
    })
    return calls.stream(rows, ExportEventsRow)


def find_agent_tenant(db: SyncDatabase, *, agent_id: UUID) -> UUID | None:
    """Tenant of the agent's most recently changed API key, for the bootstrap administrator; null when it has
    none.
    """
    rows = db.fetch(FUNCTIONS['find_agent_tenant'], {
        'agent_id': agent_id,
    })
    return calls.value_or_none(rows, UUID)


def find_lost_wake_ups(
    db: SyncDatabase,
    *,
    after_tenant_id: UUID | None = None,
    after_store_id: UUID | None = None,
    max_streams: int = 1000,
) -> list[FindLostWakeUpsRow]:
    """Makes good wake-ups that were removed from the queue: looks at one page of streams after the given one
    and tells the consumers of those whose head they do not know; how many, and the last stream of the
    page, null at the end.
    """
    rows = db.fetch(FUNCTIONS['find_lost_wake_ups'], {
        'after_tenant_id': after_tenant_id,
        'after_store_id': after_store_id,
        'max_streams': max_streams,
    })
    return calls.records(rows, FindLostWakeUpsRow)


def get_active_schemas(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_types: Sequence[str],
) -> list[GetActiveSchemasRow]:
    """The schemas that ingest checks, one row for each event type asked for (nulls: none active), with the
    schema epoch of the tenant at which they were read (0: it never had a schema).
    """
    rows = db.fetch(FUNCTIONS['get_active_schemas'], {
        'tenant_id': tenant_id,
        'event_types': calls.as_list(event_types),
    })
    return calls.records(rows, GetActiveSchemasRow)


def get_agent_keys(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_ids: Sequence[UUID],
    key_ids: Sequence[int],
) -> list[GetAgentKeysRow]:
    """Key bytes for the (agent, key) pairs. They never change, so callers may cache them; status and windows
    are judged at ingest.
    """
    rows = db.fetch(FUNCTIONS['get_agent_keys'], {
        'tenant_id': tenant_id,
        'agent_ids': calls.as_list(agent_ids),
        'key_ids': calls.to_int4s(key_ids),
    })
    return calls.records(rows, GetAgentKeysRow)


def get_commitment(db: SyncDatabase, *, tenant_id: UUID, batch_id: UUID) -> list[Commitment]:
    """One commitment of a tenant; the nil tenant looks in all (bootstrap administrator). No row when there is
    none.
    """
    rows = db.fetch(FUNCTIONS['get_commitment'], {
        'tenant_id': tenant_id,
        'batch_id': batch_id,
    })
    return calls.records(rows, Commitment)


def get_compared_schemas(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_type: str,
) -> list[GetComparedSchemasRow]:
    """What an edge compares a new schema with before ves.store_schema: the newest 100 versions that are not
    archived, newest first, each beside the highest version there is (the checked_version). One row with
    nulls when there is nothing to compare with.
    """
    rows = db.fetch(FUNCTIONS['get_compared_schemas'], {
        'tenant_id': tenant_id,
        'event_type': event_type,
    })
    return calls.records(rows, GetComparedSchemasRow)


def get_compliance_event(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_id: UUID,
) -> list[GetComplianceEventRow]:
    """What a compliance proof of an event is bound to (VES 13), and the payload: its text, or the blob that
    it is encrypted in at rest; neither when it is of kind 1 or shredded. The nil tenant looks in all
    (bootstrap administrator). No row when there is none.
    """
    rows = db.fetch(FUNCTIONS['get_compliance_event'], {
        'tenant_id': tenant_id,
        'event_id': event_id,
    })
    return calls.records(rows, GetComplianceEventRow)


def get_compliance_inputs(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_id: UUID,
    policy_id: str,
    policy_params: str = '{}',
) -> list[GetComplianceInputsRow]:
    """Canonical public inputs of a compliance proof of an event and their hash (VES 13); policy_params is
    JSON text. Errors: VE001 parameters that are no JSON, VE204 in core mode, VE609 unknown event.
    """
    rows = db.fetch(FUNCTIONS['get_compliance_inputs'], {
        'tenant_id': tenant_id,
        'event_id': event_id,
        'policy_id': policy_id,
        'policy_params': policy_params,
    })
    return calls.records(rows, GetComplianceInputsRow)


def get_compliance_proof(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    proof_id: UUID,
    decrypt: bool = True,
) -> list[ComplianceProof]:
    """One compliance proof of a tenant with its bytes; the nil tenant looks in all (bootstrap administrator).
    Bytes that are encrypted at rest are decrypted unless decrypt is false. No row when there is none.
    Errors when decrypting: VE204 in core mode, VE510, VE512.
    """
    rows = db.fetch(FUNCTIONS['get_compliance_proof'], {
        'tenant_id': tenant_id,
        'proof_id': proof_id,
        'decrypt': decrypt,
    })
    return calls.records(rows, ComplianceProof)


def get_entity_history(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    entity_type: str,
    entity_id: str,
    skip: int = 0,
    max_events: int = 100,
    decrypt: bool = True,
) -> list[GetEntityHistoryRow]:
    """Legacy events of one entity in order, after the first `skip` of them, each with the total; when the
    page is empty, one row with the total and a null event. Payloads that are encrypted at rest are
    decrypted unless decrypt is false; a shredded one is null. Errors when decrypting: VE204 in core mode,
    VE510, VE512.
    """
    rows = db.fetch(FUNCTIONS['get_entity_history'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'entity_type': entity_type,
        'entity_id': entity_id,
        'skip': skip,
        'max_events': max_events,
        'decrypt': decrypt,
    })
    return calls.records(rows, GetEntityHistoryRow)


def get_group_recipient_keys(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    group_id: UUID,
) -> list[GetGroupRecipientKeysRow]:
    """To whom a payload for the group is sealed now: each member with its current key, by key number (the
    recipient_kid of VES 8); key_id is null for a member without a usable encryption key. No row when the
    group is inactive. A payload names recipients by number alone, so two members' current keys must differ
    in it. Errors: VE210, VE212 two members' keys have one number.
    """
    rows = db.fetch(FUNCTIONS['get_group_recipient_keys'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
    })
    return calls.records(rows, GetGroupRecipientKeysRow)


def get_inclusion_proof(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    sequence_number: int,
    batch_id: UUID | None = None,
) -> InclusionProof:
    """Inclusion proof of one event (VES 9.3), from stored tree levels: reads depth nodes and no event.
    batch_id null: the commitment that covers the number. Errors: VE605, VE606, VE607.
    """
    rows = db.fetch(FUNCTIONS['get_inclusion_proof'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'sequence_number': sequence_number,
        'batch_id': batch_id,
    })
    return calls.record(rows, InclusionProof)


def get_key_effective_status(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    at: datetime | None = None,
) -> str | None:
    """Status of a key at an instant (now when left out): active, not_yet_valid, expired, revoked or in_grace;
    null for an unknown key. valid_from and valid_to themselves are inside the window. A revoked key is
    revoked at every instant (VES 6.2).
    """
    rows = db.fetch(FUNCTIONS['get_key_effective_status'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'at': at,
    })
    return calls.value_or_none(rows, str)


def get_latest_schema(db: SyncDatabase, *, tenant_id: UUID, event_type: str) -> list[EventSchema]:
    """The newest active schema of an event type, the one that ingest checks. No row when there is none."""
    rows = db.fetch(FUNCTIONS['get_latest_schema'], {
        'tenant_id': tenant_id,
        'event_type': event_type,
    })
    return calls.records(rows, EventSchema)


def get_legacy_commitment(db: SyncDatabase, *, tenant_id: UUID, batch_id: UUID) -> list[LegacyCommitment]:
    """One legacy commitment of a tenant; the nil tenant looks in all (bootstrap administrator). No row when
    there is none.
    """
    rows = db.fetch(FUNCTIONS['get_legacy_commitment'], {
        'tenant_id': tenant_id,
        'batch_id': batch_id,
    })
    return calls.records(rows, LegacyCommitment)


def get_legacy_head(db: SyncDatabase, *, tenant_id: UUID, store_id: UUID) -> int:
    """Highest number of a legacy stream; 0 for an unknown one."""
    rows = db.fetch(FUNCTIONS['get_legacy_head'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
    })
    return calls.value(rows, int)


def get_legacy_inclusion_proof(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    sequence_number: int,
    batch_id: UUID | None,
) -> InclusionProof:
    """Inclusion proof of one legacy event (VES 17.3) from stored tree levels; merkle_root is the events_root.
    The directions are those of the levels that have a sibling, so folding with them is right for nodes
    that moved up too. Errors: VE605, VE606, VE607.
    """
    rows = db.fetch(FUNCTIONS['get_legacy_inclusion_proof'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'sequence_number': sequence_number,
        'batch_id': batch_id,
    })
    return calls.record(rows, InclusionProof)


def get_next_agent_key_id(db: SyncDatabase, *, tenant_id: UUID, agent_id: UUID) -> int:
    """The number after the highest one that the agent has used, from 1. After 4294967295 it answers
    4294967296, which no function takes.
    """
    rows = db.fetch(FUNCTIONS['get_next_agent_key_id'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
    })
    return calls.value(rows, int)


def get_receipt(db: SyncDatabase, *, tenant_id: UUID, event_id: UUID) -> Any:
    """Receipt of one event in the wire form (VES 11), null when the event is unknown. sequencerSignature is
    null until the signature is stored.
    """
    rows = db.fetch(FUNCTIONS['get_receipt'], {
        'tenant_id': tenant_id,
        'event_id': event_id,
    })
    return rows[0][0]


def get_receipt_work(
    db: SyncDatabase,
    *,
    max_events: int = 1000,
    min_age_seconds: float = 2,
) -> list[GetReceiptWorkRow]:
    """Events without a stored receipt (VES 11) and older than min_age_seconds: those that an API process
    lost, or that a trusted service ingested. At most max_events, of the streams first that were not
    answered for the longest time.
    """
    rows = db.fetch(FUNCTIONS['get_receipt_work'], {
        'max_events': max_events,
        'min_age_seconds': min_age_seconds,
    })
    return calls.records(rows, GetReceiptWorkRow)


def get_receipts(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    from_sequence: int,
    to_sequence: int,
) -> list[GetReceiptsRow]:
    """Receipts of a range, at most 10,000, in the wire form (VES 11). sequencerSignature is null until the
    signature is stored.
    """
    rows = db.fetch(FUNCTIONS['get_receipts'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'from_sequence': from_sequence,
        'to_sequence': to_sequence,
    })
    return calls.records(rows, GetReceiptsRow)


def get_schema(db: SyncDatabase, *, tenant_id: UUID, schema_id: UUID) -> list[EventSchema]:
    """One schema of a tenant; the nil tenant looks in all (bootstrap administrator). No row when there is
    none.
    """
    rows = db.fetch(FUNCTIONS['get_schema'], {
        'tenant_id': tenant_id,
        'schema_id': schema_id,
    })
    return calls.records(rows, EventSchema)


def get_validity_inputs(db: SyncDatabase, *, tenant_id: UUID, batch_id: UUID) -> list[GetValidityInputsRow]:
    """Canonical public inputs of a validity proof of a commitment and their hash (VES 12); the nil tenant
    looks in all (bootstrap administrator). No row when there is no such commitment.
    """
    rows = db.fetch(FUNCTIONS['get_validity_inputs'], {
        'tenant_id': tenant_id,
        'batch_id': batch_id,
    })
    return calls.records(rows, GetValidityInputsRow)


def get_validity_proof(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    proof_id: UUID,
    decrypt: bool = True,
) -> list[ValidityProof]:
    """One validity proof of a tenant with its bytes; the nil tenant looks in all (bootstrap administrator).
    Bytes that are encrypted at rest are decrypted unless decrypt is false. No row when there is none.
    Errors when decrypting: VE204 in core mode, VE510, VE512.
    """
    rows = db.fetch(FUNCTIONS['get_validity_proof'], {
        'tenant_id': tenant_id,
        'proof_id': proof_id,
        'decrypt': decrypt,
    })
    return calls.records(rows, ValidityProof)


def health(db: SyncDatabase) -> list[HealthRow]:
    """Engine version and mode, server version, durability settings of this session."""
    rows = db.fetch(FUNCTIONS['health'], {})
    return calls.records(rows, HealthRow)


def increment_key_usage(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    key_type: str = 'encryption',
    uses: int = 1,
) -> int:
    """Tells the engine that something was sealed to an encryption key, which it cannot see; the uses told so
    far. Signing is counted from the log by the keys worker. Errors: VE203 no such encryption key, VE007.
    """
    rows = db.fetch(FUNCTIONS['increment_key_usage'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'key_type': key_type,
        'uses': uses,
    })
    return calls.value(rows, int)


def ingest_events(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    signer_id: int,
    auth_epoch: int | None,
    event_ids: arrays.UuidArray,
    command_ids: arrays.UuidArray,
    agent_ids: arrays.UuidArray,
    agent_key_ids: arrays.Int4Array,
    entity_types: arrays.TextArray,
    entity_ids: arrays.TextArray,
    event_types: arrays.TextArray,
    created_at_texts: arrays.TextArray,
    created_at_micros: arrays.Int8Array,
    payload_kinds: arrays.Int2Array,
    payloads: arrays.JsonArray | None,
    base_versions: arrays.Int8Array,
    signature_schemes: arrays.Int2Array,
    signature_bundles: arrays.BytesArray,
    digests: bytes,
    refusals: arrays.TextArray | None,
    refusal_messages: arrays.TextArray | None,
    schema_epoch: int | None = None,
    payloads_at_rest: arrays.BytesArray | None = None,
    payload_key_ids: arrays.BytesArray | None = None,
) -> IngestResult:
    """Appends one batch to one stream (VES 14, 15); one transaction, gap-free numbers, partial acceptance.
    The caller has decoded, hashed and verified the events: refusals[i] is null, the reason of step 5, 6 or
    8, or schema_validation; of these only invalid_signature and schema_validation, judged of an event that
    is right in itself, give way to an exact replay. An array that is null or shorter means nulls; an
    event's payload stands in payloads or, encrypted (VES 16), in payloads_at_rest with the id of its key.
    digests holds 160 bytes an event: plain hash, cipher hash, signing hash, signature. auth_epoch null:
    the caller has no cached credentials. schema_epoch is that of ves.get_active_schemas, null if no schema
    was looked at. Errors: VE109 credentials changed, VE634 schemas changed (nothing stored), VE401, VE502;
    23505 when another store of the tenant stores the same event_id at this moment (repeat the call).
    """
    rows = db.fetch(FUNCTIONS['ingest_events'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'signer_id': signer_id,
        'auth_epoch': auth_epoch,
        'event_ids': event_ids,
        'command_ids': command_ids,
        'agent_ids': agent_ids,
        'agent_key_ids': agent_key_ids,
        'entity_types': entity_types,
        'entity_ids': entity_ids,
        'event_types': event_types,
        'created_at_texts': created_at_texts,
        'created_at_micros': created_at_micros,
        'payload_kinds': payload_kinds,
        'payloads': payloads,
        'base_versions': base_versions,
        'signature_schemes': signature_schemes,
        'signature_bundles': signature_bundles,
        'digests': digests,
        'refusals': refusals,
        'refusal_messages': refusal_messages,
        'schema_epoch': schema_epoch,
        'payloads_at_rest': payloads_at_rest,
        'payload_key_ids': payload_key_ids,
    })
    return calls.record(rows, IngestResult)


def ingest_legacy_events(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    auth_epoch: int | None,
    source_agent: UUID,
    event_ids: arrays.UuidArray,
    command_ids: arrays.UuidArray,
    entity_types: arrays.TextArray,
    entity_ids: arrays.TextArray,
    event_types: arrays.TextArray,
    created_at_micros: arrays.Int8Array,
    payloads: arrays.JsonArray,
    payload_hashes: bytes,
    base_versions: arrays.Int8Array,
    envelope_versions: arrays.Int8Array,
    signatures: arrays.BytesArray,
    refusals: arrays.TextArray,
    refusal_messages: arrays.TextArray,
    schema_epoch: int | None = None,
    payloads_at_rest: arrays.BytesArray | None = None,
    payload_key_ids: arrays.BytesArray | None = None,
    sealed_for: arrays.Int8Array | None = None,
) -> IngestResult:
    """Appends one batch of legacy events to one stream (VES 17.2); one transaction, gap-free numbers of their
    own, partial acceptance; entity versions are shared with the VES stream. The caller has decoded the
    events and computed payload_hashes (32 bytes an event): refusals[i] is null or a reason found before. A
    null array means nulls; a payload stands in payloads or, encrypted (VES 16), in payloads_at_rest with
    the id of its key, and sealed_for then says for which number (null: none expected). A stored event_id
    is refused even if nothing differs. schema_epoch is that of ves.get_active_schemas, null if no schema
    was looked at. Errors: VE109 credentials changed, VE634 schemas changed (nothing stored), VE401, VE403
    other numbers than sealed_for (nothing stored; the detail has the right ones), VE502; 23505 when
    another store of the tenant stores the same event_id at this moment (repeat the call).
    """
    rows = db.fetch(FUNCTIONS['ingest_legacy_events'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'auth_epoch': auth_epoch,
        'source_agent': source_agent,
        'event_ids': event_ids,
        'command_ids': command_ids,
        'entity_types': entity_types,
        'entity_ids': entity_ids,
        'event_types': event_types,
        'created_at_micros': created_at_micros,
        'payloads': payloads,
        'payload_hashes': payload_hashes,
        'base_versions': base_versions,
        'envelope_versions': envelope_versions,
        'signatures': signatures,
        'refusals': refusals,
        'refusal_messages': refusal_messages,
        'schema_epoch': schema_epoch,
        'payloads_at_rest': payloads_at_rest,
        'payload_key_ids': payload_key_ids,
        'sealed_for': sealed_for,
    })
    return calls.record(rows, IngestResult)


def ingest_legacy_request(db: SyncDatabase, *, request: str) -> Any:
    """Ingests a legacy batch, the JSON text of POST /api/v1/events/ingest as received, and answers the same
    JSON (VES 17.2); payload hashes are computed here, payloads checked against the tenant's active schemas
    (mode: ves.set_schema_validation_mode). Payloads are encrypted at rest as the key ring of the server
    says. Errors: VE204 in core mode, VE510 no usable key ring, VE511 encryption required without a key,
    VE001-VE012 for a refused request, those of ves.ingest_legacy_events.
    """
    rows = db.fetch(FUNCTIONS['ingest_legacy_request'], {
        'request': request,
    })
    return rows[0][0]


def ingest_signed_events(db: SyncDatabase, *, request: Any) -> Any:
    """ves.ingest_signed_request for a jsonb value: the same answer and errors."""
    rows = db.fetch(FUNCTIONS['ingest_signed_events'], {
        'request': calls.json_text(request),
    })
    return rows[0][0]


def ingest_signed_request(db: SyncDatabase, *, request: str) -> Any:
    """Ingests a signed batch, the JSON text of POST /api/v1/ves/events/ingest ({agentId, events}) as
    received, verifying every signature inside the database (VES 14) and checking payloads against the
    tenant's active schemas (operations 6.3; mode: ves.set_schema_validation_mode). Answers the same JSON,
    with receipts that are not signed yet. Payloads are encrypted at rest as the key ring of the server
    says. Errors: VE204 in core mode, VE510 no usable key ring, VE511 encryption required without a key,
    VE205 no signer registered, VE001-VE012 for a refused request.
    """
    rows = db.fetch(FUNCTIONS['ingest_signed_request'], {
        'request': request,
    })
    return rows[0][0]


def is_agent_key_valid(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    at: datetime | None = None,
) -> bool:
    """Whether a signature under this key would be accepted at an instant (now when left out): the key is
    active or in its grace period. False for an unknown key.
    """
    rows = db.fetch(FUNCTIONS['is_agent_key_valid'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'at': at,
    })
    return calls.value(rows, bool)


def is_key_in_grace_period(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    at: datetime | None = None,
) -> bool:
    """Whether a key was rotated and still verifies at an instant (now when left out). False for an unknown
    key.
    """
    rows = db.fetch(FUNCTIONS['is_key_in_grace_period'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'at': at,
    })
    return calls.value(rows, bool)


def list_agent_keys(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID | None = None,
    key_type: str | None = None,
    at: datetime | None = None,
) -> list[ListAgentKeysRow]:
    """Agent keys by agent and key number, at most 1,000 (VES 6.2). status is the effective one at an instant
    (now when left out), as ves.get_key_effective_status tells it. key_type signing or encryption limits
    the list.
    """
    rows = db.fetch(FUNCTIONS['list_agent_keys'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_type': key_type,
        'at': at,
    })
    return calls.records(rows, ListAgentKeysRow)


def list_api_keys(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID | None = None,
) -> list[ListApiKeysRow]:
    """API keys of a tenant (of an agent, if named), revoked ones too; hashes are cut to 16 digits."""
    rows = db.fetch(FUNCTIONS['list_api_keys'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
    })
    return calls.records(rows, ListApiKeysRow)


def list_audit(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    action: str | None = None,
    actor: str | None = None,
    resource_type: str | None = None,
    resource_id: str | None = None,
    from_time: datetime | None = None,
    to_time: datetime | None = None,
    success: bool | None = None,
    after_tenant: UUID | None = None,
    after_number: int | None = None,
    max_rows: int = 100,
    newest_first: bool = False,
) -> list[AuditEntry]:
    """Entries of the audit log in the order of tenant and number, or the other way round; from_time
    inclusive, to_time exclusive; every filter null means any. At most max_rows (1 to 1000); the next page
    starts after the tenant_id and number of the last row. Numbers have no gaps, so whoever follows them
    misses nothing. Errors: VE007.
    """
    rows = db.fetch(FUNCTIONS['list_audit'], {
        'tenant_id': tenant_id,
        'action': action,
        'actor': actor,
        'resource_type': resource_type,
        'resource_id': resource_id,
        'from_time': from_time,
        'to_time': to_time,
        'success': success,
        'after_tenant': after_tenant,
        'after_number': after_number,
        'max_rows': max_rows,
        'newest_first': newest_first,
    })
    return calls.records(rows, AuditEntry)


def list_commitments(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    only_unanchored: bool = True,
) -> list[Commitment]:
    """Commitments of a stream, oldest first; by default only those without a chain transaction (VES 10.3)."""
    rows = db.fetch(FUNCTIONS['list_commitments'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'only_unanchored': only_unanchored,
    })
    return calls.records(rows, Commitment)


def list_compliance_proofs(db: SyncDatabase, *, tenant_id: UUID, event_id: UUID) -> list[ComplianceProof]:
    """Compliance proofs of an event, oldest first, without their bytes."""
    rows = db.fetch(FUNCTIONS['list_compliance_proofs'], {
        'tenant_id': tenant_id,
        'event_id': event_id,
    })
    return calls.records(rows, ComplianceProof)


def list_encryption_groups(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    group_id: UUID | None = None,
    agent_id: UUID | None = None,
) -> list[ListEncryptionGroupsRow]:
    """Groups of a tenant by name, at most 1,000: one of them, or those that an agent is in, when named."""
    rows = db.fetch(FUNCTIONS['list_encryption_groups'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
        'agent_id': agent_id,
    })
    return calls.records(rows, ListEncryptionGroupsRow)


def list_group_history(db: SyncDatabase, *, tenant_id: UUID, group_id: UUID) -> list[ListGroupHistoryRow]:
    """What happened to a group and its members, the latest first, at most 1,000; also of a group that is
    gone.
    """
    rows = db.fetch(FUNCTIONS['list_group_history'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
    })
    return calls.records(rows, ListGroupHistoryRow)


def list_group_members(db: SyncDatabase, *, tenant_id: UUID, group_id: UUID) -> list[ListGroupMembersRow]:
    """Members of a group, at most 1,000; encryption_key_id is the key that a member wants, null for its
    newest.
    """
    rows = db.fetch(FUNCTIONS['list_group_members'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
    })
    return calls.records(rows, ListGroupMembersRow)


def list_key_history(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID | None = None,
) -> list[ListKeyHistoryRow]:
    """What happened to the keys of a tenant (of an agent, if named), the latest first, at most 1,000."""
    rows = db.fetch(FUNCTIONS['list_key_history'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
    })
    return calls.records(rows, ListKeyHistoryRow)


def list_key_rotation_policies(db: SyncDatabase, *, tenant_id: UUID) -> list[ListKeyRotationPoliciesRow]:
    """Rotation policies of a tenant, the tenant's own first, at most 1,000."""
    rows = db.fetch(FUNCTIONS['list_key_rotation_policies'], {
        'tenant_id': tenant_id,
    })
    return calls.records(rows, ListKeyRotationPoliciesRow)


def list_key_rotations(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID | None = None,
) -> list[ListKeyRotationsRow]:
    """Scheduled rotations of a tenant (of an agent, if named), the latest first, at most 1,000. in_progress:
    the old key is retired and the agent has to register a new one.
    """
    rows = db.fetch(FUNCTIONS['list_key_rotations'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
    })
    return calls.records(rows, ListKeyRotationsRow)


def list_key_rotations_due(db: SyncDatabase, *, tenant_id: UUID) -> list[ListKeyRotationsDueRow]:
    """Keys of a tenant that a rotation policy makes due now (is_due) or soon, at most 1,000. due_at is the
    instant by age, null for a key due by use alone; successor_key_id a later key that could take over.
    """
    rows = db.fetch(FUNCTIONS['list_key_rotations_due'], {
        'tenant_id': tenant_id,
    })
    return calls.records(rows, ListKeyRotationsDueRow)


def list_legacy_commitments(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    only_unanchored: bool = True,
) -> list[LegacyCommitment]:
    """Commitments of a legacy stream, oldest first; by default only those without a chain transaction (VES
    17.3).
    """
    rows = db.fetch(FUNCTIONS['list_legacy_commitments'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'only_unanchored': only_unanchored,
    })
    return calls.records(rows, LegacyCommitment)


def list_legacy_events(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    from_sequence: int = 1,
    max_events: int = 100,
    decrypt: bool = True,
) -> list[LegacyEvent]:
    """The events of a legacy stream numbered from_sequence to from_sequence + max_events - 1 (a window of
    numbers, not the next so many rows; numbers start at 1). Payloads that are encrypted at rest are
    decrypted unless decrypt is false; a shredded one is null. Errors: VE402 an event of the window is
    missing; when decrypting VE204 in core mode, VE510 no usable key ring, VE512.
    """
    rows = db.fetch(FUNCTIONS['list_legacy_events'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'from_sequence': from_sequence,
        'max_events': max_events,
        'decrypt': decrypt,
    })
    return calls.records(rows, LegacyEvent)


def list_migrations(db: SyncDatabase) -> list[ListMigrationsRow]:
    """The migrations that ran in this database, in their order: name, SHA-256, breaking level, duration in
    seconds, instant. An edge whose release knows a lower breaking level than the highest one here must not
    start.
    """
    rows = db.fetch(FUNCTIONS['list_migrations'], {})
    return calls.records(rows, ListMigrationsRow)


def list_schema_versions(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_type: str,
    version: int | None = None,
) -> list[EventSchema]:
    """Versions of an event type's schema, newest first, at most 1000; only one of them if version is given."""
    rows = db.fetch(FUNCTIONS['list_schema_versions'], {
        'tenant_id': tenant_id,
        'event_type': event_type,
        'version': version,
    })
    return calls.records(rows, EventSchema)


def list_schemas(db: SyncDatabase, *, tenant_id: UUID, max_schemas: int = 1000) -> list[EventSchema]:
    """Schemas of a tenant by event type (byte order), newest version first; at most 1000."""
    rows = db.fetch(FUNCTIONS['list_schemas'], {
        'tenant_id': tenant_id,
        'max_schemas': max_schemas,
    })
    return calls.records(rows, EventSchema)


def list_signers(db: SyncDatabase) -> list[ListSignersRow]:
    """Every sequencer identity that ever issued receipts, with the key that they verify under: public_key is
    null for algorithm none (VES 11).
    """
    rows = db.fetch(FUNCTIONS['list_signers'], {})
    return calls.records(rows, ListSignersRow)


def list_streams(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    store_id: UUID | None = None,
) -> list[ListStreamsRow]:
    """Streams with their heads and how far they are committed: all, those of a tenant, or one."""
    rows = db.fetch(FUNCTIONS['list_streams'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
    })
    return calls.records(rows, ListStreamsRow)


def list_validity_proofs(db: SyncDatabase, *, tenant_id: UUID, batch_id: UUID) -> list[ValidityProof]:
    """Validity proofs of a commitment, oldest first, without their bytes."""
    rows = db.fetch(FUNCTIONS['list_validity_proofs'], {
        'tenant_id': tenant_id,
        'batch_id': batch_id,
    })
    return calls.records(rows, ValidityProof)


def open_cursor(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    consumer: str,
    done_to: int = 0,
) -> int:
    """Makes a consumer follow a stream after done_to, if it does not yet; how far it has come. Errors: VE405
    done_to is beyond the stream's head, VE007 a reserved name, VE008.
    """
    rows = db.fetch(FUNCTIONS['open_cursor'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'consumer': consumer,
        'done_to': done_to,
    })
    return calls.value(rows, int)


def probe_write(db: SyncDatabase) -> None:
    """Fails with 25006 where this session may not write (a standby, default_transaction_read_only); writes
    nothing. http-api 11.
    """
    db.fetch(FUNCTIONS['probe_write'], {})


def read_payloads(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    from_sequence: int = 1,
    max_events: int = 100,
) -> list[ReadPayloadsRow]:
    """Payloads of VES events from a number on, decrypted where they are encrypted at rest; at most 10,000.
    state: plaintext, encrypted_at_rest (how it is stored; the payload is the text received),
    encrypted_to_recipients (payload is the VES-ENC-1 object), shredded (payload is null). Errors: VE204
    encrypted at rest in core mode, VE510 no usable key ring, VE512.
    """
    rows = db.fetch(FUNCTIONS['read_payloads'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'from_sequence': from_sequence,
        'max_events': max_events,
    })
    return calls.records(rows, ReadPayloadsRow)


def rebuild_key_usage(db: SyncDatabase, *, tenant_id: UUID, context: Any = None) -> int:
    """Counts the signing uses of a tenant's keys anew from the log, as far as they were counted; how many.
    The worker goes on from there. Reads every event of the tenant.
    """
    rows = db.fetch(FUNCTIONS['rebuild_key_usage'], {
        'tenant_id': tenant_id,
        'context': calls.json_text(context),
    })
    return calls.value(rows, int)


def record_audit(
    db: SyncDatabase,
    *,
    action: str,
    tenant_id: UUID | None,
    resource_type: str,
    resource_id: str | None,
    details: Any = None,
    success: bool = True,
    error_message: str | None = None,
    context: Any = None,
) -> None:
    """Writes an audit entry for what changes nothing in the database: logins, custom:<name>, and attempts
    that failed (a failed change rolls its own entry back). A success of any other action is written only
    by the function that does it. Errors: VE007.
    """
    db.fetch(FUNCTIONS['record_audit'], {
        'action': action,
        'tenant_id': tenant_id,
        'resource_type': resource_type,
        'resource_id': resource_id,
        'details': calls.json_text(details),
        'success': success,
        'error_message': error_message,
        'context': calls.json_text(context),
    })


def reencrypt_events(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    store_id: UUID | None = None,
    batch_size: int = 500,
    cursor: Any = None,
    dry_run: bool = False,
    force: bool = False,
    context: Any = None,
) -> ReencryptStep:
    """Re-encrypts one batch of stored payloads, the VES stream first, then the legacy one, under the current
    keys of the server's key ring (VES 16); all tenants, one, or one store. Rows under the current key are
    skipped unless force; rows in plaintext are encrypted; rows that another transaction holds are left for
    the next run. Content that does not open or does not match its hash stops the batch (nothing of it is
    changed). Each call is one transaction: after a kill start again without a cursor. Errors: VE007
    batch_size, VE204 in core mode, VE510, VE511 no key, VE512.
    """
    rows = db.fetch(FUNCTIONS['reencrypt_events'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'batch_size': batch_size,
        'cursor': calls.json_text(cursor),
        'dry_run': dry_run,
        'force': force,
        'context': calls.json_text(context),
    })
    return calls.record(rows, ReencryptStep)


def reencrypt_ves_compliance_proofs(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    store_id: UUID | None = None,
    batch_size: int = 200,
    cursor: Any = None,
    dry_run: bool = False,
    force: bool = False,
    context: Any = None,
) -> ReencryptStep:
    """Re-encrypts one batch of stored compliance proofs under the current keys of the server's key ring (VES
    16); all tenants, one, or one store. Rows under the current key are skipped unless force; rows in
    plaintext are encrypted; rows that another transaction holds are left for the next run. Content that
    does not open or does not match its hash stops the batch (nothing of it is changed). Each call is one
    transaction: after a kill start again without a cursor. Errors: VE007 batch_size, VE204 in core mode,
    VE510, VE511 no key, VE512.
    """
    rows = db.fetch(FUNCTIONS['reencrypt_ves_compliance_proofs'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'batch_size': batch_size,
        'cursor': calls.json_text(cursor),
        'dry_run': dry_run,
        'force': force,
        'context': calls.json_text(context),
    })
    return calls.record(rows, ReencryptStep)


def reencrypt_ves_validity_proofs(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    store_id: UUID | None = None,
    batch_size: int = 200,
    cursor: Any = None,
    dry_run: bool = False,
    force: bool = False,
    context: Any = None,
) -> ReencryptStep:
    """Re-encrypts one batch of stored validity proofs under the current keys of the server's key ring (VES
    16); all tenants, one, or one store. Rows under the current key are skipped unless force; rows in
    plaintext are encrypted; rows that another transaction holds are left for the next run. Content that
    does not open or does not match its hash stops the batch (nothing of it is changed). Each call is one
    transaction: after a kill start again without a cursor. Errors: VE007 batch_size, VE204 in core mode,
    VE510, VE511 no key, VE512.
    """
    rows = db.fetch(FUNCTIONS['reencrypt_ves_validity_proofs'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'batch_size': batch_size,
        'cursor': calls.json_text(cursor),
        'dry_run': dry_run,
        'force': force,
        'context': calls.json_text(context),
    })
    return calls.record(rows, ReencryptStep)


def register_agent(
    db: SyncDatabase,
    *,
    key_hash: str,
    tenant_id: UUID,
    agent_id: UUID,
    store_ids: Sequence[UUID] = (),
    can_write: bool = True,
    rate_limit: int | None = None,
    details: Any = None,
    context: Any = None,
) -> None:
    """Stores the first API key of an agent that registered itself, in a tenant of its own (http-api 7.1): it
    may read, and write if told, never administer. Audited as custom:agent_registered with the details.
    Errors: VE111 exists, VE007.
    """
    db.fetch(FUNCTIONS['register_agent'], {
        'key_hash': key_hash,
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'store_ids': calls.as_list(store_ids),
        'can_write': can_write,
        'rate_limit': rate_limit,
        'details': calls.json_text(details),
        'context': calls.json_text(context),
    })


def register_agent_key(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    public_key: bytes,
    key_algorithm: int = 1,
    public_key_bundle: bytes | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    proof_of_possession: bytes | None = None,
    proof_of_possession_bundle: bytes | None = None,
    context: Any = None,
) -> None:
    """Registers an agent's public key (VES 6.2 to 6.4). key_id is the unsigned number by bit pattern;
    public_key has 32 bytes (null for ML-DSA-65 and ML-KEM-768); public_key_bundle is JSON text with arrays
    of numbers and is needed from algorithm 3 up; proof_of_possession is the Ed25519 (algorithm 1,
    optional) or ML-DSA-65 signature (algorithm 3) of the challenge, proof_of_possession_bundle the JSON
    text of both (algorithms 3 and 5). Keys that no honest holder has are refused. Nothing is ever
    overwritten. Errors: VE301 the number is taken (identical: by the same bytes), VE201, VE202, VE204 a
    proof in core mode, VE007, VE008.
    """
    db.fetch(FUNCTIONS['register_agent_key'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'public_key': public_key,
        'key_algorithm': key_algorithm,
        'public_key_bundle': public_key_bundle,
        'valid_from': valid_from,
        'valid_to': valid_to,
        'proof_of_possession': proof_of_possession,
        'proof_of_possession_bundle': proof_of_possession_bundle,
        'context': calls.json_text(context),
    })


def register_schema(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_type: str,
    schema_json: str,
    description: str | None = None,
    compatibility: str | None = None,
    context: Any = None,
) -> EventSchema:
    """Registers the next version of an event type's JSON Schema: it must compile and, if a compatibility mode
    is stated (backward, forward, full), fit the earlier versions (operations 6.2). Without one nothing is
    compared and backward is stored. Errors: VE631 does not compile or is too costly, VE632 incompatible,
    VE633 over 100 KiB, VE007, VE204 in core mode.
    """
    rows = db.fetch(FUNCTIONS['register_schema'], {
        'tenant_id': tenant_id,
        'event_type': event_type,
        'schema_json': schema_json,
        'description': description,
        'compatibility': compatibility,
        'context': calls.json_text(context),
    })
    return calls.record(rows, EventSchema)


def register_signer(
    db: SyncDatabase,
    *,
    sequencer_id: UUID,
    key_version: int,
    algorithm: str,
    public_key: bytes | None,
    context: Any = None,
) -> int:
    """Names a receipt signer; the same values answer the same signer_id. A new one is audited as an action on
    the whole system. Error VE206: another key under the same id and version (raise the version).
    """
    rows = db.fetch(FUNCTIONS['register_signer'], {
        'sequencer_id': sequencer_id,
        'key_version': key_version,
        'algorithm': algorithm,
        'public_key': public_key,
        'context': calls.json_text(context),
    })
    return calls.value(rows, int)


def remove_group_member(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    group_id: UUID,
    agent_id: UUID,
    removed_by: UUID | None = None,
    context: Any = None,
) -> None:
    """Removes an agent from a group: ves.get_group_recipient_keys names it no more. It can still open what
    was sealed to it before. removed_by null acts for an administrator, else for an admin member or the
    agent itself. Errors: VE210, VE211 it is no member, VE105.
    """
    db.fetch(FUNCTIONS['remove_group_member'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
        'agent_id': agent_id,
        'removed_by': removed_by,
        'context': calls.json_text(context),
    })


def require_api_key(db: SyncDatabase) -> None:
    """Refuses (VE908) while no active API key exists: a server that demands authentication and knows no other
    credential would serve nobody (operations 2.3).
    """
    db.fetch(FUNCTIONS['require_api_key'], {})


def revoke_agent_key(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    reason: str | None = None,
    context: Any = None,
) -> datetime:
    """Revokes an agent key; every later ingest call in any process refuses it. Answers the instant; a repeat
    keeps the first one and changes nothing. reason has at most 1,024 bytes. Errors: VE203, VE007.
    """
    rows = db.fetch(FUNCTIONS['revoke_agent_key'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'reason': reason,
        'context': calls.json_text(context),
    })
    return calls.value(rows, datetime)


def revoke_api_key(
    db: SyncDatabase,
    *,
    key_hash_prefix: str,
    tenant_id: UUID,
    agent_id: UUID | None = None,
    context: Any = None,
) -> int:
    """Revokes the tenant's first key (of an agent, if named) whose hash starts with the prefix of 8 to 64 hex
    digits; answers 1 or 0. Takes effect in every process at commit, for ever. Audited as api_key_revoked.
    Errors: VE007.
    """
    rows = db.fetch(FUNCTIONS['revoke_api_key'], {
        'key_hash_prefix': key_hash_prefix,
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'context': calls.json_text(context),
    })
    return calls.value(rows, int)


def rotate_agent_key(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    new_key_id: int,
    public_key: bytes | None = None,
    key_algorithm: int | None = None,
    public_key_bundle: bytes | None = None,
    valid_to: datetime | None = None,
    grace_period: timedelta | None = None,
    revoke_old: bool = False,
    reason: str = 'manual',
    proof_of_possession: bytes | None = None,
    proof_of_possession_bundle: bytes | None = None,
    context: Any = None,
) -> KeyRotation:
    """Rotates an active key: the new one is registered (its bytes and proof as in ves.register_agent_key;
    key_algorithm of the old key when null) or, without bytes, already is; the old one expires now and
    still verifies for grace_period (null: the policy's, else 72 hours), or is revoked at once (revoke_old,
    or reason compromise). reason: age_limit, usage_limit, manual, expiry, compromise, policy_change. One
    transaction. Errors: VE203, VE208 a key is not active, VE301, VE201, VE202, VE204, VE007, VE008.
    """
    rows = db.fetch(FUNCTIONS['rotate_agent_key'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'new_key_id': calls.to_int4(new_key_id),
        'public_key': public_key,
        'key_algorithm': key_algorithm,
        'public_key_bundle': public_key_bundle,
        'valid_to': valid_to,
        'grace_period': grace_period,
        'revoke_old': revoke_old,
        'reason': reason,
        'proof_of_possession': proof_of_possession,
        'proof_of_possession_bundle': proof_of_possession_bundle,
        'context': calls.json_text(context),
    })
    return calls.record(rows, KeyRotation)


def schedule_key_rotation(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    scheduled_at: datetime,
    reason: str = 'manual',
    new_key_id: int | None = None,
    context: Any = None,
) -> UUID:
    """Has the keys worker retire a key at an instant, in favour of new_key_id or of a later key of the agent;
    with reason compromise it is revoked, else it has the policy's grace period. A key has one open
    rotation: calling again changes it. Errors: VE203, VE208, VE007, VE008.
    """
    rows = db.fetch(FUNCTIONS['schedule_key_rotation'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'scheduled_at': scheduled_at,
        'reason': reason,
        'new_key_id': calls.to_int4(new_key_id),
        'context': calls.json_text(context),
    })
    return calls.value(rows, UUID)


def server_identity(db: SyncDatabase) -> str:
    """The server's system identifier and this database's oid: equal on a primary and its streaming replicas,
    different on every other server or database. The API asks it before it believes a replica.
    """
    rows = db.fetch(FUNCTIONS['server_identity'], {})
    return calls.value(rows, str)


def server_is_durable(db: SyncDatabase) -> bool:
    """True: a commit of this session is flushed before it is answered. Raises VE901 when fsync,
    full_page_writes or this session's synchronous_commit is off.
    """
    rows = db.fetch(FUNCTIONS['server_is_durable'], {})
    return calls.value(rows, bool)


def set_audit_log(db: SyncDatabase, *, enabled: bool, context: Any = None) -> bool:
    """Turns the audit log on or off for the whole database (AUDIT_LOG_ENABLED) and audits that, in either
    direction; whether anything changed. Errors: VE007.
    """
    rows = db.fetch(FUNCTIONS['set_audit_log'], {
        'enabled': enabled,
        'context': calls.json_text(context),
    })
    return calls.value(rows, bool)


def set_commit_policy(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None,
    store_id: UUID | None,
    mode: str,
    max_events: int | None = None,
    max_age: timedelta | None = None,
    context: Any = None,
) -> None:
    """Says who commits a stream (VES 10.3); tenant_id and store_id null: every stream without a policy of its
    own (manual at first). manual: only who asks (ves.commit_next, ves.create_commitment). automatic: the
    commit worker as well, as soon as max_events wait (at most so many in one commitment) or one has waited
    max_age; null takes the default's value (1024 and 10 seconds at first). Errors: VE007.
    """
    db.fetch(FUNCTIONS['set_commit_policy'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'mode': mode,
        'max_events': max_events,
        'max_age': max_age,
        'context': calls.json_text(context),
    })


def set_key_rotation_policy(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID | None = None,
    key_type: str = 'signing',
    max_age_hours: int | None = None,
    max_usage_count: int | None = None,
    warning_threshold_hours: int = 24,
    grace_period_hours: int = 72,
    enforce_expiry: bool = True,
    auto_rotate: bool = False,
    context: Any = None,
) -> UUID:
    """Makes or replaces the rotation policy of a tenant (agent_id null) or of one agent. A key is due
    max_age_hours after its validity began or after max_usage_count uses; ves.list_key_rotations_due names
    it warning_threshold_hours before. A due key hands over to a registered successor (auto_rotate), or is
    retired with or without one (enforce_expiry); it still verifies for grace_period_hours. Hours up to
    876,000. Errors: VE007, VE008.
    """
    rows = db.fetch(FUNCTIONS['set_key_rotation_policy'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_type': key_type,
        'max_age_hours': max_age_hours,
        'max_usage_count': max_usage_count,
        'warning_threshold_hours': warning_threshold_hours,
        'grace_period_hours': grace_period_hours,
        'enforce_expiry': enforce_expiry,
        'auto_rotate': auto_rotate,
        'context': calls.json_text(context),
    })
    return calls.value(rows, UUID)


def set_schema_status(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    schema_id: UUID,
    status: str,
    context: Any = None,
) -> None:
    """Makes a schema of a tenant active, deprecated or archived; any may follow any. Takes effect in every
    process at commit: ingest checks the newest active version. Errors: VE630 not found, VE007.
    """
    db.fetch(FUNCTIONS['set_schema_status'], {
        'tenant_id': tenant_id,
        'schema_id': schema_id,
        'status': status,
        'context': calls.json_text(context),
    })


def set_schema_validation_mode(db: SyncDatabase, *, mode: str, context: Any = None) -> bool:
    """Sets how ves.ingest_signed_request and ves.ingest_legacy_request check payloads against schemas, for
    the whole database (operations 6.3): disabled, warn, enforce (the default) or required. Audited;
    answers whether anything changed. The API has its own mode, SCHEMA_VALIDATION_MODE. Errors: VE007.
    """
    rows = db.fetch(FUNCTIONS['set_schema_validation_mode'], {
        'mode': mode,
        'context': calls.json_text(context),
    })
    return calls.value(rows, bool)


def shred_payload(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    sequence_number: int,
    reason: str,
    stream: str = 'ves',
    context: Any = None,
) -> datetime:
    """Destroys the payload of one event for good (stream: ves or legacy), whatever form it is stored in, and
    records who, when and why (ves.shredded_payloads, audit). Hashes, leaf, receipt, proofs and commitments
    stay and stay verifiable; reads answer the event without its payload. Until VACUUM the dead row, and
    for as long as they are kept WAL, replicas that lag and backups, still hold what was stored:
    ciphertext, if it was encrypted at rest. Errors: VE007 reason or stream, VE513 destroyed before, VE609
    unknown event.
    """
    rows = db.fetch(FUNCTIONS['shred_payload'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'sequence_number': sequence_number,
        'reason': reason,
        'stream': stream,
        'context': calls.json_text(context),
    })
    return calls.value(rows, datetime)


def store_agent_key(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    public_key: bytes,
    key_algorithm: int,
    public_key_bundle: bytes | None,
    valid_from: datetime | None,
    valid_to: datetime | None,
    proof_of_possession: bytes | None,
    proof_of_possession_bundle: bytes | None,
    context: Any = None,
) -> None:
    """Registers a key whose proof of possession the caller has verified; the API's form of
    ves.register_agent_key. Errors: VE301, VE201, VE007, VE008.
    """
    db.fetch(FUNCTIONS['store_agent_key'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'public_key': public_key,
        'key_algorithm': key_algorithm,
        'public_key_bundle': public_key_bundle,
        'valid_from': valid_from,
        'valid_to': valid_to,
        'proof_of_possession': proof_of_possession,
        'proof_of_possession_bundle': proof_of_possession_bundle,
        'context': calls.json_text(context),
    })


def store_agent_key_rotation(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    agent_id: UUID,
    key_id: int,
    new_key_id: int,
    public_key: bytes | None,
    key_algorithm: int | None,
    public_key_bundle: bytes | None,
    valid_to: datetime | None,
    grace_period: timedelta | None,
    revoke_old: bool,
    reason: str,
    proof_of_possession: bytes | None,
    proof_of_possession_bundle: bytes | None,
    context: Any = None,
) -> KeyRotation:
    """Rotates a key whose successor's proof of possession the caller has verified; the API's form of
    ves.rotate_agent_key, with its errors.
    """
    rows = db.fetch(FUNCTIONS['store_agent_key_rotation'], {
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'key_id': calls.to_int4(key_id),
        'new_key_id': calls.to_int4(new_key_id),
        'public_key': public_key,
        'key_algorithm': key_algorithm,
        'public_key_bundle': public_key_bundle,
        'valid_to': valid_to,
        'grace_period': grace_period,
        'revoke_old': revoke_old,
        'reason': reason,
        'proof_of_possession': proof_of_possession,
        'proof_of_possession_bundle': proof_of_possession_bundle,
        'context': calls.json_text(context),
    })
    return calls.record(rows, KeyRotation)


def store_compliance_proof(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_id: UUID,
    proof_type: str,
    proof_version: int,
    policy_id: str,
    policy_params: str,
    policy_hash: bytes,
    proof_id: UUID,
    proof: bytes,
    proof_key_id: bytes | None,
    proof_hash: bytes,
    public_inputs_hash: bytes,
    witness_commitment: bytes | None,
    proof_options: bytes | None,
    amount_binding: str,
    verified: bool | None = None,
) -> ComplianceProof:
    """Stores a compliance proof that the caller has checked and hashed (VES 13); it trusts its caller, like
    ves.ingest_events. proof is an SSE1 blob (VES 16) when proof_key_id is not null; proof_id is a fresh
    UUID, which the blob is bound to. verified: true, false for a STARK that was not verified (it keeps no
    later proof out), null for a type that nobody verifies. The same proof again answers the stored record,
    and fills in a missing witness commitment. Errors: VE609 unknown event, VE621 another proof, other
    public inputs or another witness commitment is stored.
    """
    rows = db.fetch(FUNCTIONS['store_compliance_proof'], {
        'tenant_id': tenant_id,
        'event_id': event_id,
        'proof_type': proof_type,
        'proof_version': proof_version,
        'policy_id': policy_id,
        'policy_params': policy_params,
        'policy_hash': policy_hash,
        'proof_id': proof_id,
        'proof': proof,
        'proof_key_id': proof_key_id,
        'proof_hash': proof_hash,
        'public_inputs_hash': public_inputs_hash,
        'witness_commitment': witness_commitment,
        'proof_options': proof_options,
        'amount_binding': amount_binding,
        'verified': verified,
    })
    return calls.record(rows, ComplianceProof)


def store_receipts(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    store_id: UUID,
    sequence_numbers: arrays.Int8Array,
    receipt_hashes: bytes,
    signatures: bytes | None,
) -> int:
    """Stores signatures of receipts after their events were committed: 32 and 64 bytes a number; signatures
    null for an unsigned signer. The first one stored stays. Answers how many were new. Errors: VE207 a
    hash is not that of the event with this number, VE502.
    """
    rows = db.fetch(FUNCTIONS['store_receipts'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
        'sequence_numbers': sequence_numbers,
        'receipt_hashes': receipt_hashes,
        'signatures': signatures,
    })
    return calls.value(rows, int)


def store_schema(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_type: str,
    schema_json: str,
    description: str | None = None,
    compatibility: str | None = None,
    checked_version: int | None = None,
    context: Any = None,
) -> EventSchema:
    """Stores the next version of an event type's schema for an edge that has compiled it and, when a
    compatibility mode is stated, compared it with every version up to checked_version. Errors: VE635 there
    is a version that was not compared (nothing stored: compare again), VE007, VE633.
    """
    rows = db.fetch(FUNCTIONS['store_schema'], {
        'tenant_id': tenant_id,
        'event_type': event_type,
        'schema_json': schema_json,
        'description': description,
        'compatibility': compatibility,
        'checked_version': checked_version,
        'context': calls.json_text(context),
    })
    return calls.record(rows, EventSchema)


def submit_compliance_proof(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    event_id: UUID,
    proof_type: str,
    proof_version: int,
    policy_id: str,
    policy_params: str,
    proof: bytes,
    witness_commitment: bytes | None = None,
    public_inputs: str | None = None,
) -> ComplianceProof:
    """Verifies a compliance proof of an event inside the database and stores it (VES 13); policy_params and
    public_inputs are JSON texts. The same proof again answers the stored record. Errors: VE001, VE007 a
    field, VE204 in core mode, VE510 no usable key ring, VE511, VE512 the payload cannot be decrypted,
    VE609 unknown event, VE621 another proof is stored, VE622 the proof does not verify (nothing is
    stored).
    """
    rows = db.fetch(FUNCTIONS['submit_compliance_proof'], {
        'tenant_id': tenant_id,
        'event_id': event_id,
        'proof_type': proof_type,
        'proof_version': proof_version,
        'policy_id': policy_id,
        'policy_params': policy_params,
        'proof': proof,
        'witness_commitment': witness_commitment,
        'public_inputs': public_inputs,
    })
    return calls.record(rows, ComplianceProof)


def submit_validity_proof(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    batch_id: UUID,
    proof_type: str,
    proof_version: int,
    proof: bytes,
    public_inputs: str | None = None,
    proof_id: UUID | None = None,
    proof_key_id: bytes | None = None,
    proof_hash: bytes | None = None,
) -> ValidityProof:
    """Stores a validity proof of a commitment (VES 12), unverified; the same proof again answers the stored
    record. public_inputs is JSON text. An edge gives proof_id and proof_hash and encrypts itself: proof is
    then an SSE1 blob (VES 16) under the key proof_key_id, or plaintext when that is null; for others the
    server encrypts under its key ring (full mode; in core mode proofs of others are stored in plaintext).
    Errors: VE007 a field, VE204 public inputs given in core mode, VE510 no usable key ring, VE511, VE605
    unknown commitment, VE621 another proof is stored.
    """
    rows = db.fetch(FUNCTIONS['submit_validity_proof'], {
        'tenant_id': tenant_id,
        'batch_id': batch_id,
        'proof_type': proof_type,
        'proof_version': proof_version,
        'proof': proof,
        'public_inputs': public_inputs,
        'proof_id': proof_id,
        'proof_key_id': proof_key_id,
        'proof_hash': proof_hash,
    })
    return calls.record(rows, ValidityProof)


def take_rate_limit(
    db: SyncDatabase,
    *,
    buckets: Sequence[str],
    keys: Sequence[str],
    limits: Sequence[int],
    windows: Sequence[int],
    max_entries: Sequence[int],
    wanted: int = 1,
) -> list[TakeRateLimitRow]:
    """Takes up to wanted requests out of one to four budgets together (bucket tenant, credential or
    registration; key up to 200 bytes; requests in any window of up to 86,400 seconds; entries that the
    bucket may have). A true sliding window, shared by everybody who asks this database; see
    ves_int.take_budget. Errors: VE007.
    """
    rows = db.fetch(FUNCTIONS['take_rate_limit'], {
        'buckets': calls.as_list(buckets),
        'keys': calls.as_list(keys),
        'limits': calls.as_list(limits),
        'windows': calls.as_list(windows),
        'max_entries': calls.as_list(max_entries),
        'wanted': wanted,
    })
    return calls.records(rows, TakeRateLimitRow)


def update_api_key(
    db: SyncDatabase,
    *,
    key_hash_prefix: str,
    tenant_id: UUID,
    agent_id: UUID | None = None,
    store_ids: Sequence[UUID] | None = None,
    can_read: bool | None = None,
    can_write: bool | None = None,
    can_admin: bool | None = None,
    rate_limit: int | None = None,
    context: Any = None,
) -> Any:
    """Changes what the tenant's first active key (of an agent, if named) whose hash starts with the prefix of
    8 to 64 hex digits may do. Null keeps a value; store_ids {} means all stores, rate_limit 0 none.
    Answers {key_hash_prefix, agent_id?, store_ids, can_read, can_write, can_admin, active, rate_limit?},
    or null: a revoked key is not found and never comes back. Takes effect in every process at commit.
    Audited as api_key_updated. Errors: VE007.
    """
    rows = db.fetch(FUNCTIONS['update_api_key'], {
        'key_hash_prefix': key_hash_prefix,
        'tenant_id': tenant_id,
        'agent_id': agent_id,
        'store_ids': calls.as_list(store_ids),
        'can_read': can_read,
        'can_write': can_write,
        'can_admin': can_admin,
        'rate_limit': rate_limit,
        'context': calls.json_text(context),
    })
    return rows[0][0]


def update_encryption_group(
    db: SyncDatabase,
    *,
    tenant_id: UUID,
    group_id: UUID,
    description: str | None = None,
    is_active: bool | None = None,
    context: Any = None,
) -> None:
    """Changes description and activity of a group; null leaves a member as it is. Errors: VE210, VE007."""
    db.fetch(FUNCTIONS['update_encryption_group'], {
        'tenant_id': tenant_id,
        'group_id': group_id,
        'description': description,
        'is_active': is_active,
        'context': calls.json_text(context),
    })


def upsert_bootstrap_key(db: SyncDatabase, *, key_hash: str, context: Any = None) -> None:
    """Makes the bootstrap administrator's key: nil tenant, all permissions. Idempotent; re-activates a
    revoked one. Audited as api_key_created when it changes anything. Error VE007: not a hash.
    """
    db.fetch(FUNCTIONS['upsert_bootstrap_key'], {
        'key_hash': key_hash,
        'context': calls.json_text(context),
    })


def verify_audit(db: SyncDatabase, *, tenant_id: UUID | None = None) -> list[VerifyAuditRow]:
    """Recomputes the hash chain of the audit log, of one tenant or of all (nil UUID: actions on the whole
    system). No row: nothing was removed, changed or reordered. Whoever can write tables can also rewrite a
    whole chain; keep number and hash of a newest entry (ves.list_audit) elsewhere to notice that.
    """
    rows = db.fetch(FUNCTIONS['verify_audit'], {
        'tenant_id': tenant_id,
    })
    return calls.records(rows, VerifyAuditRow)


def verify_compliance_proof(
    db: SyncDatabase,
    *,
    proof_id: UUID,
    tenant_id: UUID = UUID('00000000-0000-0000-0000-000000000000'),
) -> ProofVerdict:
    """Verifies a stored compliance proof inside the database (VES 13), whatever was checked when it was
    submitted: hashes, public inputs against the stored event, the STARK, and the amount against a
    plaintext payload. The nil tenant looks in all. Errors: VE204 in core mode, VE510 no usable key ring,
    VE512 proof or payload cannot be decrypted, VE620 unknown proof.
    """
    rows = db.fetch(FUNCTIONS['verify_compliance_proof'], {
        'proof_id': proof_id,
        'tenant_id': tenant_id,
    })
    return calls.record(rows, ProofVerdict)


def verify_inclusion(
    db: SyncDatabase,
    *,
    leaf_hash: bytes,
    leaf_index: int,
    proof_path: Sequence[bytes],
    merkle_root: bytes,
) -> bool:
    """Does the path lead from the leaf to the root (VES 9.3)? Pure: reads nothing, so it may run anywhere.
    False for any malformed input and for an index that does not fit the path's length.
    """
    rows = db.fetch(FUNCTIONS['verify_inclusion'], {
        'leaf_hash': leaf_hash,
        'leaf_index': leaf_index,
        'proof_path': calls.as_list(proof_path),
        'merkle_root': merkle_root,
    })
    return calls.value(rows, bool)


def verify_legacy_inclusion(
    db: SyncDatabase,
    *,
    leaf_hash: bytes,
    leaf_index: int,
    proof_path: Sequence[bytes],
    events_root: bytes,
) -> bool:
    """Does the path lead from the leaf to the root of a legacy commitment (VES 17.3), by the reference's rule
    or with the levels skipped that its length calls for in a tree of up to 2^20 leaves? Pure; false for
    malformed input.
    """
    rows = db.fetch(FUNCTIONS['verify_legacy_inclusion'], {
        'leaf_hash': leaf_hash,
        'leaf_index': leaf_index,
        'proof_path': calls.as_list(proof_path),
        'events_root': events_root,
    })
    return calls.value(rows, bool)


def verify_state_roots(
    db: SyncDatabase,
    *,
    tenant_id: UUID | None = None,
    store_id: UUID | None = None,
) -> list[VerifyStateRootsRow]:
    """Recomputes the state-root chain (VES 10.2) of every stream with commitments, or of those named, from
    the first commitment on: how many were scanned, how many do not fit, and the first that does not. Trees
    are not recomputed; ves.verify_stream does that.
    """
    rows = db.fetch(FUNCTIONS['verify_state_roots'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
    })
    return calls.records(rows, VerifyStateRootsRow)


def verify_stream(db: SyncDatabase, *, tenant_id: UUID, store_id: UUID) -> list[VerifyStreamRow]:
    """Recomputes signatures, numbering, hashes, receipts, trees and the state-root chain of a stream, and of
    the legacy stream beside it (checks legacy_...); one row per finding, no row when all is well. Three
    checks are notes and no findings: payload_shredded (a payload was destroyed on purpose),
    payload_not_opened (how many payloads are encrypted at rest under keys that the server does not have)
    and core_mode. In core mode signatures and payload hashes are not recomputed, and one row says so.
    """
    rows = db.fetch(FUNCTIONS['verify_stream'], {
        'tenant_id': tenant_id,
        'store_id': store_id,
    })
    return calls.records(rows, VerifyStreamRow)


def verify_validity_proof(
    db: SyncDatabase,
    *,
    proof_id: UUID,
    tenant_id: UUID = UUID('00000000-0000-0000-0000-000000000000'),
    found_hash: bytes | None = None,
) -> ProofVerdict:
    """Checks hash and public inputs of a stored validity proof (VES 12). A batch STARK is never verified: it
    is reported as not valid, reason stark_unsupported. The nil tenant looks in all. found_hash is the hash
    of the decrypted bytes, given by an edge that decrypts itself. Errors: VE204 an encrypted proof in core
    mode, VE510, VE512, VE620 unknown proof.
    """
    rows = db.fetch(FUNCTIONS['verify_validity_proof'], {
        'proof_id': proof_id,
        'tenant_id': tenant_id,
        'found_hash': found_hash,
    })
    return calls.record(rows, ProofVerdict)


def version(db: SyncDatabase) -> str:
    """Installed version of the engine."""
    rows = db.fetch(FUNCTIONS['version'], {})
    return calls.value(rows, str)
