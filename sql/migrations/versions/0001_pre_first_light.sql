-- First light: the first state of the tables. Frozen once released; sql/types and sql/tables hold the desired
-- state.
set local lock_timeout = '4s';
set local statement_timeout = '60s';

create type ves.commitment as (
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  ves_version integer,
  tree_depth integer,
  leaf_count integer,
  padded_leaf_count integer,
  merkle_root bytea,
  prev_state_root bytea,
  new_state_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  committed_at timestamptz,
  chain_id bigint,
  chain_tx_hash bytea,
  chain_block_number bigint,
  anchored_at timestamptz
);

comment on type ves.commitment is 'One VES commitment (VES 10.1) with its anchoring state; roots are 32 raw bytes.';

create type ves.inclusion_proof as (
  sequence_number bigint,
  batch_id uuid,
  merkle_root bytea,
  leaf_hash bytea,
  leaf_index bigint,
  proof_path bytea [],
  directions boolean []
);

comment on type ves.inclusion_proof is
'Inclusion proof of one event (VES 9.3): siblings from the leaf level up; directions[d] is true when the running hash is the left input.';

create type ves.ingest_result as (
  first_sequence bigint,
  last_sequence bigint,
  head_sequence bigint,
  sequenced_at timestamptz,
  exceptions jsonb
);

comment on type ves.ingest_result is
'Answer of ves.ingest_events. Events not named in exceptions were accepted and are numbered first_sequence .. last_sequence in input order. exceptions: array of {ord, outcome: replayed, sequence_number, sequenced_at_micros, signer_id, signature} or {ord, outcome: rejected, phase, reason, message}; null when every event was accepted.';

create table ves_store.schema_state (
  singleton boolean not null default true,
  engine_version text not null,
  logic_hash text not null,
  mode text not null,
  applied_at timestamptz not null default now(),
  constraint schema_state_pkey primary key (singleton),
  constraint there_is_one_row check (singleton),
  constraint mode_is_known check (mode in ('full', 'core'))
);

comment on table ves_store.schema_state is 'Which engine is installed: version, hash of the re-applied logic files, full or core mode.';
comment on column ves_store.schema_state.singleton is 'Always true: the table has one row.';
comment on column ves_store.schema_state.engine_version is 'Version of the release that applied the logic.';
comment on column ves_store.schema_state.logic_hash is 'SHA-256 (hex) over all logic files in load order.';
comment on column ves_store.schema_state.mode is 'full: PL/Python is present; core: no in-database cryptography.';
comment on column ves_store.schema_state.applied_at is 'When the logic was last applied.';

create table ves_store.errors (
  code text not null,
  name text not null,
  wire_code text not null,
  numeric_code integer not null,
  http smallint not null,
  grpc text not null,
  retry boolean not null,
  message text not null,
  detail_fields text[] not null default '{}',
  constraint errors_pkey primary key (code),
  constraint errors_name_key unique (name),
  constraint code_is_private_sqlstate check (code ~ '^VE[0-9]{3}$')
);

comment on table ves_store.errors is 'The registry of refusals, loaded from sql/errors/errors.csv at every install.';
comment on column ves_store.errors.code is 'SQLSTATE, class VE.';
comment on column ves_store.errors.name is 'Symbol used by ves_int.raise_error and by the Python code.';
comment on column ves_store.errors.wire_code is 'Code in the JSON error body.';
comment on column ves_store.errors.numeric_code is 'Numeric code in the JSON error body.';
comment on column ves_store.errors.http is 'HTTP status.';
comment on column ves_store.errors.grpc is 'gRPC status name.';
comment on column ves_store.errors.retry is 'True when the same request may succeed later without a change.';
comment on column ves_store.errors.message is 'Default message.';
comment on column ves_store.errors.detail_fields is 'Members that the JSON detail may carry.';

create table ves_store.credential_epoch (
  singleton boolean not null default true,
  epoch bigint not null default 1,
  constraint credential_epoch_pkey primary key (singleton),
  constraint there_is_one_epoch check (singleton)
) with (fillfactor = 50);

insert into ves_store.credential_epoch (singleton) values (true);

comment on table ves_store.credential_epoch is
'Grows with every change of a stored credential. An edge that cached credentials passes the epoch it saw; an older one is refused, so a revocation holds at once in every process.';
comment on column ves_store.credential_epoch.singleton is 'Always true: the table has one row.';
comment on column ves_store.credential_epoch.epoch is 'Current epoch.';

create table ves_store.ves_commitments (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null,
  ves_version integer not null default 1,
  tree_depth integer not null,
  leaf_count integer not null,
  padded_leaf_count integer not null,
  merkle_root bytea not null,
  prev_state_root bytea not null,
  new_state_root bytea not null,
  sequence_start bigint not null,
  sequence_end bigint not null,
  committed_at timestamptz not null,
  constraint ves_commitments_pkey primary key (batch_id, tenant_id),
  constraint ves_commitments_tenant_id_store_id_sequence_start_key unique (
    tenant_id, store_id, sequence_start
  ),
  constraint sequence_range_is_not_empty check (sequence_end >= sequence_start),
  constraint leaf_count_is_the_length_of_the_range check (leaf_count = sequence_end - sequence_start + 1),
  constraint padding_is_a_power_of_two check (
    padded_leaf_count = 1 << tree_depth and padded_leaf_count >= leaf_count
  ),
  constraint roots_have_32_bytes check (
    octet_length(merkle_root) = 32
    and octet_length(prev_state_root) = 32
    and octet_length(new_state_root) = 32
  )
);

comment on table ves_store.ves_commitments is 'VES commitments (VES 10): Merkle root of a range and its place in the state-root chain. Append-only.';
comment on column ves_store.ves_commitments.tenant_id is 'Tenant.';
comment on column ves_store.ves_commitments.store_id is 'Store.';
comment on column ves_store.ves_commitments.batch_id is 'Random UUID.';
comment on column ves_store.ves_commitments.ves_version is 'Protocol version, 1.';
comment on column ves_store.ves_commitments.tree_depth is 'log2(padded_leaf_count).';
comment on column ves_store.ves_commitments.leaf_count is 'Events in the range.';
comment on column ves_store.ves_commitments.padded_leaf_count is 'Leaves of the padded tree.';
comment on column ves_store.ves_commitments.merkle_root is 'VES 9.2, 32 bytes.';
comment on column ves_store.ves_commitments.prev_state_root is 'new_state_root of the commitment before; zeros for the first.';
comment on column ves_store.ves_commitments.new_state_root is 'VES 10.2, 32 bytes.';
comment on column ves_store.ves_commitments.sequence_start is 'First number, inclusive.';
comment on column ves_store.ves_commitments.sequence_end is 'Last number, inclusive.';
comment on column ves_store.ves_commitments.committed_at is 'When.';

create table ves_store.agent_signing_keys (
  tenant_id uuid not null,
  agent_id uuid not null,
  key_id integer not null,
  public_key bytea not null,
  key_algorithm smallint not null default 1,
  public_key_bundle bytea,
  status text not null default 'active',
  valid_from timestamptz,
  valid_to timestamptz,
  revoked_at timestamptz,
  metadata text,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  grace_until timestamptz,
  rotation_reason text,
  proof_of_possession bytea,
  proof_of_possession_bundle bytea,
  constraint agent_signing_keys_pkey primary key (agent_id, key_id, tenant_id),
  constraint public_key_has_32_bytes check (octet_length(public_key) = 32),
  constraint key_algorithm_is_known check (key_algorithm between 1 and 6),
  constraint status_is_known check (status in ('active', 'revoked', 'expired')),
  constraint revoked_at_is_set_exactly_when_revoked check ((status = 'revoked') = (revoked_at is not null)),
  constraint valid_from_is_not_after_valid_to check (valid_from <= valid_to),
  constraint grace_ends_after_expiry check (grace_until >= expires_at)
);

comment on table ves_store.agent_signing_keys is 'Agent public keys with validity windows and revocation (VES 6.2). Key bytes never change.';
comment on column ves_store.agent_signing_keys.tenant_id is 'Tenant.';
comment on column ves_store.agent_signing_keys.agent_id is 'Agent that holds the secret key.';
comment on column ves_store.agent_signing_keys.key_id is 'Key number, an unsigned 32-bit number stored by bit pattern.';
comment on column ves_store.agent_signing_keys.public_key is 'Ed25519 or X25519 key; 32 zero bytes for a pure ML-DSA key.';
comment on column ves_store.agent_signing_keys.key_algorithm is 'VES 6.3: 1 Ed25519, 2 X25519, 3 ML-DSA-65, 4 ML-KEM-768, 5 hybrid signing, 6 hybrid encryption.';
comment on column ves_store.agent_signing_keys.public_key_bundle is 'JSON text of the key bundle, for algorithms above 2.';
comment on column ves_store.agent_signing_keys.status is 'active or revoked; expired counts as active, only the window decides.';
comment on column ves_store.agent_signing_keys.valid_from is 'First instant of validity; null is open.';
comment on column ves_store.agent_signing_keys.valid_to is 'Last instant of validity; null is open.';
comment on column ves_store.agent_signing_keys.revoked_at is 'When the key was revoked.';
comment on column ves_store.agent_signing_keys.metadata is 'Free text of the operator.';
comment on column ves_store.agent_signing_keys.created_at is 'When the key was registered.';
comment on column ves_store.agent_signing_keys.expires_at is 'Planned expiry of a rotation policy; does not influence validation.';
comment on column ves_store.agent_signing_keys.grace_until is 'End of the grace period of a rotation.';
comment on column ves_store.agent_signing_keys.rotation_reason is 'Why the key was rotated.';
comment on column ves_store.agent_signing_keys.proof_of_possession is 'Proof of possession, if one was given.';
comment on column ves_store.agent_signing_keys.proof_of_possession_bundle is 'JSON text of a bundle of proofs, if one was given.';

create table ves_store.api_keys (
  key_hash text not null,
  tenant_id uuid not null,
  store_ids uuid[] not null default '{}',
  agent_id uuid,
  can_read boolean not null default false,
  can_write boolean not null default false,
  can_admin boolean not null default false,
  active boolean not null default true,
  rate_limit integer,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint api_keys_pkey primary key (key_hash),
  constraint key_hash_is_sha256_hex check (key_hash ~ '^[0-9a-f]{64}$'),
  constraint rate_limit_is_positive check (rate_limit > 0)
);

create index api_keys_tenant_id_agent_id_idx on ves_store.api_keys (tenant_id, agent_id);

comment on table ves_store.api_keys is 'API keys by the SHA-256 of the whole key string; the key itself is never stored.';
comment on column ves_store.api_keys.key_hash is
'Lower-case hex SHA-256 of the key. Unique without tenant_id because the key is what names the tenant.';
comment on column ves_store.api_keys.tenant_id is 'Tenant of the key; the nil UUID with can_admin is the bootstrap administrator.';
comment on column ves_store.api_keys.store_ids is 'Stores the key may use; empty means all.';
comment on column ves_store.api_keys.agent_id is 'Agent the key is bound to, if any.';
comment on column ves_store.api_keys.can_read is 'May read.';
comment on column ves_store.api_keys.can_write is 'May write. Does not imply read.';
comment on column ves_store.api_keys.can_admin is 'May administer the tenant.';
comment on column ves_store.api_keys.active is 'False once revoked.';
comment on column ves_store.api_keys.rate_limit is 'Requests per minute; null means no limit of its own.';
comment on column ves_store.api_keys.created_at is 'When the key was created.';
comment on column ves_store.api_keys.updated_at is 'Last change.';

create table ves_store.entity_versions (
  tenant_id uuid not null,
  store_id uuid not null,
  entity_type text not null,
  entity_id text not null,
  version bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint entity_versions_pkey primary key (entity_id, entity_type, store_id, tenant_id),
  constraint version_is_not_negative check (version >= 0)
) with (fillfactor = 80);

comment on table ves_store.entity_versions is 'Accepted events per entity (VES 15), the ground of optimistic concurrency.';
comment on column ves_store.entity_versions.tenant_id is 'Tenant.';
comment on column ves_store.entity_versions.store_id is 'Store.';
comment on column ves_store.entity_versions.entity_type is 'Entity type.';
comment on column ves_store.entity_versions.entity_id is 'Entity id.';
comment on column ves_store.entity_versions.version is 'Number of accepted events.';
comment on column ves_store.entity_versions.updated_at is 'Last change.';

create table ves_store.receipt_progress (
  tenant_id uuid not null,
  store_id uuid not null,
  receipts_to bigint not null,
  constraint receipt_progress_pkey primary key (tenant_id, store_id)
);

comment on table ves_store.receipt_progress is 'How far every receipt of a stream is stored, so that looking for missing ones never starts over.';
comment on column ves_store.receipt_progress.tenant_id is 'Tenant.';
comment on column ves_store.receipt_progress.store_id is 'Store.';
comment on column ves_store.receipt_progress.receipts_to is 'Receipts 1 .. receipts_to are stored.';

create table ves_store.signers (
  signer_id integer generated always as identity,
  sequencer_id uuid not null,
  key_version integer not null,
  algorithm text not null,
  public_key bytea,
  registered_at timestamptz not null default now(),
  constraint signers_pkey primary key (signer_id),
  constraint signers_sequencer_id_key_version_algorithm_key unique (sequencer_id, key_version, algorithm),
  constraint algorithm_is_known check (algorithm in ('none', 'ed25519')),
  constraint public_key_matches_algorithm
  check (
    (algorithm = 'none') = (public_key is null) and (public_key is null or octet_length(public_key) = 32)
  )
);

comment on table ves_store.signers is
'Receipt signers: one row per (sequencer id, key version). Belongs to the operator, not to a tenant: the one reason it has no tenant_id.';
comment on column ves_store.signers.signer_id is 'Short name stored with each event.';
comment on column ves_store.signers.sequencer_id is 'VES_SEQUENCER_ID of the process that numbered the event.';
comment on column ves_store.signers.key_version is 'sequencerKeyVersion of the receipt.';
comment on column ves_store.signers.algorithm is 'none: receipts are not signed; ed25519.';
comment on column ves_store.signers.public_key is 'Ed25519 public key, 32 bytes.';
comment on column ves_store.signers.registered_at is 'When the signer first started.';

create table ves_store.ves_command_dedupe (
  tenant_id uuid not null,
  store_id uuid not null,
  command_id uuid not null,
  created_at timestamptz not null default now(),
  -- The selective column first: with the stream first the planner once read every command of the stream.
  constraint ves_command_dedupe_pkey primary key (command_id, tenant_id, store_id)
);

comment on table ves_store.ves_command_dedupe is 'Command ids used in a stream; one accepted event per command.';
comment on column ves_store.ves_command_dedupe.tenant_id is 'Tenant.';
comment on column ves_store.ves_command_dedupe.store_id is 'Store.';
comment on column ves_store.ves_command_dedupe.command_id is 'Command id of an accepted event.';
comment on column ves_store.ves_command_dedupe.created_at is 'When the event was accepted.';

create table ves_store.ves_commitment_anchors (
  tenant_id uuid not null,
  batch_id uuid not null,
  chain_id bigint,
  chain_tx_hash bytea,
  chain_block_number bigint,
  anchored_at timestamptz,
  constraint ves_commitment_anchors_pkey primary key (batch_id, tenant_id),
  constraint ves_commitment_anchors_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.ves_commitments (batch_id, tenant_id),
  constraint chain_tx_hash_has_32_bytes check (octet_length(chain_tx_hash) = 32),
  constraint anchored_only_with_a_transaction check (anchored_at is null or chain_tx_hash is not null)
);

comment on table ves_store.ves_commitment_anchors is 'Anchoring state of a commitment: the part that may advance, kept apart from the append-only record.';
comment on column ves_store.ves_commitment_anchors.tenant_id is 'Tenant.';
comment on column ves_store.ves_commitment_anchors.batch_id is 'Commitment.';
comment on column ves_store.ves_commitment_anchors.chain_id is 'EVM chain id.';
comment on column ves_store.ves_commitment_anchors.chain_tx_hash is 'Transaction hash, 32 bytes; null while nothing was submitted.';
comment on column ves_store.ves_commitment_anchors.chain_block_number is 'Block of the transaction.';
comment on column ves_store.ves_commitment_anchors.anchored_at is 'When finality was seen.';

create table ves_store.ves_commitment_nodes (
  tenant_id uuid not null,
  batch_id uuid not null,
  level integer not null,
  nodes bytea not null,
  constraint ves_commitment_nodes_pkey primary key (batch_id, tenant_id, level),
  constraint ves_commitment_nodes_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.ves_commitments (batch_id, tenant_id),
  constraint nodes_are_whole check (octet_length(nodes) % 32 = 0 and octet_length(nodes) > 0)
);

-- Uncompressed out of line: substring() then reads only the chunk that holds one node.
alter table ves_store.ves_commitment_nodes alter column nodes set storage external;

comment on table ves_store.ves_commitment_nodes is 'The tree of a commitment, one row a level, so that a proof reads depth nodes and no event. Append-only.';
comment on column ves_store.ves_commitment_nodes.tenant_id is 'Tenant.';
comment on column ves_store.ves_commitment_nodes.batch_id is 'Commitment.';
comment on column ves_store.ves_commitment_nodes.level is '0 = leaves.';
comment on column ves_store.ves_commitment_nodes.nodes is 'Concatenated 32-byte nodes of the padded level.';

create table ves_store.ves_events (
  tenant_id uuid not null,
  store_id uuid not null,
  sequence_number bigint not null,
  event_id uuid not null,
  command_id uuid,
  source_agent_id uuid not null,
  agent_key_id integer not null,
  ves_version integer not null default 1,
  payload_kind smallint not null,
  agent_signature_scheme smallint not null default 0,
  signer_id integer not null,
  base_version bigint,
  created_at timestamptz not null,
  sequenced_at timestamptz not null,
  entity_type text not null,
  entity_id text not null,
  event_type text not null,
  created_at_str text not null,
  payload_plain_hash bytea not null,
  payload_cipher_hash bytea not null,
  event_signing_hash bytea not null,
  agent_signature bytea not null,
  leaf_hash bytea not null,
  agent_signature_bundle bytea,
  payload json,
  payload_encrypted json,
  constraint ves_events_pkey primary key (event_id, tenant_id),
  constraint ves_events_tenant_id_store_id_sequence_number_key unique (tenant_id, store_id, sequence_number),
  constraint sequence_number_is_positive check (sequence_number > 0),
  constraint ves_version_is_positive check (ves_version >= 1),
  constraint payload_matches_kind check (
    (payload_kind = 0 and payload is not null and payload_encrypted is null)
    or (payload_kind = 1 and payload is null and payload_encrypted is not null)
  ),
  constraint digests_have_their_lengths check (
    octet_length(payload_plain_hash) = 32 and octet_length(payload_cipher_hash) = 32
    and octet_length(event_signing_hash) = 32 and octet_length(leaf_hash) = 32
    and octet_length(agent_signature) = 64
  ),
  constraint names_have_their_lengths check (
    octet_length(entity_type) between 1 and 128 and octet_length(entity_id) between 1 and 512
    and octet_length(event_type) between 1 and 256
  )
);

comment on table ves_store.ves_events is
'The VES event log: append-only, numbered 1..n without a gap per (tenant, store). Sequenced means: the row is committed.';
comment on column ves_store.ves_events.tenant_id is 'Tenant (signed).';
comment on column ves_store.ves_events.store_id is 'Store (signed).';
comment on column ves_store.ves_events.sequence_number is 'Number in the stream, from 1, given under the counter row''s lock.';
comment on column ves_store.ves_events.event_id is 'Idempotency key, unique per tenant (signed).';
comment on column ves_store.ves_events.command_id is 'Intent of the client; the first event with it wins (not signed).';
comment on column ves_store.ves_events.source_agent_id is 'Agent that signed.';
comment on column ves_store.ves_events.agent_key_id is 'Key number, unsigned 32 bits by bit pattern.';
comment on column ves_store.ves_events.ves_version is 'Protocol version, 1.';
comment on column ves_store.ves_events.payload_kind is '0 plaintext, 1 encrypted (VES 8).';
comment on column ves_store.ves_events.agent_signature_scheme is '0 or 1 Ed25519, 2 ML-DSA-65, 3 hybrid.';
comment on column ves_store.ves_events.signer_id is 'ves_store.signers row whose key signs the receipt. No foreign key: one check per row would cost the hot path; verify_stream checks it.';
comment on column ves_store.ves_events.base_version is 'Entity version the client expected, if it said so (not signed).';
comment on column ves_store.ves_events.created_at is 'created_at_str as an instant, for queries only.';
comment on column ves_store.ves_events.sequenced_at is 'When the number was given.';
comment on column ves_store.ves_events.entity_type is '1 to 128 bytes (signed).';
comment on column ves_store.ves_events.entity_id is '1 to 512 bytes (signed).';
comment on column ves_store.ves_events.event_type is '1 to 256 bytes (signed).';
comment on column ves_store.ves_events.created_at_str is 'The text that was signed.';
comment on column ves_store.ves_events.payload_plain_hash is 'VES 4, 32 bytes.';
comment on column ves_store.ves_events.payload_cipher_hash is 'VES 8.2, 32 bytes; zero for plaintext.';
comment on column ves_store.ves_events.event_signing_hash is 'VES 5, 32 bytes.';
comment on column ves_store.ves_events.agent_signature is '64 bytes; enters the leaf as sent.';
comment on column ves_store.ves_events.leaf_hash is 'VES 9.1, 32 bytes.';
comment on column ves_store.ves_events.agent_signature_bundle is 'JSON text of the post-quantum signatures, if any.';
comment on column ves_store.ves_events.payload is 'The JSON text as received. Type json, not jsonb: jsonb would rewrite numbers and refuse escapes.';
comment on column ves_store.ves_events.payload_encrypted is 'VES-ENC-1 object, its known members only.';

create table ves_store.ves_rejections (
  rejection_id bigint generated always as identity,
  tenant_id uuid not null,
  store_id uuid not null,
  event_id uuid not null,
  source_agent_id uuid not null,
  reason text not null,
  message text not null,
  rejected_at timestamptz not null,
  constraint ves_rejections_pkey primary key (tenant_id, rejection_id)
);

comment on table ves_store.ves_rejections is 'Every event refused inside an answered request: who, which, why. Append-only.';
comment on column ves_store.ves_rejections.rejection_id is 'Number of the row, over all tenants.';
comment on column ves_store.ves_rejections.tenant_id is 'Tenant.';
comment on column ves_store.ves_rejections.store_id is 'Store.';
comment on column ves_store.ves_rejections.event_id is 'Event id as sent.';
comment on column ves_store.ves_rejections.source_agent_id is 'Agent as sent.';
comment on column ves_store.ves_rejections.reason is 'Reason string of the answer (VES 14.3).';
comment on column ves_store.ves_rejections.message is 'Message of the answer.';
comment on column ves_store.ves_rejections.rejected_at is 'When.';

create table ves_store.ves_sequence_counters (
  tenant_id uuid not null,
  store_id uuid not null,
  current_sequence bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint ves_sequence_counters_pkey primary key (tenant_id, store_id),
  constraint current_sequence_is_not_negative check (current_sequence >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.ves_sequence_counters is
'Head of each VES stream. The row lock is the stream''s lock: numbering and inserting happen while it is held, nothing else.';
comment on column ves_store.ves_sequence_counters.tenant_id is 'Tenant.';
comment on column ves_store.ves_sequence_counters.store_id is 'Store.';
comment on column ves_store.ves_sequence_counters.current_sequence is 'Highest number given; 0 before the first event.';
comment on column ves_store.ves_sequence_counters.updated_at is 'Last change.';

create table ves_store.ves_sequencer_receipts (
  tenant_id uuid not null,
  store_id uuid not null,
  sequence_number bigint not null,
  receipt_hash bytea not null,
  sequencer_signature bytea,
  stored_at timestamptz not null default now(),
  constraint ves_sequencer_receipts_pkey primary key (tenant_id, store_id, sequence_number),
  constraint receipt_hash_has_32_bytes check (octet_length(receipt_hash) = 32),
  constraint sequencer_signature_has_64_bytes check (octet_length(sequencer_signature) = 64)
);

comment on table ves_store.ves_sequencer_receipts is
'Signatures of receipts, stored after the commit that numbered the event (a receipt is never signed under the stream lock). Everything else a receipt says is in ves_events and signers. A missing row is made good by the receipts worker; the signature is deterministic.';
comment on column ves_store.ves_sequencer_receipts.tenant_id is 'Tenant.';
comment on column ves_store.ves_sequencer_receipts.store_id is 'Store.';
comment on column ves_store.ves_sequencer_receipts.sequence_number is 'The event''s number.';
comment on column ves_store.ves_sequencer_receipts.receipt_hash is 'VES 11, 32 bytes.';
comment on column ves_store.ves_sequencer_receipts.sequencer_signature is 'Ed25519 over receipt_hash, 64 bytes; null when the signer has no key.';
comment on column ves_store.ves_sequencer_receipts.stored_at is 'When the row was stored.';
