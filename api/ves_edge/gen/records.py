"""Rows of the answers. Generated from the database's catalog by `make generate`; do not edit."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec


class AuditEntry(msgspec.Struct, frozen=True, array_like=True):
    """One entry of the audit log; the columns are those of ves_store.audit_log."""

    tenant_id: UUID
    number: int
    id: UUID
    timestamp: datetime
    action: str
    actor: str
    actor_type: str
    database_role: str
    resource_type: str | None
    resource_id: str | None
    request_id: str | None
    ip_address: str | None
    user_agent: str | None
    details: Any
    success: bool
    error_message: str | None
    previous_hash: bytes
    hash: bytes


class Commitment(msgspec.Struct, frozen=True, array_like=True):
    """One VES commitment (VES 10.1) with its anchoring state; roots are 32 raw bytes."""

    batch_id: UUID
    tenant_id: UUID
    store_id: UUID
    ves_version: int
    tree_depth: int
    leaf_count: int
    padded_leaf_count: int
    merkle_root: bytes
    prev_state_root: bytes
    new_state_root: bytes
    sequence_start: int
    sequence_end: int
    committed_at: datetime
    chain_id: int | None
    chain_tx_hash: bytes | None
    chain_block_number: int | None
    anchored_at: datetime | None


class ComplianceProof(msgspec.Struct, frozen=True, array_like=True):
    """One stored compliance proof (VES 13). JSON members are texts as received; proof is null in lists, and
    an SSE1 blob (VES 16) while proof_key_id is not null.
    """

    proof_id: UUID
    event_id: UUID
    tenant_id: UUID
    store_id: UUID
    proof_type: str
    proof_version: int
    policy_id: str
    policy_params: str
    policy_hash: bytes
    proof_hash: bytes
    public_inputs: str
    public_inputs_hash: bytes
    witness_commitment: bytes | None
    proof_options: bytes | None
    amount_binding: str
    submitted_at: datetime
    proof: bytes | None
    proof_key_id: bytes | None


class EventSchema(msgspec.Struct, frozen=True, array_like=True):
    """One registered JSON Schema (operations 6); schema_json is the text as received."""

    schema_id: UUID
    tenant_id: UUID
    event_type: str
    version: int
    schema_json: str
    status: str
    compatibility: str
    description: str | None
    created_at: datetime
    updated_at: datetime
    created_by: str | None


class InclusionProof(msgspec.Struct, frozen=True, array_like=True):
    """Inclusion proof of one event (VES 9.3): siblings from the leaf level up; directions[d] is true when the
    running hash is the left input.
    """

    sequence_number: int
    batch_id: UUID
    merkle_root: bytes
    leaf_hash: bytes
    leaf_index: int
    proof_path: list[bytes]
    directions: list[bool]


class IngestResult(msgspec.Struct, frozen=True, array_like=True):
    """Answer of ves.ingest_events. Events not named in exceptions were accepted and are numbered
    first_sequence .. last_sequence in input order. exceptions: array of {ord, outcome: replayed,
    sequence_number, sequenced_at_micros, signer_id, signature} or {ord, outcome: rejected, phase, reason,
    message}; null when every event was accepted.
    """

    first_sequence: int | None
    last_sequence: int | None
    head_sequence: int
    sequenced_at: datetime
    exceptions: Any


class KeyRotation(msgspec.Struct, frozen=True, array_like=True):
    """A rotation as it was done: the old key with its status now (in_grace, expired or revoked), the key that
    takes over, and until when the old one still verifies (null: not any more).
    """

    old_key_id: int
    old_status: str
    new_key_id: int
    rotated_at: datetime
    grace_until: datetime | None


class LegacyCommitment(msgspec.Struct, frozen=True, array_like=True):
    """One legacy commitment (VES 17.3) with its anchoring state; roots are 32 raw bytes."""

    batch_id: UUID
    tenant_id: UUID
    store_id: UUID
    prev_state_root: bytes
    new_state_root: bytes
    events_root: bytes
    event_count: int
    sequence_start: int
    sequence_end: int
    committed_at: datetime
    chain_tx_hash: bytes | None
    anchored_at: datetime | None


class LegacyEvent(msgspec.Struct, frozen=True, array_like=True):
    """One stored legacy event (VES 17.1); payload is the text received or the compact form; null when it is
    shredded, or still encrypted (payload_at_rest).
    """

    tenant_id: UUID
    store_id: UUID
    sequence_number: int
    event_id: UUID
    command_id: UUID | None
    source_agent: UUID
    envelope_version: int
    base_version: int | None
    created_at: datetime
    sequenced_at: datetime
    entity_type: str
    entity_id: str
    event_type: str
    payload_hash: bytes
    signature: bytes | None
    payload: str | None
    payload_at_rest: bytes | None
    payload_key_id: bytes | None
    shredded_at: datetime | None


class ProofVerdict(msgspec.Struct, frozen=True, array_like=True):
    """What a check of a stored proof found (VES 13). stark_valid is null when no STARK was verified; reason
    is null when valid; strength says what the proof is worth (bits, what is bound and what is not), null
    for proofs that we cannot judge.
    """

    proof_id: UUID
    proof_hash_match: bool
    policy_hash_match: bool | None
    public_inputs_match: bool
    stark_valid: bool | None
    stark_error: str | None
    stark_verification_time_ms: int | None
    valid: bool
    reason: str | None
    amount_binding: str | None
    strength: Any


class ReencryptStep(msgspec.Struct, frozen=True, array_like=True):
    """What one batch of a re-encryption did. updated counts what would be updated in a dry run; next_cursor
    goes into the next call, null when there is nothing more.
    """

    scanned: int
    updated: int
    skipped_current_key: int
    next_cursor: Any


class ValidityProof(msgspec.Struct, frozen=True, array_like=True):
    """One stored validity proof of a commitment (VES 12); proof is null in lists, and an SSE1 blob (VES 16)
    while proof_key_id is not null.
    """

    proof_id: UUID
    batch_id: UUID
    tenant_id: UUID
    store_id: UUID
    proof_type: str
    proof_version: int
    proof_hash: bytes
    public_inputs: str
    public_inputs_hash: bytes
    submitted_at: datetime
    proof: bytes | None
    proof_key_id: bytes | None


class AdminAgentsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `admin_agents`."""

    tenant_id: UUID
    agent_id: UUID
    permissions: str
    store_scope: str
    api_key_count: int
    active_api_keys: int
    first_key_at: datetime
    last_key_at: datetime
    store_id: UUID | None
    last_sync_at: datetime | None
    last_pushed_sequence: int | None
    last_pulled_sequence: int | None


class AdminOverviewRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `admin_overview`."""

    tenants: int
    stores: int
    agents: int
    api_keys: int
    active_api_keys: int
    total_head_sequence: int
    ves_head_sequence: int
    active_stores_24h: int
    max_projection_lag: int
    last_activity_at: datetime | None


class AdminStoresRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `admin_stores`."""

    tenant_id: UUID
    store_id: UUID
    head_sequence: int
    ves_head_sequence: int
    last_projected_sequence: int
    projection_lag: int
    agent_count: int
    last_agent_sync_at: datetime | None
    updated_at: datetime


class AdminTenantsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `admin_tenants`."""

    tenant_id: UUID
    agent_count: int
    api_key_count: int
    active_api_keys: int
    store_count: int
    total_head_sequence: int
    ves_head_sequence: int
    active_stores_24h: int
    max_projection_lag: int
    last_key_at: datetime
    last_activity_at: datetime | None


class ApplyDueRotationsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `apply_due_rotations`."""

    completed: int
    in_progress: int
    failed: int
    cancelled: int
    expired: int


class AuthenticateRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `authenticate`."""

    tenant_id: UUID
    store_ids: list[UUID]
    agent_id: UUID | None
    can_read: bool
    can_write: bool
    can_admin: bool
    rate_limit: int | None
    auth_epoch: int


class ClaimCursorsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `claim_cursors`."""

    tenant_id: UUID
    store_id: UUID
    done_to: int
    head_sequence: int


class ExportEventsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `export_events`."""

    event_id: UUID
    sequence_number: int
    event_type: str
    entity_type: str
    entity_id: str
    payload: str | None
    payload_encrypted: str | None
    created_at: datetime


class FindLostWakeUpsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `find_lost_wake_ups`."""

    streams: int
    last_tenant_id: UUID | None
    last_store_id: UUID | None


class GetActiveSchemasRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_active_schemas`."""

    schema_epoch: int
    event_type: str
    schema_id: UUID | None
    version: int | None
    schema_json: str | None


class GetAgentKeysRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_agent_keys`."""

    agent_id: UUID
    key_id: int
    key_algorithm: int
    public_key: bytes
    public_key_bundle: bytes | None


class GetComparedSchemasRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_compared_schemas`."""

    highest_version: int
    version: int | None
    schema_json: str | None


class GetComplianceEventRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_compliance_event`."""

    tenant_id: UUID
    store_id: UUID
    event_id: UUID
    sequence_number: int
    payload_kind: int
    payload_plain_hash: bytes
    payload_cipher_hash: bytes
    event_signing_hash: bytes
    payload: str | None
    payload_at_rest: bytes | None
    payload_key_id: bytes | None


class GetComplianceInputsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_compliance_inputs`."""

    public_inputs: str
    public_inputs_hash: bytes


class GetEntityHistoryRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_entity_history`."""

    total: int
    event: LegacyEvent | None


class GetGroupRecipientKeysRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_group_recipient_keys`."""

    agent_id: UUID
    key_id: int | None
    key_algorithm: int | None
    x25519_public_key: bytes | None
    ml_kem_768_public_key: bytes | None
    status: str | None


class GetReceiptWorkRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_receipt_work`."""

    tenant_id: UUID
    store_id: UUID
    sequence_number: int
    event_id: UUID
    signing_hash: bytes
    signer_id: int


class GetReceiptsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_receipts`."""

    sequence_number: int
    event_id: UUID
    event_signing_hash: bytes
    receipt: Any


class GetValidityInputsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `get_validity_inputs`."""

    tenant_id: UUID
    store_id: UUID
    public_inputs: str
    public_inputs_hash: bytes


class HealthRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `health`."""

    engine_version: str
    mode: str
    server_version: str
    fsync: bool
    synchronous_commit: str


class ListAgentKeysRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_agent_keys`."""

    agent_id: UUID
    key_id: int
    key_type: str
    key_algorithm: int
    public_key: bytes
    public_key_bundle: bytes | None
    status: str
    valid_from: datetime | None
    valid_to: datetime | None
    revoked_at: datetime | None
    expires_at: datetime | None
    grace_until: datetime | None
    rotation_reason: str | None
    created_at: datetime
    usage_count: int
    last_used_at: datetime | None


class ListApiKeysRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_api_keys`."""

    key_hash_prefix: str
    agent_id: UUID | None
    store_ids: list[UUID]
    can_read: bool
    can_write: bool
    can_admin: bool
    active: bool
    rate_limit: int | None
    created_at: datetime
    updated_at: datetime


class ListEncryptionGroupsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_encryption_groups`."""

    group_id: UUID
    name: str
    description: str | None
    is_active: bool
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime
    member_count: int
    admin_count: int


class ListGroupHistoryRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_group_history`."""

    entry_id: int
    action: str
    actor_agent_id: UUID | None
    target_agent_id: UUID | None
    event_id: UUID | None
    metadata: Any
    created_at: datetime


class ListGroupMembersRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_group_members`."""

    agent_id: UUID
    role: str
    encryption_key_id: int | None
    added_by: UUID | None
    added_at: datetime


class ListKeyHistoryRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_key_history`."""

    entry_id: int
    agent_id: UUID | None
    key_type: str
    action: str
    old_key_id: int | None
    new_key_id: int | None
    actor_type: str
    actor_id: str
    metadata: Any
    created_at: datetime


class ListKeyRotationPoliciesRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_key_rotation_policies`."""

    policy_id: UUID
    agent_id: UUID | None
    key_type: str
    max_age_hours: int | None
    max_usage_count: int | None
    warning_threshold_hours: int
    grace_period_hours: int
    enforce_expiry: bool
    auto_rotate: bool
    updated_at: datetime


class ListKeyRotationsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_key_rotations`."""

    rotation_id: UUID
    agent_id: UUID
    key_type: str
    current_key_id: int
    scheduled_at: datetime
    reason: str
    status: str
    new_key_id: int | None
    completed_at: datetime | None
    error_message: str | None


class ListKeyRotationsDueRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_key_rotations_due`."""

    agent_id: UUID
    key_id: int
    key_type: str
    reason: str
    due_at: datetime | None
    usage_count: int
    is_due: bool
    successor_key_id: int | None


class ListMigrationsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_migrations`."""

    name: str
    checksum: bytes
    breaking_level: int
    seconds: float
    applied_at: datetime


class ListSignersRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_signers`."""

    signer_id: int
    sequencer_id: UUID
    key_version: int
    algorithm: str
    public_key: bytes | None
    registered_at: datetime


class ListStreamsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `list_streams`."""

    tenant_id: UUID
    store_id: UUID
    head_sequence: int
    committed_to: int
    updated_at: datetime


class ReadPayloadsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `read_payloads`."""

    sequence_number: int
    event_id: UUID
    payload_kind: int
    state: str
    payload: str | None


class TakeRateLimitRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `take_rate_limit`."""

    granted: int
    scarcest: int
    remaining: int
    reset_seconds: int


class VerifyAuditRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `verify_audit`."""

    tenant_id: UUID
    number: int
    finding: str


class VerifyStateRootsRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `verify_state_roots`."""

    tenant_id: UUID
    store_id: UUID
    scanned: int
    wrong: int
    first_wrong: UUID | None


class VerifyStreamRow(msgspec.Struct, frozen=True, array_like=True):
    """A row of `verify_stream`."""

    check_name: str
    sequence_number: int | None
    batch_id: UUID | None
    finding: str
