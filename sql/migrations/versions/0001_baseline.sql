-- Generated from [state] of sql/load.toml by `python -m ves_install.generate`; frozen with release 0.1.0.
create type ves_int.inventory_change as (
  quantity_on_hand numeric,
  quantity_reserved numeric,
  quantity_available numeric,
  moved numeric,
  requested numeric,
  available_before numeric
);

comment on type ves_int.inventory_change is
'Figures of an inventory after an event, before they are known to be acceptable. moved: what the event adds to the stock, null when it touches none. requested: what it reserves, null when nothing; available_before: what there was to reserve.';

create type ves.anchor_item as (
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  is_legacy boolean,
  events_root bytea,
  prev_state_root bytea,
  new_state_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  event_count integer,
  committed_at timestamptz,
  is_requested boolean
);

comment on type ves.anchor_item is
'A commitment of either stream as an anchor takes it (chain 2): events_root is the root over its events, 32 bytes as the state roots; is_requested: somebody asked for it to be anchored now.';

create type ves.anchor_progress as (
  tenant_id uuid,
  store_id uuid,
  anchor text,
  is_counted boolean,
  status text,
  chain_id bigint,
  chain_tx_hash bytea,
  chain_block_number bigint,
  reason text,
  anchored_at timestamptz,
  required integer,
  anchored integer
);

comment on type ves.anchor_progress is
'How far one anchor has a commitment; is_counted: the policy counts it. required and anchored are the same in each row of a commitment: how many of the counted anchors must have it, and have it.';

create type ves.audit_entry as (
  tenant_id uuid,
  number bigint,
  id uuid,
  timestamp timestamptz,
  action text,
  actor text,
  actor_type text,
  database_role text,
  resource_type text,
  resource_id text,
  request_id text,
  ip_address text,
  user_agent text,
  details jsonb,
  success boolean,
  error_message text,
  previous_hash bytea,
  hash bytea
);

comment on type ves.audit_entry is 'One entry of the audit log; the columns are those of ves_store.audit_log.';

create type ves.chain_transaction as (
  transaction_id bigint,
  kind text,
  tenant_id uuid,
  reference_id uuid,
  part integer,
  sender text,
  to_address text,
  calldata bytea,
  status text,
  nonce bigint,
  attempt integer,
  tx_hashes bytea [],
  raw bytea,
  gas_limit bigint,
  max_fee bigint,
  priority_fee bigint,
  block_number bigint,
  block_hash bytea,
  reason text,
  waiting_seconds double precision
);

comment on type ves.chain_transaction is
'A transaction of the outbox: the hashes of all its attempts, the newest last, and bytes and fees of the newest; waiting_seconds since that one was signed, or since it was planned.';

-- The invariants of operations 5.2 under their names: a projector makes one value for each event. PostgreSQL
-- checks them in the order of their names, so each leaves alone what another one has to name.
create domain ves_int.checked_inventory as ves_int.inventory_change
constraint "quantity_on_hand arithmetic within i64 range"
check ((value).quantity_on_hand between -9223372036854775808 and 9223372036854775807)
constraint "quantity_reserved arithmetic within i64 range"
check (
  coalesce((value).requested > (value).available_before, false)
  or (value).quantity_reserved between -9223372036854775808 and 9223372036854775807
)
constraint "quantity_available arithmetic within i64 range"
check (
  coalesce((value).requested > (value).available_before, false)
  or (value).quantity_on_hand not between -9223372036854775808 and 9223372036854775807
  or (value).quantity_available between -9223372036854775808 and 9223372036854775807
)
constraint "quantity_on_hand >= 0"
check (
  (value).moved is null or (value).quantity_on_hand >= 0 or (value).quantity_on_hand < -9223372036854775808
)
constraint "reserved <= available"
check ((value).requested <= (value).available_before);

comment on domain ves_int.checked_inventory is
'An inventory_change that holds every invariant of operations 5.2. Whoever violates one gets 23514 with the invariant''s name.';

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

create type ves.commitment_timestamp as (
  tenant_id uuid,
  store_id uuid,
  events_root bytea,
  new_state_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  event_count integer,
  status text,
  proof_path bytea,
  proof bytea,
  block_height bigint
);

comment on type ves.commitment_timestamp is
'What the digest of a commitment is made of (chain 8), and the OpenTimestamps proof that starts at it: proof_path, then proof.';

create type ves.compliance_proof as (
  proof_id uuid,
  event_id uuid,
  tenant_id uuid,
  store_id uuid,
  proof_type text,
  proof_version integer,
  policy_id text,
  policy_params json,
  policy_hash bytea,
  proof_hash bytea,
  public_inputs json,
  public_inputs_hash bytea,
  witness_commitment bytea,
  proof_options bytea,
  amount_binding text,
  submitted_at timestamptz,
  proof bytea,
  proof_key_id bytea
);

comment on type ves.compliance_proof is
'One stored compliance proof (VES 13). JSON members are texts as received; proof is null in lists, and an SSE1 blob (VES 16) while proof_key_id is not null.';

create type ves_int.event_chunk as (
  sequence_numbers bigint [],
  event_ids bytea [],
  agent_ids bytea [],
  ves_versions integer [],
  agent_key_ids bigint [],
  entity_types text [],
  entity_ids text [],
  event_types text [],
  created_at_texts text [],
  payload_kinds smallint [],
  payloads bytea [],
  plain_hashes bytea [],
  cipher_hashes bytea [],
  signing_hashes bytea [],
  signatures bytea [],
  leaf_hashes bytea [],
  signature_schemes smallint [],
  signature_bundles bytea [],
  key_algorithms smallint [],
  key_public_keys bytea [],
  key_bundles bytea [],
  receipt_hashes bytea [],
  receipt_signatures bytea [],
  receipt_public_keys bytea [],
  payloads_at_rest bytea [],
  payload_key_ids bytea [],
  payload_states text [],
  signer_is_known boolean []
);

comment on type ves_int.event_chunk is
'Stored events of one stream as parallel arrays for ves_int.verify_events_batch: ids as 16 bytes, agent_key_ids unsigned, payloads as the bytes stored; payload_states is null or the finding that says why the payload is gone.';

create type ves.event_parts as (
  sequence_number bigint,
  event_id uuid,
  command_id uuid,
  source_agent_id uuid,
  agent_key_id bigint,
  ves_version integer,
  payload_kind smallint,
  entity_type text,
  entity_id text,
  event_type text,
  created_at text,
  base_version bigint,
  payload_plain_hash bytea,
  payload_cipher_hash bytea,
  event_signing_hash bytea,
  agent_signature bytea,
  agent_signature_scheme smallint,
  agent_signature_bundle bytea,
  is_shredded boolean,
  payload json,
  payload_encrypted json,
  payload_at_rest bytea,
  payload_key_id bytea,
  sequenced_at timestamptz,
  receipt_signature bytea,
  sequencer_id uuid,
  sequencer_key_version integer,
  receipt_algorithm text
);

comment on type ves.event_parts is
'One VES event as ves.read_event_parts answers it: the signed envelope (VES 2; created_at is the signed text), its payload as it is stored (payload_at_rest and payload_key_id: ciphertext, VES 16), and the parts of its receipt (VES 11; receipt_signature null until it is stored, empty where receipt_algorithm is none).';

create type ves.event_schema as (
  schema_id uuid,
  tenant_id uuid,
  event_type text,
  version integer,
  schema_json json,
  status text,
  compatibility text,
  description text,
  created_at timestamptz,
  updated_at timestamptz,
  created_by text
);

comment on type ves.event_schema is 'One registered JSON Schema (operations 6); schema_json is the text as received.';

create type ves.exact_payment as (
  payment_id uuid,
  tenant_id uuid,
  chain_id bigint,
  settlement_contract text,
  token_address text,
  payer_address text,
  payee_address text,
  amount text,
  valid_after text,
  valid_before text,
  nonce bytea,
  signature bytea,
  status text,
  batch_id uuid,
  tx_hash text,
  reason text,
  created_at timestamptz
);

comment on type ves.exact_payment is
'An EIP-3009 payment (x402 part C) and what came of it; amount and times are decimal digits.';

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
  stream integer,
  outcome text,
  first_sequence bigint,
  last_sequence bigint,
  head_sequence bigint,
  sequenced_at timestamptz,
  exceptions jsonb
);

comment on type ves.ingest_result is
'Answer of ves.ingest_events for one stream, by its place in the call. outcome appended: events not named in exceptions were accepted and are numbered first_sequence .. last_sequence in input order. Other outcomes (busy, stale_credentials, stale_schemas): nothing of the stream was stored. exceptions: array of {ord, outcome: replayed, sequence_number, sequenced_at_micros, signer_id, signature} or {ord, outcome: rejected, phase, reason, message}; null when every event was accepted.';

create type ves.key_rotation as (
  old_key_id bigint,
  old_status text,
  new_key_id bigint,
  rotated_at timestamptz,
  grace_until timestamptz
);

comment on type ves.key_rotation is
'A rotation as it was done: the old key with its status now (in_grace, expired or revoked), the key that takes over, and until when the old one still verifies (null: not any more).';

create type ves.legacy_commitment as (
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  prev_state_root bytea,
  new_state_root bytea,
  events_root bytea,
  event_count integer,
  sequence_start bigint,
  sequence_end bigint,
  committed_at timestamptz,
  chain_tx_hash bytea,
  anchored_at timestamptz
);

comment on type ves.legacy_commitment is 'One legacy commitment (VES 17.3) with its anchoring state; roots are 32 raw bytes.';

create type ves.legacy_event as (
  tenant_id uuid,
  store_id uuid,
  sequence_number bigint,
  event_id uuid,
  command_id uuid,
  source_agent uuid,
  envelope_version bigint,
  base_version bigint,
  created_at timestamptz,
  sequenced_at timestamptz,
  entity_type text,
  entity_id text,
  event_type text,
  payload_hash bytea,
  signature bytea,
  payload json,
  payload_at_rest bytea,
  payload_key_id bytea,
  shredded_at timestamptz
);

comment on type ves.legacy_event is 'One stored legacy event (VES 17.1); payload is the text received or the compact form; null when it is shredded, or still encrypted (payload_at_rest).';

create type ves.payment_batch as (
  batch_id uuid,
  status text,
  tenant_id uuid,
  store_id uuid,
  network text,
  payment_count integer,
  total_amounts jsonb,
  merkle_root bytea,
  prev_state_root bytea,
  new_state_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  created_at timestamptz,
  committed_at timestamptz,
  submitted_at timestamptz,
  settled_at timestamptz
);

comment on type ves.payment_batch is 'A batch of payment intents (x402 A10).';

create type ves.payment_intent as (
  intent_id uuid,
  status text,
  tenant_id uuid,
  store_id uuid,
  source_agent_id uuid,
  agent_key_id integer,
  payer_address text,
  payee_address text,
  amount bigint,
  asset text,
  network text,
  chain_id bigint,
  token_address text,
  valid_until bigint,
  nonce text,
  idempotency_key text,
  resource_uri text,
  description text,
  order_id uuid,
  merchant_id text,
  signing_hash bytea,
  payer_signature bytea,
  payer_public_key bytea,
  sequence_number bigint,
  sequenced_at timestamptz,
  batch_id uuid,
  tx_hash text,
  block_number bigint,
  settled_at timestamptz,
  failure text,
  is_settleable boolean,
  metadata json,
  created_at timestamptz,
  updated_at timestamptz
);

comment on type ves.payment_intent is 'A stored payment intent (x402 A12); nonce is the unsigned number in decimal digits.';

create type ves.payment_outcome as (
  outcome text,
  intent_id uuid,
  status text,
  sequence_number bigint,
  sequenced_at timestamptz,
  batch_id uuid
);

comment on type ves.payment_outcome is
'What became of one submitted payment intent: sequenced, replayed (the idempotency key and the request are known) or the name of an error; the other columns are null for an error.';

create type ves.payment_receipt as (
  intent_id uuid,
  tenant_id uuid,
  store_id uuid,
  sequence_number bigint,
  batch_id uuid,
  merkle_root bytea,
  inclusion_proof bytea [],
  leaf_index integer,
  total_leaves integer,
  payer_address text,
  payee_address text,
  amount bigint,
  asset text,
  network text,
  chain_id bigint,
  nonce text,
  valid_until bigint,
  signing_hash bytea,
  payer_signature bytea,
  tx_hash text,
  block_number bigint
);

comment on type ves.payment_receipt is
'What proves that an intent is in a batch (x402 A12): everything that its leaf is made of, and the path to the root. nonce is the unsigned number in decimal digits.';

create type ves_int.payment_request as (
  agent_id uuid,
  agent_key_id integer,
  payer_address text,
  payer_key text,
  payee_address text,
  amount bigint,
  asset text,
  network text,
  valid_until bigint,
  nonce bigint,
  idempotency_key text,
  fingerprint bytea,
  resource_uri text,
  description text,
  order_id uuid,
  merchant_id text,
  signing_hash bytea,
  payer_signature bytea,
  payer_public_key bytea,
  metadata text,
  refusal text,
  auth_epoch bigint,
  admin_epoch bigint
);

comment on type ves_int.payment_request is
'A payment intent as ves.append_payment_intents takes it: decoded, hashed and verified (ves.payment_requests of the library). payer_key is the payer by which nonces are counted; refusal the error that an idempotent repeat gives way to.';

create type ves.payment_settlement as (
  tenant_id uuid,
  store_id uuid,
  batch_id uuid,
  part integer,
  status text,
  chain_id bigint,
  settlement_contract text,
  token_address text,
  merkle_root bytea,
  sequence_start bigint,
  sequence_end bigint,
  tx_hash text,
  reason text,
  updated_at timestamptz
);

comment on type ves.payment_settlement is
'A part of a payment batch with what its transaction needs: root and range are those of the whole batch.';

-- What a terminal, a log or a list shows as one line: no control character, no separator of lines, nothing
-- that turns the direction of text.
create domain ves_int.printable_name as text
constraint name_is_printable check (value !~ '[\x01-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]');

comment on domain ves_int.printable_name is
'A name that callers choose and others read. Functions ask ves_int.require_name, so that a caller gets VE007 with the field.';

create type ves_int.projected_entity as (
  projector text,
  generation integer,
  entity_id text,
  place tid,
  version_before bigint,
  version bigint,
  position bigint,
  created_at timestamptz,
  updated_at timestamptz,
  state jsonb
);

comment on type ves_int.projected_entity is
'An entity of a projection while a batch is applied to it: place and version_before of its stored row, both null for a new entity, and what the row becomes.';

create type ves_int.projected_event as (
  sequence_number bigint,
  position bigint,
  attempt bigint,
  event_id uuid,
  entity_type text,
  entity_id text,
  event_type text,
  base_version bigint,
  created_at timestamptz,
  payload json,
  payload_state text
);

comment on type ves_int.projected_event is
'An event as projectors get it, of either stream. It is applied in the order of (position, attempt): position is its number and attempt 0, or, once it was retried with success, what ves_store.projection_retries says. payload is the text received, null when it cannot be read; payload_state then says why (ves_int.payload_state).';

create type ves.projection as (
  entity_type text,
  entity_id text,
  stream text,
  version bigint,
  sequence_number bigint,
  projected_to bigint,
  entity jsonb
);

comment on type ves.projection is
'Current state of an entity in one stream (ves or legacy; operations 5.2): entity has its members. sequence_number is the last event that is applied, projected_to how far the projection has come: it reflects every event of the entity up to there.';

create type ves_int.projection_rejection as (
  sequence_number bigint,
  code text,
  message text,
  actual_version bigint
);

comment on type ves_int.projection_rejection is
'An event that a projector rejected (ves_store.rejected_events_log), and the version of its entity then.';

create type ves.proof_verdict as (
  proof_id uuid,
  proof_hash_match boolean,
  policy_hash_match boolean,
  public_inputs_match boolean,
  stark_valid boolean,
  stark_error text,
  stark_verification_time_ms bigint,
  valid boolean,
  reason text,
  amount_binding text,
  strength jsonb
);

comment on type ves.proof_verdict is
'What a check of a stored proof found (VES 13). stark_valid is null when no STARK was verified; reason is null when valid; strength says what the proof is worth (bits, what is bound and what is not), null for proofs that we cannot judge.';

create type ves.reencrypt_step as (
  scanned bigint,
  updated bigint,
  skipped_current_key bigint,
  next_cursor jsonb
);

comment on type ves.reencrypt_step is
'What one batch of a re-encryption did. updated counts what would be updated in a dry run; next_cursor goes into the next call, null when there is nothing more.';

create type ves.stored_event as (
  sequence_number bigint,
  event_id uuid,
  command_id uuid,
  source_agent_id uuid,
  agent_key_id bigint,
  ves_version integer,
  payload_kind smallint,
  entity_type text,
  entity_id text,
  event_type text,
  created_at text,
  base_version bigint,
  payload_plain_hash bytea,
  payload_cipher_hash bytea,
  event_signing_hash bytea,
  agent_signature bytea,
  agent_signature_scheme smallint,
  agent_signature_bundle bytea,
  payload_state text,
  payload json,
  payload_encrypted json,
  payload_at_rest bytea,
  payload_key_id bytea,
  sequenced_at timestamptz,
  leaf_hash bytea,
  receipt jsonb
);

comment on type ves.stored_event is
'One VES event as ves.read_events answers it: the signed envelope (VES 2; created_at is the signed text), its payload, receipt (VES 11) and leaf hash (VES 9.1). payload_state: plaintext, encrypted_at_rest, encrypted_to_recipients, shredded; payload_at_rest and payload_key_id are set when the payload was not decrypted.';

create type ves.validity_proof as (
  proof_id uuid,
  batch_id uuid,
  tenant_id uuid,
  store_id uuid,
  proof_type text,
  proof_version integer,
  proof_hash bytea,
  public_inputs json,
  public_inputs_hash bytea,
  submitted_at timestamptz,
  proof bytea,
  proof_key_id bytea
);

comment on type ves.validity_proof is 'One stored validity proof of a commitment (VES 12); proof is null in lists, and an SSE1 blob (VES 16) while proof_key_id is not null.';

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

create table ves_store.transitions (
  machine text not null,
  from_state text not null,
  to_state text not null,
  constraint transitions_pkey primary key (machine, from_state, to_state),
  constraint machine_names_table_and_column check (machine ~ '^[a-z0-9_]+[.][a-z0-9_]+$'),
  constraint state_changes_in_a_transition check (from_state <> to_state)
);

comment on table ves_store.transitions is 'Steps of every state machine: trigger t30_refuse_step of a table refuses any other change of its state column.';
comment on column ves_store.transitions.machine is 'Table and state column, as in scheduled_key_rotations.status.';
comment on column ves_store.transitions.from_state is 'State before; empty: the row is new.';
comment on column ves_store.transitions.to_state is 'State after.';

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

create table ves_store.credential_epochs (
  tenant_id uuid not null,
  epoch bigint not null,
  constraint credential_epochs_pkey primary key (tenant_id)
) with (fillfactor = 50);

comment on table ves_store.credential_epochs is
'Grows with every change of a stored credential of the tenant. An edge that cached credentials passes the epoch it saw; another one is refused, so a revocation holds at once in every process.';
comment on column ves_store.credential_epochs.tenant_id is 'Tenant; one without a row has epoch 0.';
comment on column ves_store.credential_epochs.epoch is 'Current epoch.';

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
  record_hash bytea not null,
  agent_signature_bundle bytea,
  payload json,
  payload_encrypted json,
  payload_at_rest bytea,
  payload_key_id bytea,
  shredded_at timestamptz,
  constraint ves_events_pkey primary key (event_id, tenant_id),
  constraint ves_events_tenant_id_store_id_sequence_number_key unique (tenant_id, store_id, sequence_number),
  constraint sequence_number_is_positive check (sequence_number > 0),
  constraint ves_version_is_positive check (ves_version >= 1),
  constraint payload_has_one_stored_form check (
    case
      when
        shredded_at is not null
        then payload is null and payload_encrypted is null and payload_at_rest is null
      when payload_kind = 0 then (payload is null) <> (payload_at_rest is null) and payload_encrypted is null
      else payload_kind = 1 and payload_encrypted is not null and payload is null and payload_at_rest is null
    end
  ),
  constraint ciphertext_names_its_key check (
    (payload_at_rest is null) = (payload_key_id is null) and octet_length(payload_key_id) = 8
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

-- Ciphertext does not compress: trying would only cost time.
alter table ves_store.ves_events alter column payload_at_rest set storage external;

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
comment on column ves_store.ves_events.record_hash is
'SHA-256 over what the signature does not cover: event_id, created_at and sequenced_at (microseconds since 2000, 8 bytes each), base_version (8 bytes, -1 for none), agent_signature_scheme (2 bytes), command_id if any, agent_signature_bundle if any.';
comment on column ves_store.ves_events.agent_signature_bundle is 'JSON text of the post-quantum signatures, if any.';
comment on column ves_store.ves_events.payload is 'The JSON text as received, when it is stored in plaintext. Type json, not jsonb: jsonb would rewrite numbers and refuse escapes.';
comment on column ves_store.ves_events.payload_encrypted is 'VES-ENC-1 object, its known members only; never encrypted again, its key was never here.';
comment on column ves_store.ves_events.payload_at_rest is 'The JSON text as received, encrypted (VES 16: SSE1 blob, or SSE2 when compressed); null when it is stored in plaintext.';
comment on column ves_store.ves_events.payload_key_id is 'Key of payload_at_rest, 8 bytes: the start of SHA-256("VES_ATREST_KEY_ID_V1" || key).';
comment on column ves_store.ves_events.shredded_at is 'When the payload was destroyed (ves_store.shredded_payloads says why); the hashes remain.';

create table ves_store.events (
  tenant_id uuid not null,
  store_id uuid not null,
  sequence_number bigint not null,
  event_id uuid not null,
  command_id uuid,
  source_agent uuid not null,
  envelope_version bigint not null default 1,
  base_version bigint,
  created_at timestamptz not null,
  sequenced_at timestamptz not null,
  entity_type text not null,
  entity_id text not null,
  event_type text not null,
  payload_hash bytea not null,
  leaf_hash bytea not null,
  record_hash bytea not null,
  signature bytea,
  payload json,
  payload_at_rest bytea,
  payload_key_id bytea,
  shredded_at timestamptz,
  constraint events_pkey primary key (event_id, tenant_id),
  constraint events_tenant_id_store_id_sequence_number_key unique (tenant_id, store_id, sequence_number),
  constraint sequence_number_is_positive check (sequence_number > 0),
  constraint envelope_version_is_32_bits check (envelope_version between 0 and 4294967295),
  constraint digests_have_their_lengths check (
    octet_length(payload_hash) = 32 and octet_length(leaf_hash) = 32
  ),
  constraint payload_has_one_stored_form check (
    case
      when shredded_at is not null then payload is null and payload_at_rest is null
      else (payload is null) <> (payload_at_rest is null)
    end
  ),
  constraint ciphertext_names_its_key check (
    (payload_at_rest is null) = (payload_key_id is null) and octet_length(payload_key_id) = 8
  ),
  constraint names_have_their_lengths check (
    octet_length(entity_type) between 1 and 128 and octet_length(entity_id) between 1 and 512
    and octet_length(event_type) between 1 and 256
  )
);

-- The history of an entity: counted and paged without touching the table.
create index events_entity_history_idx
on ves_store.events (entity_id, entity_type, store_id, tenant_id, sequence_number);

-- Ciphertext does not compress: trying would only cost time.
alter table ves_store.events alter column payload_at_rest set storage external;

comment on table ves_store.events is
'The legacy event log (VES 17): unsigned events, numbered 1..n without a gap per (tenant, store), apart from the VES numbers. Append-only.';
comment on column ves_store.events.tenant_id is 'Tenant.';
comment on column ves_store.events.store_id is 'Store.';
comment on column ves_store.events.sequence_number is 'Number in the legacy stream, from 1.';
comment on column ves_store.events.event_id is 'Unique per tenant.';
comment on column ves_store.events.command_id is 'Intent of the client; the first event with it wins.';
comment on column ves_store.events.source_agent is 'Agent that sent the event.';
comment on column ves_store.events.envelope_version is 'As sent; 1 when absent.';
comment on column ves_store.events.base_version is 'Entity version the client expected, if it said so.';
comment on column ves_store.events.created_at is 'The client''s time, to the microsecond.';
comment on column ves_store.events.sequenced_at is 'When the number was given.';
comment on column ves_store.events.entity_type is '1 to 128 bytes.';
comment on column ves_store.events.entity_id is '1 to 512 bytes.';
comment on column ves_store.events.event_type is '1 to 256 bytes.';
comment on column ves_store.events.payload_hash is 'VES 17.1, 32 bytes: SHA-256 of the compact form.';
comment on column ves_store.events.leaf_hash is 'VES 17.3, 32 bytes.';
comment on column ves_store.events.record_hash is
'SHA-256 over what leaf and payload hash do not cover: event_id, source_agent, created_at and sequenced_at (microseconds since 2000, 8 bytes each), base_version (8 bytes, -1 for none), envelope_version (8 bytes), event_type (length in 4 bytes, UTF-8), command_id if any, signature if any.';
comment on column ves_store.events.signature is 'As sent; nobody verifies it.';
comment on column ves_store.events.payload is 'The JSON text as received, when it is stored in plaintext.';
comment on column ves_store.events.payload_at_rest is 'The compact form of the payload, encrypted (VES 16: SSE1 blob); null when it is stored in plaintext.';
comment on column ves_store.events.payload_key_id is 'Key of payload_at_rest, 8 bytes: the start of SHA-256("VES_ATREST_KEY_ID_V1" || key).';
comment on column ves_store.events.shredded_at is 'When the payload was destroyed (ves_store.shredded_payloads says why); the hashes remain.';

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
  previous_end bigint,
  committed_at timestamptz not null,
  constraint ves_commitments_pkey primary key (batch_id, tenant_id),
  constraint ves_commitments_tenant_id_store_id_sequence_start_key
  unique (tenant_id, store_id, sequence_start),
  constraint ves_commitments_tenant_id_store_id_sequence_end_key
  unique (tenant_id, store_id, sequence_end),
  constraint ves_commitments_tenant_id_store_id_previous_end_key
  unique (tenant_id, store_id, previous_end),
  constraint ves_commitments_tenant_id_store_id_previous_end_fkey
  foreign key (tenant_id, store_id, previous_end)
  references ves_store.ves_commitments (tenant_id, store_id, sequence_end),
  constraint ves_commitments_tenant_id_store_id_sequence_start_fkey
  foreign key (tenant_id, store_id, sequence_start)
  references ves_store.ves_events (tenant_id, store_id, sequence_number),
  constraint ves_commitments_tenant_id_store_id_sequence_end_fkey
  foreign key (tenant_id, store_id, sequence_end)
  references ves_store.ves_events (tenant_id, store_id, sequence_number),
  constraint range_starts_after_the_previous_end check (sequence_start = previous_end + 1),
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

-- A stream has one first commitment; every other one continues another.
create unique index ves_commitments_first_idx
on ves_store.ves_commitments (tenant_id, store_id) where previous_end is null;

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
comment on column ves_store.ves_commitments.previous_end is 'sequence_end of the commitment before; null for the first, which may start anywhere.';
comment on column ves_store.ves_commitments.committed_at is 'When.';

create table ves_store.commitments (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null,
  events_root bytea not null,
  prev_state_root bytea not null,
  new_state_root bytea not null,
  event_count integer not null,
  sequence_start bigint not null,
  sequence_end bigint not null,
  previous_end bigint,
  committed_at timestamptz not null,
  constraint commitments_pkey primary key (batch_id, tenant_id),
  constraint commitments_tenant_id_store_id_sequence_start_key
  unique (tenant_id, store_id, sequence_start),
  constraint commitments_tenant_id_store_id_sequence_end_key
  unique (tenant_id, store_id, sequence_end),
  constraint commitments_tenant_id_store_id_previous_end_key
  unique (tenant_id, store_id, previous_end),
  constraint commitments_tenant_id_store_id_previous_end_fkey
  foreign key (tenant_id, store_id, previous_end)
  references ves_store.commitments (tenant_id, store_id, sequence_end),
  constraint commitments_tenant_id_store_id_sequence_start_fkey
  foreign key (tenant_id, store_id, sequence_start)
  references ves_store.events (tenant_id, store_id, sequence_number),
  constraint commitments_tenant_id_store_id_sequence_end_fkey
  foreign key (tenant_id, store_id, sequence_end)
  references ves_store.events (tenant_id, store_id, sequence_number),
  constraint range_starts_after_the_previous_end check (sequence_start = previous_end + 1),
  constraint sequence_range_is_not_empty check (sequence_end >= sequence_start),
  constraint event_count_is_the_length_of_the_range check (event_count = sequence_end - sequence_start + 1),
  constraint roots_have_32_bytes check (
    octet_length(events_root) = 32
    and octet_length(prev_state_root) = 32
    and octet_length(new_state_root) = 32
  )
);

-- A stream has one first commitment; every other one continues another.
create unique index commitments_first_idx
on ves_store.commitments (tenant_id, store_id) where previous_end is null;

comment on table ves_store.commitments is 'Legacy commitments (VES 17.3): root of a range and the entity versions at that time. Append-only.';
comment on column ves_store.commitments.tenant_id is 'Tenant.';
comment on column ves_store.commitments.store_id is 'Store.';
comment on column ves_store.commitments.batch_id is 'Random UUID.';
comment on column ves_store.commitments.events_root is 'Root over the leaves of the range, 32 bytes.';
comment on column ves_store.commitments.prev_state_root is 'new_state_root of the commitment before; zeros for the first.';
comment on column ves_store.commitments.new_state_root is 'Hash over every entity version when the commitment was made, 32 bytes.';
comment on column ves_store.commitments.event_count is 'Events in the range.';
comment on column ves_store.commitments.sequence_start is 'First number, inclusive.';
comment on column ves_store.commitments.sequence_end is 'Last number, inclusive.';
comment on column ves_store.commitments.previous_end is 'sequence_end of the commitment before; null for the first, which may start anywhere.';
comment on column ves_store.commitments.committed_at is 'When.';

create table ves_store.ves_compliance_proofs (
  tenant_id uuid not null,
  store_id uuid not null,
  event_id uuid not null,
  proof_id uuid not null,
  proof_type text not null,
  proof_version integer not null,
  policy_id text not null,
  policy_params json not null,
  policy_hash bytea not null,
  proof bytea not null,
  proof_hash bytea not null,
  public_inputs json not null,
  public_inputs_hash bytea not null,
  witness_commitment bytea,
  proof_options bytea,
  amount_binding text not null,
  submitted_at timestamptz not null,
  verified boolean,
  proof_key_id bytea,
  constraint ves_compliance_proofs_pkey primary key (proof_id, tenant_id),
  -- An unverified STARK does not take the place of a later proof.
  constraint ves_compliance_proofs_event_id_tenant_id_proof_type_proof_versi
  exclude using btree (
    event_id with =, tenant_id with =, proof_type with =, proof_version with =, policy_hash with =
  ) where (verified is not false),
  constraint ves_compliance_proofs_event_id_tenant_id_fkey
  foreign key (event_id, tenant_id) references ves_store.ves_events (event_id, tenant_id),
  constraint proof_type_has_1_to_32_bytes check (octet_length(proof_type) between 1 and 32),
  constraint proof_version_is_positive check (proof_version >= 1),
  constraint policy_id_has_1_to_64_bytes check (octet_length(policy_id) between 1 and 64),
  constraint proof_has_at_most_2_mib check (
    octet_length(proof) between 1 and case when proof_key_id is null then 2097152 else 2097184 end
  ),
  constraint key_id_has_8_bytes check (octet_length(proof_key_id) = 8),
  constraint hashes_have_32_bytes check (
    octet_length(policy_hash) = 32 and octet_length(proof_hash) = 32 and octet_length(public_inputs_hash) = 32
  ),
  constraint witness_commitment_has_32_bytes check (octet_length(witness_commitment) = 32),
  constraint amount_binding_is_a_known_state check (
    amount_binding in (
      'bound', 'not_checkable_by_server', 'no_amount_in_payload', 'not_applicable', 'mismatch'
    )
  )
);

-- An unverified proof is one row for each different submission.
create unique index ves_compliance_proofs_submission_idx on ves_store.ves_compliance_proofs (
  event_id, tenant_id, proof_type, proof_version, policy_hash, proof_hash, public_inputs_hash,
  witness_commitment, verified
);

-- Proofs are random bytes: compression would only cost time.
alter table ves_store.ves_compliance_proofs alter column proof set storage external;

comment on table ves_store.ves_compliance_proofs is
'Compliance proofs of events (VES 13), one for each event, type, version and policy, and beside it those that were stored unverified. Append-only. A proof gives the amount away: only those who may read the event may read it.';
comment on column ves_store.ves_compliance_proofs.tenant_id is 'Tenant.';
comment on column ves_store.ves_compliance_proofs.store_id is 'Store; that of the event.';
comment on column ves_store.ves_compliance_proofs.event_id is 'The event that the proof is about.';
comment on column ves_store.ves_compliance_proofs.proof_id is 'Random UUID.';
comment on column ves_store.ves_compliance_proofs.proof_type is '1 to 32 bytes; a type that starts with stark is one that we can verify.';
comment on column ves_store.ves_compliance_proofs.proof_version is '2 for STARK proofs.';
comment on column ves_store.ves_compliance_proofs.policy_id is '1 to 64 bytes.';
comment on column ves_store.ves_compliance_proofs.policy_params is 'The JSON text as received: the hashes are those of this text, never of a jsonb.';
comment on column ves_store.ves_compliance_proofs.policy_hash is 'VES 13, 32 bytes.';
comment on column ves_store.ves_compliance_proofs.proof_hash is 'VES 13, 32 bytes.';
comment on column ves_store.ves_compliance_proofs.public_inputs is 'The 11 canonical public inputs.';
comment on column ves_store.ves_compliance_proofs.public_inputs_hash is 'Hash of the canonical public inputs (VES 13), 32 bytes.';
comment on column ves_store.ves_compliance_proofs.witness_commitment is 'Four big-endian u64, 32 bytes; null when the proof was submitted without one.';
comment on column ves_store.ves_compliance_proofs.proof_options is 'The eight option bytes of a STARK proof, from which its strength follows; null for other types.';
comment on column ves_store.ves_compliance_proofs.amount_binding is 'Whether the committed amount is the payload''s: bound, not_checkable_by_server (encrypted), no_amount_in_payload, not_applicable, mismatch (only if verification on submission was off).';
comment on column ves_store.ves_compliance_proofs.submitted_at is 'When.';
comment on column ves_store.ves_compliance_proofs.verified is 'True: verified before it was stored. False: a STARK stored while verification on submission was off; it holds no place, so it keeps no later proof out. Null: of a type that nobody verifies.';
comment on column ves_store.ves_compliance_proofs.proof is 'The proof''s bytes, at most 2 MiB; an SSE1 blob of them (VES 16) when proof_key_id is not null.';
comment on column ves_store.ves_compliance_proofs.proof_key_id is 'Key of the encrypted proof, 8 bytes as in ves_events.payload_key_id; null when the proof is stored as it is.';

create table ves_store.encryption_key_groups (
  group_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  name ves_int.printable_name not null,
  description text,
  is_active boolean not null default true,
  created_by uuid,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint encryption_key_groups_pkey primary key (group_id, tenant_id),
  constraint encryption_key_groups_tenant_id_name_key unique (tenant_id, name),
  constraint group_name_is_not_empty check (char_length(name) between 1 and 255)
);

comment on table ves_store.encryption_key_groups is 'Named sets of agents to whom payloads are sealed together. The sequencer holds no secret key: it only says who the recipients are now.';
comment on column ves_store.encryption_key_groups.group_id is 'Group.';
comment on column ves_store.encryption_key_groups.tenant_id is 'Tenant.';
comment on column ves_store.encryption_key_groups.name is 'Name, 1 to 255 characters without control characters, unique in the tenant.';
comment on column ves_store.encryption_key_groups.description is 'Free text.';
comment on column ves_store.encryption_key_groups.is_active is 'An inactive group has no recipients.';
comment on column ves_store.encryption_key_groups.created_by is 'Agent that made the group; null for an administrator.';
comment on column ves_store.encryption_key_groups.created_at is 'When it was made.';
comment on column ves_store.encryption_key_groups.updated_at is 'When it or its members changed last.';

create table ves_store.subscriptions (
  tenant_id uuid not null,
  subscription_id bigint generated always as identity,
  name ves_int.printable_name not null,
  kind text not null,
  created_at timestamptz not null,
  created_by xid8 not null,
  opened_at timestamptz,
  constraint subscriptions_pkey primary key (tenant_id, subscription_id),
  constraint subscriptions_tenant_id_name_key unique (tenant_id, name),
  constraint subscription_name_has_1_to_48_bytes check (octet_length(name) between 1 and 48),
  constraint subscription_kind_is_known check (kind in ('group', 'queue', 'feed'))
);

comment on table ves_store.subscriptions is
'Consumers of all VES streams of a tenant (ves.subscribe). Their position in each stream is a row of ves_store.cursors, whose consumer is ves_int.cursor_name.';
comment on column ves_store.subscriptions.tenant_id is 'Tenant.';
comment on column ves_store.subscriptions.subscription_id is 'Number of the row, over all tenants.';
comment on column ves_store.subscriptions.name is 'Name, 1 to 48 bytes without control characters, unique in the tenant.';
comment on column ves_store.subscriptions.kind is
'group: members share the streams (ves.fetch_ranges); queue: messages of queue ves_ranges (ves.read_queue); feed: one order over all streams (ves.read_feed).';
comment on column ves_store.subscriptions.created_at is 'When it was made.';
comment on column ves_store.subscriptions.created_by is 'Transaction that made it; a later one opens it.';
comment on column ves_store.subscriptions.opened_at is 'When the streams that existed got their cursors; null: not yet.';

create table ves_store.x402_networks (
  network text not null,
  chain_id bigint not null,
  is_testnet boolean not null,
  settlement_contract text,
  constraint x402_networks_pkey primary key (network),
  constraint settlement_contract_is_an_address check (settlement_contract ~ '^0x[0-9a-f]{40}$')
);

insert into ves_store.x402_networks (network, chain_id, is_testnet)
values
('set_chain', 84532001, false),
('set_chain_testnet', 84532002, true),
('arc', 5042001, false),
('arc_testnet', 5042002, true),
('base', 8453, false),
('base_sepolia', 84532, true),
('ethereum', 1, false),
('ethereum_sepolia', 11155111, true),
('arbitrum', 42161, false),
('optimism', 10, false);

comment on table ves_store.x402_networks is
'Networks of payment intents (x402 A2). The names and chain ids are those of the protocol library, which hashes them.';
comment on column ves_store.x402_networks.network is 'Name on the wire, in hashes and here.';
comment on column ves_store.x402_networks.chain_id is 'EIP-155 chain id.';
comment on column ves_store.x402_networks.is_testnet is 'Whether its money is without value.';
comment on column ves_store.x402_networks.settlement_contract is
'Address of the settlement contract, lower case; null: intents of the network are not settled by this server.';

create table ves_store.x402_origins (
  tenant_id uuid not null,
  origin text not null,
  constraint x402_origins_pkey primary key (origin, tenant_id),
  constraint origin_is_of_http check (origin ~ '^https?://[a-z0-9.:-]{1,255}$')
);

comment on table ves_store.x402_origins is
'Origins whose paid resources the facilitator lists (x402 B5). A payer sends back the URL and the description of what it pays for, so without this a payer could have any URL listed as the seller''s.';
comment on column ves_store.x402_origins.tenant_id is 'Seller.';
comment on column ves_store.x402_origins.origin is 'Scheme, host and port, lower case, without a final slash.';

create table ves_store.x402_payment_batches (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null default gen_random_uuid(),
  network text not null,
  status text not null,
  payment_count integer not null,
  total_amounts jsonb not null,
  merkle_root bytea not null,
  prev_state_root bytea,
  new_state_root bytea not null,
  sequence_start bigint not null,
  sequence_end bigint not null,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  created_at timestamptz not null,
  committed_at timestamptz not null,
  submitted_at timestamptz,
  settled_at timestamptz,
  constraint x402_payment_batches_pkey primary key (batch_id, tenant_id),
  constraint status_is_a_batch_state check (status in ('committed', 'submitted', 'settled', 'failed')),
  constraint batch_has_1_to_1000_intents check (payment_count between 1 and 1000),
  constraint roots_have_32_bytes check (
    octet_length(merkle_root) = 32 and octet_length(new_state_root) = 32
    and octet_length(prev_state_root) = 32
  ),
  constraint sequence_range_is_ordered check (sequence_start between 1 and sequence_end),
  constraint chain_numbers_are_not_negative check (block_number >= 0 and gas_used >= 0),
  constraint settled_batch_says_when check ((status = 'settled') = (settled_at is not null))
);

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_payment_batches.status', '', 'committed'),
('x402_payment_batches.status', 'committed', 'submitted'),
('x402_payment_batches.status', 'committed', 'failed'),
('x402_payment_batches.status', 'submitted', 'committed'),
('x402_payment_batches.status', 'submitted', 'settled'),
('x402_payment_batches.status', 'submitted', 'failed');

comment on table ves_store.x402_payment_batches is
'Batches of payment intents of one stream and network (x402 A10). A batch is made and committed in one transaction, so none is pending.';
comment on column ves_store.x402_payment_batches.tenant_id is 'Tenant.';
comment on column ves_store.x402_payment_batches.store_id is 'Store.';
comment on column ves_store.x402_payment_batches.batch_id is 'Enters the state root.';
comment on column ves_store.x402_payment_batches.network is 'Network of every member.';
comment on column ves_store.x402_payment_batches.status is
'committed; submitted: a transaction was sent; settled: every member is settled or failed and at least one is settled; failed: every member failed.';
comment on column ves_store.x402_payment_batches.payment_count is 'Members.';
comment on column ves_store.x402_payment_batches.total_amounts is
'Array of asset, total_amount, payment_count in the order in which assets first occur; totals saturate at 2^64-1 (x402 A10).';
comment on column ves_store.x402_payment_batches.merkle_root is 'Root over the leaves in order of sequence number (x402 A9).';
comment on column ves_store.x402_payment_batches.prev_state_root is 'Always null: batches are not chained (x402 T12).';
comment on column ves_store.x402_payment_batches.new_state_root is 'State root (x402 A9).';
comment on column ves_store.x402_payment_batches.sequence_start is 'Lowest number of a member.';
comment on column ves_store.x402_payment_batches.sequence_end is 'Highest number of a member; the range may have holes.';
comment on column ves_store.x402_payment_batches.tx_hash is 'Transaction as it was reported.';
comment on column ves_store.x402_payment_batches.block_number is 'Its block.';
comment on column ves_store.x402_payment_batches.gas_used is 'Its gas.';
comment on column ves_store.x402_payment_batches.created_at is 'When it was made.';
comment on column ves_store.x402_payment_batches.committed_at is 'When its roots were made.';
comment on column ves_store.x402_payment_batches.submitted_at is 'When a transaction was first recorded.';
comment on column ves_store.x402_payment_batches.settled_at is 'When the outcome was recorded.';

create table ves_store.x402_settlements (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null,
  part integer not null,
  chain_id bigint not null,
  status text not null,
  is_planned boolean not null default false,
  settlement_contract text not null,
  token_address text not null,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint x402_settlements_pkey primary key (batch_id, part, tenant_id),
  constraint x402_settlements_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.x402_payment_batches (batch_id, tenant_id),
  constraint status_is_a_settlement_state check (
    status in ('prepared', 'broadcast', 'unknown', 'settled', 'failed')
  ),
  constraint part_is_not_negative check (part >= 0),
  constraint sent_settlement_has_a_hash check (
    status in ('prepared', 'failed') or tx_hash is not null
  ),
  constraint settled_settlement_has_a_block check ((status = 'settled') = (block_number is not null))
);

create index x402_settlements_batch_idx on ves_store.x402_settlements (batch_id, tenant_id);

create index x402_settlements_unplanned_idx
on ves_store.x402_settlements (chain_id, token_address, created_at)
where status = 'prepared' and not is_planned;

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_settlements.status', '', 'prepared'),
('x402_settlements.status', 'prepared', 'broadcast'),
('x402_settlements.status', 'broadcast', 'unknown'),
('x402_settlements.status', 'unknown', 'broadcast'),
('x402_settlements.status', 'broadcast', 'settled'),
('x402_settlements.status', 'unknown', 'settled'),
('x402_settlements.status', 'prepared', 'failed'),
('x402_settlements.status', 'broadcast', 'failed'),
('x402_settlements.status', 'unknown', 'failed');

comment on table ves_store.x402_settlements is
'Parts of payment batches, each of which one transaction settles (chain 8): at most 200 intents of one token and contract.';
comment on column ves_store.x402_settlements.tenant_id is 'Tenant.';
comment on column ves_store.x402_settlements.store_id is 'Store.';
comment on column ves_store.x402_settlements.batch_id is 'Batch.';
comment on column ves_store.x402_settlements.part is 'Number within the batch, never given again: its id on chain is keccak256(batch word || part).';
comment on column ves_store.x402_settlements.chain_id is 'EIP-155 chain id.';
comment on column ves_store.x402_settlements.status is
'prepared: nothing is sent; broadcast: a transaction may be mined; unknown: it is neither seen nor ruled out; settled: final, each intent has its outcome; failed: ruled out, its intents are free for another part.';
comment on column ves_store.x402_settlements.is_planned is 'A call of it is in the outbox, or was.';
comment on column ves_store.x402_settlements.settlement_contract is 'Contract in which the nonces are reserved.';
comment on column ves_store.x402_settlements.token_address is 'Token of every intent.';
comment on column ves_store.x402_settlements.tx_hash is 'Newest transaction that was sent for it.';
comment on column ves_store.x402_settlements.block_number is 'Block of the transaction that settled it.';
comment on column ves_store.x402_settlements.gas_used is 'Gas of that transaction.';
comment on column ves_store.x402_settlements.reason is 'Why it is unknown or failed.';
comment on column ves_store.x402_settlements.created_at is 'When it was planned.';
comment on column ves_store.x402_settlements.updated_at is 'Last change.';

create table ves_store.chain_accounts (
  chain_id bigint not null,
  sender text not null,
  lease text not null,
  next_nonce bigint not null,
  constraint chain_accounts_pkey primary key (chain_id, sender),
  constraint sender_is_an_address check (sender ~ '^0x[0-9a-f]{40}$'),
  constraint next_nonce_is_not_negative check (next_nonce >= 0)
);

comment on table ves_store.chain_accounts is
'Accounts that send transactions of the outbox, one of each lease (chain 8, point 10). Nonces are given here, never by a node.';
comment on column ves_store.chain_accounts.chain_id is 'EIP-155 chain id.';
comment on column ves_store.chain_accounts.sender is 'Address, lower case with 0x.';
comment on column ves_store.chain_accounts.lease is 'Lease whose holder may send from it (ves.claim_lease).';
comment on column ves_store.chain_accounts.next_nonce is 'Nonce of the next transaction; every smaller one is used by a row of chain_transactions or was used outside, at final depth.';

create table ves_store.chain_transactions (
  transaction_id bigint generated always as identity,
  chain_id bigint not null,
  sender text not null,
  kind text not null,
  tenant_id uuid not null,
  reference_id uuid not null,
  part integer not null,
  to_address text not null,
  calldata bytea not null,
  status text not null,
  nonce bigint,
  attempt integer not null default 0,
  tx_hash bytea,
  block_number bigint,
  block_hash bytea,
  gas_used bigint,
  reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint chain_transactions_pkey primary key (transaction_id),
  constraint chain_transactions_chain_id_sender_fkey
  foreign key (chain_id, sender) references ves_store.chain_accounts (chain_id, sender),
  constraint chain_transactions_chain_id_sender_nonce_key unique (chain_id, sender, nonce),
  constraint status_is_a_transaction_status check (
    status in ('planned', 'signed', 'broadcast', 'unknown', 'mined', 'final', 'failed', 'replaced')
  ),
  constraint kind_is_a_known_one check (kind in ('settlement', 'authorizations', 'anchors')),
  constraint to_address_is_an_address check (to_address ~ '^0x[0-9a-f]{40}$'),
  constraint signed_transaction_has_a_nonce check (
    status = 'replaced' or (status = 'planned') = (nonce is null)
  ),
  constraint signed_transaction_has_a_hash check ((nonce is null) = (tx_hash is null)),
  constraint signed_transaction_has_an_attempt check ((nonce is null) = (attempt = 0)),
  constraint hashes_have_32_bytes check (octet_length(tx_hash) = 32 and octet_length(block_hash) = 32),
  constraint mined_transaction_has_a_block check (
    (status in ('mined', 'final', 'failed')) = (block_number is not null)
    and (block_number is null) = (block_hash is null)
  )
);

create index chain_transactions_chain_id_sender_idx on ves_store.chain_transactions (chain_id, sender);

create unique index chain_transactions_target_idx on ves_store.chain_transactions (
  reference_id, part, kind, tenant_id
)
where status not in ('failed', 'replaced');

create index chain_transactions_open_idx on ves_store.chain_transactions (chain_id, sender, nonce, updated_at)
where status in ('planned', 'signed', 'broadcast', 'unknown');

create index chain_transactions_mined_idx on ves_store.chain_transactions (chain_id, sender, updated_at)
where status = 'mined';

create index chain_transactions_final_idx on ves_store.chain_transactions (updated_at) where status = 'final';

insert into ves_store.transitions (machine, from_state, to_state)
values
('chain_transactions.status', '', 'planned'),
('chain_transactions.status', 'planned', 'signed'),
('chain_transactions.status', 'planned', 'replaced'),
('chain_transactions.status', 'signed', 'broadcast'),
('chain_transactions.status', 'broadcast', 'signed'),
('chain_transactions.status', 'signed', 'unknown'),
('chain_transactions.status', 'broadcast', 'unknown'),
('chain_transactions.status', 'unknown', 'broadcast'),
('chain_transactions.status', 'signed', 'mined'),
('chain_transactions.status', 'broadcast', 'mined'),
('chain_transactions.status', 'unknown', 'mined'),
('chain_transactions.status', 'mined', 'broadcast'),
('chain_transactions.status', 'mined', 'final'),
('chain_transactions.status', 'mined', 'failed'),
('chain_transactions.status', 'unknown', 'replaced'),
('chain_transactions.status', 'final', 'broadcast');

comment on table ves_store.chain_transactions is
'Outbox of the chain worker (chain 8): each row is what one account nonce is used for, and knows what it is for. Its signed forms are in chain_attempts.';
comment on column ves_store.chain_transactions.transaction_id is 'Number.';
comment on column ves_store.chain_transactions.chain_id is 'EIP-155 chain id.';
comment on column ves_store.chain_transactions.sender is 'Account that signs it.';
comment on column ves_store.chain_transactions.kind is 'What it does. settlement: settles a part of a payment batch; authorizations: settles a batch of EIP-3009 payments; anchors: anchors commitments.';
comment on column ves_store.chain_transactions.tenant_id is 'Tenant of what it is for; nil for what is for several.';
comment on column ves_store.chain_transactions.reference_id is 'What it is for; of a settlement the payment batch.';
comment on column ves_store.chain_transactions.part is 'Part of it; of a settlement the part of the batch.';
comment on column ves_store.chain_transactions.to_address is 'Contract that is called, lower case with 0x.';
comment on column ves_store.chain_transactions.calldata is 'Selector and arguments, the same in every attempt.';
comment on column ves_store.chain_transactions.status is
'planned: not signed, nothing can be mined; signed: raw bytes are stored and may have been sent; broadcast: a node took them; unknown: its nonce is used, but no attempt is found in a block; mined: in a block that may still be replaced; final: succeeded, deep enough; failed: reverted, deep enough; replaced: its nonce was used by a transaction that is not ours, or, without a nonce, it needs more gas than a block has and was never signed.';
comment on column ves_store.chain_transactions.nonce is 'Nonce of the sender, given when it is signed first.';
comment on column ves_store.chain_transactions.attempt is 'Newest attempt: 1 and up, all with the same nonce; 0 while planned.';
comment on column ves_store.chain_transactions.tx_hash is 'Hash of the newest attempt; once mined, of the one in the block.';
comment on column ves_store.chain_transactions.block_number is 'Its block.';
comment on column ves_store.chain_transactions.block_hash is 'Hash of that block: another one at this height means a reorg.';
comment on column ves_store.chain_transactions.gas_used is 'Gas that it used, once final or failed.';
comment on column ves_store.chain_transactions.reason is 'Why it waits, is unknown, or failed.';
comment on column ves_store.chain_transactions.created_at is 'When it was planned.';
comment on column ves_store.chain_transactions.updated_at is 'Last change.';

create table ves_store.x402_exact_batches (
  batch_id uuid not null default gen_random_uuid(),
  chain_id bigint not null,
  settlement_contract text not null,
  token_address text not null,
  status text not null,
  is_planned boolean not null default false,
  payment_count integer not null,
  merkle_root bytea not null,
  tx_hash text,
  block_number bigint,
  gas_used bigint,
  reason text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint x402_exact_batches_pkey primary key (batch_id),
  constraint status_is_an_exact_batch_state check (
    status in ('prepared', 'broadcast', 'unknown', 'settled', 'failed')
  ),
  constraint batch_has_1_to_200_payments check (payment_count between 1 and 200),
  constraint merkle_root_has_32_bytes check (octet_length(merkle_root) = 32),
  constraint sent_batch_has_a_hash check (status in ('prepared', 'failed') or tx_hash is not null),
  constraint settled_batch_has_a_block check ((status = 'settled') = (block_number is not null))
);

create index x402_exact_batches_unplanned_idx on ves_store.x402_exact_batches (chain_id, created_at, batch_id)
where status = 'prepared' and not is_planned;

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_exact_batches.status', '', 'prepared'),
('x402_exact_batches.status', 'prepared', 'broadcast'),
('x402_exact_batches.status', 'broadcast', 'unknown'),
('x402_exact_batches.status', 'unknown', 'broadcast'),
('x402_exact_batches.status', 'broadcast', 'settled'),
('x402_exact_batches.status', 'unknown', 'settled'),
('x402_exact_batches.status', 'prepared', 'failed'),
('x402_exact_batches.status', 'broadcast', 'failed'),
('x402_exact_batches.status', 'unknown', 'failed');

comment on table ves_store.x402_exact_batches is
'EIP-3009 payments that one transaction settles (x402 part C), of one token and contract and of any tenants: therefore the key without a tenant.';
comment on column ves_store.x402_exact_batches.batch_id is 'Its word is the id of the batch in the contract.';
comment on column ves_store.x402_exact_batches.chain_id is 'EIP-155 chain id.';
comment on column ves_store.x402_exact_batches.settlement_contract is 'Contract that is called, lower case.';
comment on column ves_store.x402_exact_batches.token_address is 'Token of every payment, lower case.';
comment on column ves_store.x402_exact_batches.status is
'prepared: nothing is sent; broadcast: a transaction may be mined; unknown: it is neither seen nor ruled out; settled: final, each payment has its outcome; failed: ruled out, its payments are recorded again for another batch.';
comment on column ves_store.x402_exact_batches.is_planned is 'A call of it is in the outbox, or was.';
comment on column ves_store.x402_exact_batches.payment_count is 'Payments.';
comment on column ves_store.x402_exact_batches.merkle_root is
'Root of the tree of x402 A9 over the leaves of ves_int.exact_payment_leaf, in order of payment ids; the call stores it in the contract.';
comment on column ves_store.x402_exact_batches.tx_hash is 'Newest transaction that was sent for it.';
comment on column ves_store.x402_exact_batches.block_number is 'Block of the transaction that settled it.';
comment on column ves_store.x402_exact_batches.gas_used is 'Gas of that transaction.';
comment on column ves_store.x402_exact_batches.reason is 'Why it is unknown or failed.';
comment on column ves_store.x402_exact_batches.created_at is 'When it was planned.';
comment on column ves_store.x402_exact_batches.updated_at is 'Last change.';

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
  check_at timestamptz,
  constraint agent_signing_keys_pkey primary key (agent_id, key_id, tenant_id),
  constraint public_key_has_32_bytes check (octet_length(public_key) = 32),
  constraint key_algorithm_is_known check (key_algorithm between 1 and 6),
  constraint status_is_known check (status in ('active', 'revoked', 'expired')),
  constraint revoked_at_is_set_exactly_when_revoked check ((status = 'revoked') = (revoked_at is not null)),
  constraint valid_from_is_not_after_valid_to check (valid_from <= valid_to),
  constraint grace_ends_after_expiry check (grace_until >= expires_at)
);

create index agent_signing_keys_tenant_id_idx on ves_store.agent_signing_keys (tenant_id, agent_id);
create index agent_signing_keys_valid_to_idx on ves_store.agent_signing_keys (valid_to)
where status = 'active' and valid_to is not null;
create index agent_signing_keys_check_at_idx on ves_store.agent_signing_keys (check_at)
where check_at is not null;

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

insert into ves_store.transitions (machine, from_state, to_state) values
('agent_signing_keys.status', '', 'active'),
('agent_signing_keys.status', 'active', 'expired'),
('agent_signing_keys.status', 'active', 'revoked'),
('agent_signing_keys.status', 'expired', 'revoked');
comment on column ves_store.agent_signing_keys.check_at is
'When the keys worker compares the key with its rotation policy; null until a policy, a use limit or a successor asks for it.';

create table ves_store.agent_sync_state (
  tenant_id uuid not null,
  store_id uuid not null,
  agent_id uuid not null,
  last_pulled_sequence bigint not null,
  last_sync_at timestamptz not null,
  constraint agent_sync_state_pkey primary key (tenant_id, agent_id, store_id),
  constraint last_pulled_sequence_is_not_negative check (last_pulled_sequence >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.agent_sync_state is
'How far an agent says that it has processed a VES stream (ves.acknowledge_events): where its next SyncStream begins (grpc-api 3.4). No decision of the engine depends on it.';
comment on column ves_store.agent_sync_state.tenant_id is 'Tenant.';
comment on column ves_store.agent_sync_state.store_id is 'Store.';
comment on column ves_store.agent_sync_state.agent_id is 'Agent.';
comment on column ves_store.agent_sync_state.last_pulled_sequence is 'Everything up to this number is processed; never falls.';
comment on column ves_store.agent_sync_state.last_sync_at is 'Last acknowledgement.';

create table ves_store.anchor_policy (
  singleton boolean not null default true,
  anchors text[] not null default '{chain}',
  required integer not null default 1,
  constraint anchor_policy_pkey primary key (singleton),
  constraint there_is_one_anchor_policy check (singleton),
  constraint policy_anchors_are_known_ones check (
    anchors in ('{chain}', '{opentimestamps}', '{chain,opentimestamps}')
  ),
  constraint required_anchors_are_among_them check (required between 1 and cardinality(anchors))
);

insert into ves_store.anchor_policy (singleton) values (true);

comment on table ves_store.anchor_policy is
'Which anchors a commitment is given to, and how many must have it before it counts as anchored (ves.set_anchor_policy). A row, not a setting: workers and API must agree, and a change is audited.';
comment on column ves_store.anchor_policy.singleton is 'Always true: the table has one row.';
comment on column ves_store.anchor_policy.anchors is 'Anchors that count, in alphabetical order. The row of the anchor chain is made with each commitment even if it does not count.';
comment on column ves_store.anchor_policy.required is 'How many of them must have a commitment.';

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
  budget_of text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint api_keys_pkey primary key (key_hash),
  constraint key_hash_is_sha256_hex check (key_hash ~ '^[0-9a-f]{64}$'),
  constraint rate_limit_is_positive check (rate_limit > 0),
  constraint shared_budget_has_a_limit check (budget_of is null or rate_limit is not null),
  constraint budget_of_is_sha256_hex check (budget_of ~ '^[0-9a-f]{64}$')
);

create index api_keys_updated_at_idx on ves_store.api_keys (updated_at) where not active;
create index api_keys_tenant_id_agent_id_idx on ves_store.api_keys (tenant_id, agent_id);
create index api_keys_agent_id_idx on ves_store.api_keys (agent_id) where agent_id is not null;

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
comment on column ves_store.api_keys.budget_of is
'Hash of the key whose count of requests this one shares: the first limited one in the line of keys that minted it. Null: a count of its own.';
comment on column ves_store.api_keys.created_at is 'When the key was created.';
comment on column ves_store.api_keys.updated_at is 'Last change.';

create table ves_store.audit_heads (
  tenant_id uuid not null,
  number bigint not null default 0,
  hash bytea not null default '\x0000000000000000000000000000000000000000000000000000000000000000',
  constraint audit_heads_pkey primary key (tenant_id),
  constraint audit_head_has_32_bytes check (octet_length(hash) = 32)
) with (fillfactor = 50);

comment on table ves_store.audit_heads is
'Newest committed audit entry of each tenant: the next one is appended under this row''s lock, and a chain that ends earlier has lost its newest rows.';
comment on column ves_store.audit_heads.tenant_id is 'Tenant; the nil UUID for actions on the whole system.';
comment on column ves_store.audit_heads.number is 'Number of the newest entry; 0 before the first.';
comment on column ves_store.audit_heads.hash is 'hash of the newest entry; zeros before the first.';

create table ves_store.audit_log (
  tenant_id uuid not null,
  number bigint not null,
  id uuid not null,
  timestamp timestamptz not null,
  action text not null,
  actor text not null,
  actor_type text not null,
  database_role text not null,
  resource_type text,
  resource_id text,
  request_id text,
  ip_address text,
  user_agent text,
  details jsonb not null,
  success boolean not null,
  error_message text,
  previous_hash bytea not null,
  hash bytea not null,
  constraint audit_log_pkey primary key (tenant_id, number),
  constraint number_starts_at_one check (number >= 1),
  constraint action_is_known check (
    action in (
      'api_key_created', 'api_key_revoked', 'api_key_updated', 'schema_registered', 'schema_updated',
      'schema_deleted', 'schema_activated', 'schema_deprecated', 'agent_key_registered', 'agent_key_rotated',
      'agent_key_revoked', 'config_updated', 'events_purged', 'commitment_deleted', 'dead_letter_retried',
      'dead_letter_purged', 'login_success', 'login_failure', 'token_refreshed'
    ) or action ~ '^custom:[a-z0-9_.-]{1,100}$'
  ),
  constraint actor_type_is_known check (
    actor_type in ('api_key', 'jwt', 'bootstrap', 'public', 'cli', 'database')
  ),
  constraint audit_hashes_have_32_bytes check (octet_length(previous_hash) = 32 and octet_length(hash) = 32)
);

comment on table ves_store.audit_log is
'Administrative and authentication actions (operations 8), numbered and hash-chained per tenant. Append-only; ves.verify_audit finds a removed, changed or reordered row.';
comment on column ves_store.audit_log.tenant_id is 'Tenant that the action was about; the nil UUID for actions on the whole system.';
comment on column ves_store.audit_log.number is 'Place in the tenant''s chain: 1, 2, 3, … without a gap.';
comment on column ves_store.audit_log.id is 'Random UUID.';
comment on column ves_store.audit_log.timestamp is 'When the entry was written.';
comment on column ves_store.audit_log.action is 'What was done: a name of operations 8, or custom: and a name.';
comment on column ves_store.audit_log.actor is 'Who did it: an agent, the start of a key''s hash, a token''s id, or a database role. Never a secret.';
comment on column ves_store.audit_log.actor_type is 'How the actor was known: api_key, jwt, bootstrap, public, cli or database.';
comment on column ves_store.audit_log.database_role is 'Role that was logged in to the database: what the server itself knows, whatever the caller said.';
comment on column ves_store.audit_log.resource_type is 'Kind of thing acted on, such as api_key.';
comment on column ves_store.audit_log.resource_id is 'Which one.';
comment on column ves_store.audit_log.request_id is 'Request that asked for it, as the caller told.';
comment on column ves_store.audit_log.ip_address is 'Client address, as the edge saw it.';
comment on column ves_store.audit_log.user_agent is 'Client software, as it calls itself.';
comment on column ves_store.audit_log.details is 'What else there is to know; never a secret or an event''s payload.';
comment on column ves_store.audit_log.success is 'Whether it was done.';
comment on column ves_store.audit_log.error_message is 'Why it was not done.';
comment on column ves_store.audit_log.previous_hash is 'hash of the entry before; zeros for the first.';
comment on column ves_store.audit_log.hash is 'SHA-256 over all other columns; ves_int.audit_hash defines the bytes.';

create table ves_store.audit_switch (
  singleton boolean not null default true,
  enabled boolean not null default true,
  constraint audit_switch_pkey primary key (singleton),
  constraint there_is_one_switch check (singleton)
);

insert into ves_store.audit_switch (singleton) values (true);

comment on table ves_store.audit_switch is
'Whether actions are audited (AUDIT_LOG_ENABLED). A row, not a setting: a session could change a setting, and turning this switch is itself audited.';
comment on column ves_store.audit_switch.singleton is 'Always true: the table has one row.';
comment on column ves_store.audit_switch.enabled is 'False: ves_int.audit writes nothing.';

create table ves_store.chain_attempts (
  transaction_id bigint not null,
  attempt integer not null,
  tx_hash bytea not null,
  raw bytea not null,
  gas_limit bigint not null,
  max_fee bigint not null,
  priority_fee bigint not null,
  signed_at timestamptz not null,
  constraint chain_attempts_pkey primary key (transaction_id, attempt),
  constraint chain_attempts_transaction_id_fkey
  foreign key (transaction_id) references ves_store.chain_transactions (transaction_id),
  constraint chain_attempts_tx_hash_key unique (tx_hash),
  constraint attempt_is_positive check (attempt > 0),
  constraint tx_hash_has_32_bytes check (octet_length(tx_hash) = 32),
  constraint fees_are_in_order check (0 <= priority_fee and priority_fee <= max_fee)
);

comment on table ves_store.chain_attempts is
'Signed forms of a transaction, stored before they are sent (chain 8, point 1): same nonce and calldata, higher fees. Any of them may be mined. Append-only.';
comment on column ves_store.chain_attempts.transaction_id is 'Row of chain_transactions.';
comment on column ves_store.chain_attempts.attempt is 'Number, from 1.';
comment on column ves_store.chain_attempts.tx_hash is 'Hash under which nodes know it, computed before it is sent.';
comment on column ves_store.chain_attempts.raw is 'Signed transaction as eth_sendRawTransaction takes it; may be sent any number of times.';
comment on column ves_store.chain_attempts.gas_limit is 'Gas limit.';
comment on column ves_store.chain_attempts.max_fee is 'maxFeePerGas in wei.';
comment on column ves_store.chain_attempts.priority_fee is 'maxPriorityFeePerGas in wei.';
comment on column ves_store.chain_attempts.signed_at is 'When it was signed.';

create table ves_store.chain_transaction_log (
  transaction_id bigint not null,
  entry_id bigint generated always as identity,
  from_status text not null,
  to_status text not null,
  attempt integer not null,
  tx_hash bytea,
  block_number bigint,
  reason text,
  logged_at timestamptz not null default clock_timestamp(),
  constraint chain_transaction_log_pkey primary key (transaction_id, entry_id)
);

comment on table ves_store.chain_transaction_log is
'Every change of state of a transaction of the outbox and every new attempt, written by a trigger. Append-only.';
comment on column ves_store.chain_transaction_log.transaction_id is 'Row of chain_transactions.';
comment on column ves_store.chain_transaction_log.entry_id is 'Order of the entries.';
comment on column ves_store.chain_transaction_log.from_status is 'State before; empty: it is new.';
comment on column ves_store.chain_transaction_log.to_status is 'State after.';
comment on column ves_store.chain_transaction_log.attempt is 'Newest attempt.';
comment on column ves_store.chain_transaction_log.tx_hash is 'Hash of the newest attempt, or of the one in a block.';
comment on column ves_store.chain_transaction_log.block_number is 'Block, if it is in one.';
comment on column ves_store.chain_transaction_log.reason is 'Why.';
comment on column ves_store.chain_transaction_log.logged_at is 'When.';

create table ves_store.commit_default (
  singleton boolean not null default true,
  mode text not null default 'manual',
  max_events integer not null default 1024,
  max_age interval not null default '10 seconds',
  constraint commit_default_pkey primary key (singleton),
  constraint there_is_one_default check (singleton),
  constraint commit_mode_is_known check (mode in ('manual', 'automatic')),
  constraint commit_size_is_in_range check (max_events between 1 and 1048576),
  constraint commit_age_is_in_range check (max_age between interval '0' and interval '366 days')
);

insert into ves_store.commit_default (singleton) values (true);

comment on table ves_store.commit_default is
'Commit policy of streams that have none of their own (ves.set_commit_policy). A row, not a setting: a session could change a setting, and a change is audited.';
comment on column ves_store.commit_default.singleton is 'Always true: the table has one row.';
comment on column ves_store.commit_default.mode is 'manual: commitments are made by those who ask. automatic: the commit worker makes them as well.';
comment on column ves_store.commit_default.max_events is 'Automatic: commit at once from so many events on, and at most so many in one commitment.';
comment on column ves_store.commit_default.max_age is 'Automatic: commit fewer events when one of them has waited so long.';

create table ves_store.commit_policies (
  tenant_id uuid not null,
  store_id uuid not null,
  mode text not null,
  max_events integer not null,
  max_age interval not null,
  constraint commit_policies_pkey primary key (tenant_id, store_id),
  constraint commit_mode_is_known check (mode in ('manual', 'automatic')),
  constraint commit_size_is_in_range check (max_events between 1 and 1048576),
  constraint commit_age_is_in_range check (max_age between interval '0' and interval '366 days')
);

comment on table ves_store.commit_policies is 'Commit policies of streams that differ from ves_store.commit_default.';
comment on column ves_store.commit_policies.tenant_id is 'Tenant.';
comment on column ves_store.commit_policies.store_id is 'Store.';
comment on column ves_store.commit_policies.mode is 'As in commit_default.';
comment on column ves_store.commit_policies.max_events is 'As in commit_default.';
comment on column ves_store.commit_policies.max_age is 'As in commit_default.';

create table ves_store.commitment_anchors (
  tenant_id uuid not null,
  batch_id uuid not null,
  anchor text not null,
  is_legacy boolean not null,
  status text not null,
  committed_at timestamptz not null,
  requested_at timestamptz not null default 'infinity',
  call_id uuid,
  proof_path bytea,
  chain_id bigint,
  chain_tx_hash bytea,
  chain_block_number bigint,
  reason text,
  anchored_at timestamptz,
  constraint commitment_anchors_pkey primary key (batch_id, anchor, tenant_id),
  constraint anchor_is_a_known_one check (anchor in ('chain', 'opentimestamps')),
  constraint status_is_an_anchor_status check (
    status in ('pending', 'planned', 'submitted', 'anchored', 'contradicted')
  ),
  constraint chain_tx_hash_has_32_bytes check (octet_length(chain_tx_hash) = 32),
  constraint submitted_anchor_has_a_transaction check (
    anchor <> 'chain' or (status in ('submitted', 'anchored')) = (chain_tx_hash is not null)
  ),
  constraint chain_is_named_with_the_transaction check ((chain_id is null) = (chain_tx_hash is null)),
  constraint anchored_only_with_a_transaction check (
    anchor <> 'chain' or anchored_at is null or chain_tx_hash is not null
  ),
  constraint timestamped_anchor_has_a_path check (
    (proof_path is not null) = (anchor = 'opentimestamps' and status in ('submitted', 'anchored'))
  )
);

create index commitment_anchors_pending_idx on ves_store.commitment_anchors (
  anchor, is_legacy, tenant_id, requested_at, committed_at, batch_id
)
where status = 'pending';

create index commitment_anchors_open_idx on ves_store.commitment_anchors (anchor, status, committed_at)
where status <> 'anchored';

create index commitment_anchors_call_idx on ves_store.commitment_anchors (call_id) where call_id is not null;

insert into ves_store.transitions (machine, from_state, to_state)
values
('commitment_anchors.status', '', 'pending'),
('commitment_anchors.status', 'pending', 'planned'),
('commitment_anchors.status', 'pending', 'submitted'),
('commitment_anchors.status', 'planned', 'submitted'),
('commitment_anchors.status', 'submitted', 'anchored'),
('commitment_anchors.status', 'submitted', 'contradicted'),
('commitment_anchors.status', 'submitted', 'pending'),
('commitment_anchors.status', 'anchored', 'submitted'),
('commitment_anchors.status', 'contradicted', 'pending'),
('commitment_anchors.status', 'pending', 'anchored'),
('commitment_anchors.status', 'planned', 'anchored'),
('commitment_anchors.status', 'contradicted', 'anchored');

comment on table ves_store.commitment_anchors is
'Where each commitment of either stream is anchored (chain 8): one row for an anchor, kept apart from the append-only record. A trigger makes it with the commitment.';
comment on column ves_store.commitment_anchors.tenant_id is 'Tenant.';
comment on column ves_store.commitment_anchors.batch_id is 'Commitment.';
comment on column ves_store.commitment_anchors.anchor is 'chain: the contract SET_REGISTRY_ADDRESS; opentimestamps: the Bitcoin chain, through calendars (ves_store.timestamps).';
comment on column ves_store.commitment_anchors.is_legacy is 'Whether it is a commitment of a legacy stream.';
comment on column ves_store.commitment_anchors.status is
'pending: nothing is sent; planned: in a call of the outbox that is not signed; submitted: a transaction may be mined, or a calendar has promised one; anchored: final, with the root that is stored here; contradicted: the contract has other content under this id, or none.';
comment on column ves_store.commitment_anchors.committed_at is 'When the commitment was made: the oldest of a tenant is anchored first.';
comment on column ves_store.commitment_anchors.requested_at is 'When somebody asked for it (http-api 6), infinity: nobody has. Such a one comes first.';
comment on column ves_store.commitment_anchors.call_id is 'What the transaction of the outbox is for, or the row of ves_store.timestamps: the commitments of one call share it.';
comment on column ves_store.commitment_anchors.proof_path is 'Of opentimestamps: operations of the OpenTimestamps format that lead from the commitment''s digest to the digest that the calendars have; empty when they are the same.';
comment on column ves_store.commitment_anchors.chain_id is 'EIP-155 chain id.';
comment on column ves_store.commitment_anchors.chain_tx_hash is 'Transaction hash, 32 bytes; null while nothing was submitted.';
comment on column ves_store.commitment_anchors.chain_block_number is 'Block of the transaction, which may still be replaced while the status is submitted; of opentimestamps the height of the Bitcoin block.';
comment on column ves_store.commitment_anchors.reason is 'Why it is contradicted, or waits again.';
comment on column ves_store.commitment_anchors.anchored_at is 'When finality was seen; null again after a reorg below the final depth.';

create table ves_store.commitment_nodes (
  tenant_id uuid not null,
  batch_id uuid not null,
  level integer not null,
  nodes bytea not null,
  constraint commitment_nodes_pkey primary key (batch_id, tenant_id, level),
  constraint commitment_nodes_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.commitments (batch_id, tenant_id),
  constraint nodes_are_whole check (octet_length(nodes) % 32 = 0 and octet_length(nodes) > 0)
);

-- Uncompressed out of line: substring() then reads only the chunk that holds one node.
alter table ves_store.commitment_nodes alter column nodes set storage external;

comment on table ves_store.commitment_nodes is 'The tree of a legacy commitment, one row a level. Append-only.';
comment on column ves_store.commitment_nodes.tenant_id is 'Tenant.';
comment on column ves_store.commitment_nodes.batch_id is 'Commitment.';
comment on column ves_store.commitment_nodes.level is '0 = leaves.';
comment on column ves_store.commitment_nodes.nodes is 'Concatenated 32-byte nodes; an unpaired last one is repeated unchanged in the level above.';

create table ves_store.cursor_keys (
  tenant_id uuid not null,
  store_id uuid not null,
  consumer text not null,
  constraint cursor_keys_pkey primary key (tenant_id, store_id, consumer),
  constraint consumer_has_1_to_64_bytes check (octet_length(consumer) between 1 and 64)
);

comment on table ves_store.cursor_keys is
'Which consumers follow which streams: one row for each cursor. A row never changes, so its unique index has no dead entries however often the cursor moves; deleting it deletes the cursor.';
comment on column ves_store.cursor_keys.tenant_id is 'Tenant.';
comment on column ves_store.cursor_keys.store_id is 'Store.';
comment on column ves_store.cursor_keys.consumer is 'Name of the consumer, 1 to 64 bytes.';

-- One row for each row of cursor_keys, inserted together with it (ves_int.note_cursors, ves.open_cursor).
-- A cursor moves with every append. While a session holds an old snapshot, no version of it is removed: the
-- key ends with what grows, so that a new version meets no equal entry in the index, and the live one is the
-- last of its stream and consumer (ves_int.lock_cursor). Neither passes the dead ones.
create table ves_store.cursors (
  tenant_id uuid not null,
  store_id uuid not null,
  consumer text not null,
  done_to bigint not null default 0,
  head_sequence bigint not null,
  due_at timestamptz,
  claimed_until timestamptz,
  traceparent text,
  constraint cursors_pkey primary key (tenant_id, store_id, consumer, head_sequence, done_to),
  constraint done_to_is_not_beyond_the_head check (done_to between 0 and head_sequence),
  constraint due_exactly_when_behind check ((due_at is not null) = (done_to < head_sequence)),
  constraint due_not_before_the_claim_ends check (due_at >= claimed_until)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- The work list of a consumer: what is done is not in it, so looking for work costs what there is to do.
create index cursors_due_at_idx on ves_store.cursors (consumer, due_at) where due_at is not null;
-- That of all registered projectors (ves.claim_projector).
create index cursors_projector_due_at_idx on ves_store.cursors (due_at)
where due_at is not null and starts_with(consumer, 'projector/');

comment on table ves_store.cursors is
'How far each consumer of the log has processed each stream (receipts, key_usage, commit, and those opened by ves.open_cursor). Written only by workers'' functions; the heads come from the queue ves_commit.';
comment on column ves_store.cursors.tenant_id is 'Tenant.';
comment on column ves_store.cursors.store_id is 'Store.';
comment on column ves_store.cursors.consumer is 'Name of the consumer.';
comment on column ves_store.cursors.done_to is 'Numbers 1 .. done_to are processed.';
comment on column ves_store.cursors.head_sequence is 'Highest number that the consumer was told of.';
comment on column ves_store.cursors.traceparent is
'W3C trace context of a transaction that told of the head (ves.mark_trace), null: none did.';
comment on column ves_store.cursors.due_at is
'When the consumer should look at the stream, never before claimed_until; null when nothing waits.';
comment on column ves_store.cursors.claimed_until is
'End of the claim of one worker, or of the pause after a failure; null when there is none.';

create table ves_store.dead_letter_counts (
  tenant_id uuid not null,
  store_id uuid not null,
  legacy boolean not null,
  consumer text not null,
  count_id bigint generated always as identity,
  changes bigint not null default 0,
  letters bigint not null,
  constraint dead_letter_counts_pkey primary key (tenant_id, store_id, consumer, legacy, count_id, changes)
) with (autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.dead_letter_counts is
'Open dead letters of a consumer in a stream: the sum of its rows, of which there are as many as transactions changed it at once. Kept by triggers of dead_letter_events (ves_int.count_open_letters), so that limit open_dead_letters costs the same at any number.';
comment on column ves_store.dead_letter_counts.tenant_id is 'Tenant.';
comment on column ves_store.dead_letter_counts.store_id is 'Store.';
comment on column ves_store.dead_letter_counts.legacy is 'Whether the stream is the legacy one.';
comment on column ves_store.dead_letter_counts.consumer is 'Consumer of dead_letter_events.';
comment on column ves_store.dead_letter_counts.count_id is 'Number of the row, over all tenants.';
comment on column ves_store.dead_letter_counts.changes is
'How often the row was changed. The key ends with it, so that the live version is the last one (as in cursors).';
comment on column ves_store.dead_letter_counts.letters is 'Letters added less letters settled.';

create table ves_store.dead_letter_events (
  tenant_id uuid not null,
  dead_letter_id bigint generated always as identity,
  store_id uuid not null,
  legacy boolean not null,
  consumer text not null,
  sequence_number bigint not null,
  event_id uuid not null,
  event_type text not null,
  entity_type text not null,
  entity_id text not null,
  reason text,
  error_message text,
  status text not null,
  holds_entity boolean not null,
  retry_count integer not null default 0,
  max_retries integer not null default 10,
  retry_token bigint not null default 0,
  message_id bigint,
  created_at timestamptz not null,
  last_retry_at timestamptz,
  next_retry_at timestamptz,
  settled_at timestamptz,
  constraint dead_letter_events_pkey primary key (tenant_id, dead_letter_id),
  -- The tenant is not the first: a plan made while the table is empty would look rows up by it alone.
  constraint dead_letter_events_store_id_tenant_id_consumer_legacy_sequence_ unique (
    store_id, tenant_id, consumer, legacy, sequence_number
  ),
  constraint dead_letter_consumer_has_1_to_64_bytes check (octet_length(consumer) between 1 and 64),
  constraint dead_letter_reason_is_known check (
    reason in (
      'schema_validation', 'invariant_violation', 'invalid_state_transition', 'version_conflict',
      'handler_error', 'unknown'
    )
  ),
  constraint dead_letter_status_is_known check (
    status in ('parked', 'pending', 'retrying', 'failed', 'resolved', 'discarded')
  ),
  constraint failed_dead_letter_says_why check (status <> 'failed' or reason is not null),
  constraint retries_stay_within_their_maximum check (retry_count between 0 and max_retries),
  constraint retry_is_due_exactly_when_scheduled check (
    (status in ('pending', 'retrying')) = (next_retry_at is not null)
  ),
  constraint settled_exactly_when_nothing_waits check (
    (status in ('resolved', 'discarded')) = (settled_at is not null)
  )
);

-- The event of an entity that later ones wait for: one at a time.
create unique index dead_letter_events_holder_idx
on ves_store.dead_letter_events (tenant_id, store_id, consumer, legacy, entity_id, entity_type)
where holds_entity and status in ('pending', 'retrying', 'failed');
create index dead_letter_events_parked_idx
on ves_store.dead_letter_events (
  tenant_id, store_id, consumer, legacy, entity_id, entity_type, sequence_number
)
where status = 'parked';
create index dead_letter_events_open_idx
on ves_store.dead_letter_events (tenant_id, store_id, consumer, legacy)
where status in ('parked', 'pending', 'retrying', 'failed');
create index dead_letter_events_settled_at_idx
on ves_store.dead_letter_events (tenant_id, settled_at) where settled_at is not null;
create index dead_letter_events_retention_idx
on ves_store.dead_letter_events (settled_at) where settled_at is not null;

comment on table ves_store.dead_letter_events is
'Events that a consumer could not handle, and later events of the same entity that wait for them (operations 7). One row for each event and consumer; the payload stays in the log. Changed by ves_int.dead_letter, park_event and settle_dead_letter, and by the operator''s functions.';
comment on column ves_store.dead_letter_events.tenant_id is 'Tenant.';
comment on column ves_store.dead_letter_events.dead_letter_id is 'Number of the row, over all tenants.';
comment on column ves_store.dead_letter_events.store_id is 'Store.';
comment on column ves_store.dead_letter_events.legacy is 'Whether the event is of the legacy stream.';
comment on column ves_store.dead_letter_events.consumer is 'Name of the consumer that could not handle it, 1 to 64 bytes.';
comment on column ves_store.dead_letter_events.sequence_number is 'Number of the event in its stream.';
comment on column ves_store.dead_letter_events.event_id is 'Event.';
comment on column ves_store.dead_letter_events.event_type is 'Type of the event.';
comment on column ves_store.dead_letter_events.entity_type is 'Type of the entity.';
comment on column ves_store.dead_letter_events.entity_id is 'Entity.';
comment on column ves_store.dead_letter_events.reason is
'Why it failed last (operations 7); null: it was parked and has not failed itself.';
comment on column ves_store.dead_letter_events.error_message is 'What the consumer said of the last failure, at most 1,024 characters.';
comment on column ves_store.dead_letter_events.status is
'parked: waits for an earlier event of its entity; pending: waits for its retry; retrying: claimed; failed: only an operator retries it; resolved: handled; discarded: an operator gave it up.';
comment on column ves_store.dead_letter_events.holds_entity is
'Whether later events of the entity wait until this one is resolved or discarded. False: the consumer refused the event and went on.';
comment on column ves_store.dead_letter_events.retry_count is 'Failed attempts after the first.';
comment on column ves_store.dead_letter_events.max_retries is 'Retries after which it is failed.';
comment on column ves_store.dead_letter_events.retry_token is 'Fencing token: one more with each claim. A settlement with an older one is refused.';
comment on column ves_store.dead_letter_events.message_id is
'Message of queue ves_dead_letters that makes the retry due; any other message of this row is stale.';
comment on column ves_store.dead_letter_events.created_at is 'When it failed first or was parked.';
comment on column ves_store.dead_letter_events.last_retry_at is 'When it was claimed last.';
comment on column ves_store.dead_letter_events.next_retry_at is 'When it is due, or when its claim ends.';
comment on column ves_store.dead_letter_events.settled_at is 'When it was resolved or discarded.';

insert into ves_store.transitions (machine, from_state, to_state) values
('dead_letter_events.status', '', 'parked'),
('dead_letter_events.status', '', 'failed'),
('dead_letter_events.status', 'parked', 'pending'),
('dead_letter_events.status', 'pending', 'retrying'),
('dead_letter_events.status', 'retrying', 'resolved'),
('dead_letter_events.status', 'retrying', 'pending'),
('dead_letter_events.status', 'retrying', 'failed'),
('dead_letter_events.status', 'failed', 'pending'),
('dead_letter_events.status', 'pending', 'discarded'),
('dead_letter_events.status', 'failed', 'discarded');

create table ves_store.encryption_key_group_members (
  group_id uuid not null,
  tenant_id uuid not null,
  agent_id uuid not null,
  role text not null default 'member',
  encryption_key_id integer,
  added_by uuid,
  added_at timestamptz not null default now(),
  constraint encryption_key_group_members_pkey primary key (group_id, agent_id, tenant_id),
  constraint encryption_key_group_members_group_id_tenant_id_fkey
  foreign key (group_id, tenant_id) references ves_store.encryption_key_groups (group_id, tenant_id)
  on delete cascade,
  constraint member_role_is_known check (role in ('admin', 'member'))
);

create index encryption_key_group_members_group_id_tenant_id_idx
on ves_store.encryption_key_group_members (group_id, tenant_id);
create index encryption_key_group_members_agent_id_idx
on ves_store.encryption_key_group_members (agent_id, tenant_id);

comment on table ves_store.encryption_key_group_members is 'Who is in a group now; group_key_audit_log has who was.';
comment on column ves_store.encryption_key_group_members.group_id is 'Group.';
comment on column ves_store.encryption_key_group_members.tenant_id is 'Tenant.';
comment on column ves_store.encryption_key_group_members.agent_id is 'Member.';
comment on column ves_store.encryption_key_group_members.role is 'admin members may add and remove members.';
comment on column ves_store.encryption_key_group_members.encryption_key_id is 'Key to seal to while it is active, by bit pattern; null is the newest one of the agent.';
comment on column ves_store.encryption_key_group_members.added_by is 'Agent that added the member; null for an administrator.';
comment on column ves_store.encryption_key_group_members.added_at is 'When the member was added.';

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

create table ves_store.event_command_dedupe (
  tenant_id uuid not null,
  store_id uuid not null,
  command_id uuid not null,
  created_at timestamptz not null default now(),
  -- The selective column first, as in ves_command_dedupe.
  constraint event_command_dedupe_pkey primary key (command_id, tenant_id, store_id)
);

comment on table ves_store.event_command_dedupe is 'Command ids used in a legacy stream; one accepted event per command.';
comment on column ves_store.event_command_dedupe.tenant_id is 'Tenant.';
comment on column ves_store.event_command_dedupe.store_id is 'Store.';
comment on column ves_store.event_command_dedupe.command_id is 'Command id of an accepted event.';
comment on column ves_store.event_command_dedupe.created_at is 'When the event was accepted.';

create table ves_store.event_schemas (
  schema_id uuid not null,
  tenant_id uuid not null,
  event_type text not null,
  version integer not null,
  schema_json json not null,
  status text not null default 'active',
  compatibility text not null default 'backward',
  description text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  created_by text,
  constraint event_schemas_pkey primary key (schema_id, tenant_id),
  constraint event_schemas_event_type_tenant_id_version_key unique (event_type, tenant_id, version),
  constraint event_type_has_1_to_256_bytes check (octet_length(event_type) between 1 and 256),
  constraint version_is_positive check (version >= 1),
  constraint schema_json_has_at_most_100_kib check (octet_length(schema_json::text) <= 102400),
  constraint schema_status_is_known check (status in ('active', 'deprecated', 'archived')),
  constraint compatibility_mode_is_known check (compatibility in ('none', 'backward', 'forward', 'full')),
  constraint description_has_at_most_2048_bytes check (octet_length(description) <= 2048)
);

create index event_schemas_tenant_id_event_type_version_idx
on ves_store.event_schemas (tenant_id, event_type collate "C", version desc);

comment on table ves_store.event_schemas is
'JSON Schemas of payloads by event type (operations 6), versions from 1 for each tenant and type. The newest active one is checked at ingest.';
comment on column ves_store.event_schemas.tenant_id is 'Tenant.';
comment on column ves_store.event_schemas.schema_id is 'Random UUID.';
comment on column ves_store.event_schemas.event_type is 'Event type whose payloads it describes, 1 to 256 bytes.';
comment on column ves_store.event_schemas.version is 'Counts from 1 for each tenant and event type; a deleted highest number is given again.';
comment on column ves_store.event_schemas.schema_json is 'The JSON Schema as received, at most 100 KiB. Never changes.';
comment on column ves_store.event_schemas.status is 'active, deprecated or archived; only active ones are checked at ingest.';
comment on column ves_store.event_schemas.compatibility is 'Mode stated at registration; backward when none was, and then nothing was compared.';
comment on column ves_store.event_schemas.description is 'Free text, at most 2048 bytes.';
comment on column ves_store.event_schemas.created_at is 'When it was registered.';
comment on column ves_store.event_schemas.updated_at is 'Last change of status.';
comment on column ves_store.event_schemas.created_by is 'Database role that registered it over SQL; null for the API, whose caller is in the audit log.';

-- Any status may follow any (operations 6).
insert into ves_store.transitions (machine, from_state, to_state) values
('event_schemas.status', '', 'active'),
('event_schemas.status', 'active', 'deprecated'),
('event_schemas.status', 'active', 'archived'),
('event_schemas.status', 'deprecated', 'active'),
('event_schemas.status', 'deprecated', 'archived'),
('event_schemas.status', 'archived', 'active'),
('event_schemas.status', 'archived', 'deprecated');

create table ves_store.feed_ranges (
  tenant_id uuid not null,
  subscription_id bigint not null,
  feed_number bigint not null,
  store_id uuid not null,
  sequence_from bigint not null,
  sequence_to bigint not null,
  constraint feed_ranges_pkey primary key (tenant_id, subscription_id, feed_number),
  constraint feed_ranges_tenant_id_subscription_id_fkey foreign key (tenant_id, subscription_id)
  references ves_store.subscriptions (tenant_id, subscription_id) on delete cascade,
  constraint feed_range_is_not_empty check (0 < sequence_from and sequence_from <= sequence_to),
  constraint feed_number_is_positive check (feed_number > 0)
);

comment on table ves_store.feed_ranges is
'The feed of a tenant: ranges of its VES streams, numbered 1..n without a gap (ves.read_feed). Each event is in exactly one; those of a stream are in its order.';
comment on column ves_store.feed_ranges.tenant_id is 'Tenant.';
comment on column ves_store.feed_ranges.subscription_id is 'Subscription of kind feed.';
comment on column ves_store.feed_ranges.feed_number is 'Number in the feed, from 1.';
comment on column ves_store.feed_ranges.store_id is 'Store.';
comment on column ves_store.feed_ranges.sequence_from is 'First event of the range.';
comment on column ves_store.feed_ranges.sequence_to is 'Last event of the range.';

create table ves_store.group_key_audit_log (
  entry_id bigint generated always as identity,
  tenant_id uuid not null,
  group_id uuid not null,
  action text not null,
  actor_agent_id uuid,
  target_agent_id uuid,
  event_id uuid,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  constraint group_key_audit_log_pkey primary key (tenant_id, entry_id),
  constraint group_audit_action_is_known check (action in (
    'group_created',
    'group_deleted',
    'group_updated',
    'member_added',
    'member_removed',
    'member_role_changed',
    'member_key_refreshed', 'encrypted_to_group'
  ))
);

create index group_key_audit_log_group_id_idx
on ves_store.group_key_audit_log (group_id, tenant_id, entry_id);

comment on table ves_store.group_key_audit_log is 'What happened to a group and its members, in order; it outlives the group. Append-only.';
comment on column ves_store.group_key_audit_log.entry_id is 'Number of the row, over all tenants.';
comment on column ves_store.group_key_audit_log.tenant_id is 'Tenant.';
comment on column ves_store.group_key_audit_log.group_id is 'Group, also when it is gone.';
comment on column ves_store.group_key_audit_log.action is 'What happened (VES 18).';
comment on column ves_store.group_key_audit_log.actor_agent_id is 'Agent that did it; null for an administrator, whom audit_log names.';
comment on column ves_store.group_key_audit_log.target_agent_id is 'Member that it is about.';
comment on column ves_store.group_key_audit_log.event_id is 'Event that was sealed to the group.';
comment on column ves_store.group_key_audit_log.metadata is 'Details: name, role, key number.';
comment on column ves_store.group_key_audit_log.created_at is 'When.';

create table ves_store.key_rotation_audit_log (
  entry_id bigint generated always as identity,
  tenant_id uuid not null,
  agent_id uuid,
  key_type text not null,
  action text not null,
  old_key_id integer,
  new_key_id integer,
  actor_type text not null,
  actor_id text not null,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  constraint key_rotation_audit_log_pkey primary key (tenant_id, entry_id),
  constraint key_audit_action_is_known check (action in (
    'key_generated', 'key_registered', 'key_rotated', 'key_revoked', 'key_expired', 'grace_period_started',
    'grace_period_ended', 'policy_updated'
  )),
  constraint key_audit_actor_type_is_known check (actor_type in ('system', 'agent', 'admin', 'api'))
);

create index key_rotation_audit_log_agent_id_idx
on ves_store.key_rotation_audit_log (agent_id, tenant_id, entry_id);

comment on table ves_store.key_rotation_audit_log is 'What happened to the keys of a tenant, in order. Append-only.';
comment on column ves_store.key_rotation_audit_log.entry_id is 'Number of the row, over all tenants.';
comment on column ves_store.key_rotation_audit_log.tenant_id is 'Tenant.';
comment on column ves_store.key_rotation_audit_log.agent_id is 'Agent; null for a policy of the whole tenant.';
comment on column ves_store.key_rotation_audit_log.key_type is 'signing or encryption.';
comment on column ves_store.key_rotation_audit_log.action is 'What happened (VES 18).';
comment on column ves_store.key_rotation_audit_log.old_key_id is 'Key that was retired, revoked or has expired, by bit pattern.';
comment on column ves_store.key_rotation_audit_log.new_key_id is 'Key that was registered or takes over, by bit pattern.';
comment on column ves_store.key_rotation_audit_log.actor_type is 'api: a request; admin: an operator at the database; system: the keys worker; agent: the agent itself.';
comment on column ves_store.key_rotation_audit_log.actor_id is 'Who, as the edge named the caller; else the database role.';
comment on column ves_store.key_rotation_audit_log.metadata is 'Details: reason, grace_until, the policy.';
comment on column ves_store.key_rotation_audit_log.created_at is 'When.';

create table ves_store.key_rotation_policies (
  policy_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  agent_id uuid,
  key_type text not null default 'signing',
  max_age_hours integer,
  max_usage_count bigint,
  warning_threshold_hours integer not null default 24,
  grace_period_hours integer not null default 72,
  enforce_expiry boolean not null default true,
  auto_rotate boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint key_rotation_policies_pkey primary key (policy_id, tenant_id),
  constraint key_rotation_policies_tenant_id_agent_id_key_type_key
  unique nulls not distinct (tenant_id, agent_id, key_type),
  constraint policy_key_type_is_known check (key_type in ('signing', 'encryption')),
  constraint max_age_is_positive check (max_age_hours between 1 and 876000),
  constraint max_usage_is_positive check (max_usage_count > 0),
  constraint warning_threshold_is_not_negative check (warning_threshold_hours between 0 and 876000),
  constraint grace_period_is_not_negative check (grace_period_hours between 0 and 876000)
);

comment on table ves_store.key_rotation_policies is 'When keys of a tenant, or of one agent, have to be rotated. The row of the agent wins over the row of the tenant.';
comment on column ves_store.key_rotation_policies.policy_id is 'Policy.';
comment on column ves_store.key_rotation_policies.tenant_id is 'Tenant.';
comment on column ves_store.key_rotation_policies.agent_id is 'Agent; null is every agent of the tenant without a policy of its own.';
comment on column ves_store.key_rotation_policies.key_type is 'signing or encryption.';
comment on column ves_store.key_rotation_policies.max_age_hours is 'Hours after the start of its validity when a key is due; null is never by age.';
comment on column ves_store.key_rotation_policies.max_usage_count is 'Uses after which a key is due; null is never by use.';
comment on column ves_store.key_rotation_policies.warning_threshold_hours is 'Hours before it is due from which a key is listed as a warning.';
comment on column ves_store.key_rotation_policies.grace_period_hours is 'Hours that a rotated key still verifies.';
comment on column ves_store.key_rotation_policies.enforce_expiry is 'A due key is retired even when the agent has registered no successor.';
comment on column ves_store.key_rotation_policies.auto_rotate is 'A due key hands over to a successor as soon as one is registered.';
comment on column ves_store.key_rotation_policies.created_at is 'When the policy was made.';
comment on column ves_store.key_rotation_policies.updated_at is 'When the policy was changed last.';

create table ves_store.key_usage_counters (
  tenant_id uuid not null,
  agent_id uuid not null,
  key_id integer not null,
  key_type text not null default 'signing',
  usage_count bigint not null default 0,
  first_used_at timestamptz,
  last_used_at timestamptz,
  constraint key_usage_counters_pkey primary key (agent_id, key_id, tenant_id, key_type),
  constraint usage_key_type_is_known check (key_type in ('signing', 'encryption')),
  constraint usage_count_is_not_negative check (usage_count >= 0)
);

comment on table ves_store.key_usage_counters is 'How often a key was used. Signing is counted behind the stream from ves_events (the consumer key_usage of ves_store.cursors says how far), so it is exact a moment later and can be counted anew.';
comment on column ves_store.key_usage_counters.tenant_id is 'Tenant.';
comment on column ves_store.key_usage_counters.agent_id is 'Agent.';
comment on column ves_store.key_usage_counters.key_id is 'Key number, by bit pattern.';
comment on column ves_store.key_usage_counters.key_type is 'signing: events in the log. encryption: uses that callers told the engine.';
comment on column ves_store.key_usage_counters.usage_count is 'Uses counted so far.';
comment on column ves_store.key_usage_counters.first_used_at is 'First counted use.';
comment on column ves_store.key_usage_counters.last_used_at is 'Last counted use.';

create table ves_store.leases (
  name text not null,
  token bigint not null,
  holder text,
  claimed_at timestamptz not null,
  renewed_at timestamptz not null,
  expires_at timestamptz,
  constraint leases_pkey primary key (name),
  constraint lease_name_has_1_to_128_bytes check (octet_length(name) between 1 and 128),
  constraint holder_has_1_to_128_bytes check (octet_length(holder) between 1 and 128),
  constraint token_is_positive check (token > 0),
  constraint held_exactly_until_it_expires check ((holder is null) = (expires_at is null))
);

comment on table ves_store.leases is
'Which process may do work that only one may do at a time (ves.claim_lease). A row stays when its lease is given back, so that its token only grows.';
comment on column ves_store.leases.name is 'What the lease is for, 1 to 128 bytes.';
comment on column ves_store.leases.token is 'Fencing token: one more with each claim. What is written with an older one is refused (ves_int.require_lease).';
comment on column ves_store.leases.holder is 'Who holds it, for operators; null when it was given back.';
comment on column ves_store.leases.claimed_at is 'When it was claimed last.';
comment on column ves_store.leases.renewed_at is 'Last heartbeat.';
comment on column ves_store.leases.expires_at is 'When it may be claimed by another; null when it was given back.';

create table ves_store.limits (
  name text not null,
  max_rows bigint,
  max_age interval,
  constraint limits_pkey primary key (name),
  constraint max_rows_is_not_negative check (max_rows >= 0),
  constraint max_age_is_positive check (max_age > interval '0'),
  constraint limit_bounds_something check (num_nonnulls(max_rows, max_age) > 0)
);

insert into ves_store.limits (name, max_rows, max_age) values
('streams', 100000, null),
('legacy_streams', 100000, null),
('api_keys', 100000, null),
('api_keys_per_agent', 1000, null),
('agent_keys', 1000000, null),
('agent_keys_per_agent', 1000, null),
('payer_addresses', 1000000, null),
('payer_addresses_per_agent', 1000, null),
('schemas', 10000, null),
('encryption_groups', 10000, null),
('group_members', 1000000, null),
('compliance_proofs', 1000000, null),
('validity_proofs', 1000000, null),
('subscriptions', 100, null),
('subscription_members', 256, null),
('open_dead_letters', 10000, null),
('rejections', 10000, interval '30 days'),
('rejected_events', 10000, interval '30 days'),
('revoked_api_keys', null, interval '90 days'),
('settled_dead_letters', null, interval '30 days');

comment on table ves_store.limits is
'Bounds of what callers make grow, for each tenant (or agent). One row for each kind of row; changed by ves.set_limit, which is audited.';
comment on column ves_store.limits.name is
'What is bounded. rejections, rejected_events, revoked_api_keys and settled_dead_letters are retained by ves.apply_retention, one row more of any other is refused with VE912.';
comment on column ves_store.limits.max_rows is
'Rows that a tenant may have (names that end in _per_agent: an agent of a tenant; open_dead_letters: a consumer in a stream; subscription_members: a consumer group); of rejections, the newest that are kept. Null: no bound.';
comment on column ves_store.limits.max_age is 'Age at which rows are deleted; null: never.';

create table ves_store.migrations (
  name text not null,
  checksum bytea not null,
  breaking_level integer not null,
  duration interval not null,
  applied_at timestamptz not null default clock_timestamp(),
  constraint migrations_pkey primary key (name),
  constraint migration_name_is_numbered check (name ~ '^[0-9]{4}_[a-z0-9_]+$'),
  constraint checksum_has_32_bytes check (octet_length(checksum) = 32),
  constraint breaking_level_is_positive check (breaking_level >= 1)
);

comment on table ves_store.migrations is 'Ledger of the migrations that ran in this database. The installer refuses to run when a checksum differs from the release''s file.';
comment on column ves_store.migrations.name is 'Number, phase and subject, as the files in sql/migrations/versions are named.';
comment on column ves_store.migrations.checksum is 'SHA-256 over the migration''s files when it ran.';
comment on column ves_store.migrations.breaking_level is 'Edges whose release knows a lower level refuse to start after this migration.';
comment on column ves_store.migrations.duration is 'How long it ran.';
comment on column ves_store.migrations.applied_at is 'When its transaction ended its work.';

create table ves_store.projection_checkpoints (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  projector text not null,
  generation integer not null default 1,
  is_live boolean not null default true,
  last_projected_sequence bigint not null default 0,
  updated_at timestamptz not null default clock_timestamp(),
  constraint projection_checkpoints_pkey primary key (tenant_id, store_id, stream, projector, generation),
  constraint projected_stream_is_known check (stream in ('ves', 'legacy')),
  constraint generation_is_positive check (generation > 0),
  constraint projected_number_is_not_negative check (last_projected_sequence >= 0)
) with (fillfactor = 50);

create unique index projection_checkpoints_live_idx
on ves_store.projection_checkpoints (tenant_id, store_id, stream, projector) where is_live;

comment on table ves_store.projection_checkpoints is
'How far each projector has come in each stream (operations 5.1). A rebuild is a second row that is not live until it has caught up (ves.rebuild_projection).';
comment on column ves_store.projection_checkpoints.tenant_id is 'Tenant.';
comment on column ves_store.projection_checkpoints.store_id is 'Store.';
comment on column ves_store.projection_checkpoints.stream is 'ves or legacy: each has numbers of its own, and projections of its own.';
comment on column ves_store.projection_checkpoints.projector is 'Name in projectors.';
comment on column ves_store.projection_checkpoints.generation is 'Which build of the projection: key of its rows in projections.';
comment on column ves_store.projection_checkpoints.is_live is 'Whether readers see this build.';
comment on column ves_store.projection_checkpoints.last_projected_sequence is 'The rows reflect the events 1 .. this number.';
comment on column ves_store.projection_checkpoints.updated_at is 'Last change.';

create table ves_store.projection_mode (
  singleton boolean not null default true,
  mode text not null default 'off',
  constraint projection_mode_pkey primary key (singleton),
  constraint there_is_one_projection_mode check (singleton),
  constraint projection_mode_is_known check (mode in ('off', 'asynchronous', 'inline'))
);

insert into ves_store.projection_mode (singleton) values (true);

comment on table ves_store.projection_mode is 'When events are projected (ves.set_projection_mode).';
comment on column ves_store.projection_mode.singleton is 'Always true: the table has one row.';
comment on column ves_store.projection_mode.mode is
'off: not at all; asynchronous: by the projections worker; inline: in the transaction that appends, the worker does the rest.';

create table ves_store.projection_retries (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  sequence_number bigint not null,
  position bigint not null,
  attempt bigint generated always as identity,
  retried_at timestamptz not null default clock_timestamp(),
  constraint projection_retries_pkey primary key (tenant_id, store_id, stream, sequence_number),
  constraint retried_stream_is_known check (stream in ('ves', 'legacy')),
  constraint retry_comes_after_the_event check (position >= sequence_number)
);

create index projection_retries_position_idx
on ves_store.projection_retries (tenant_id, store_id, stream, position);

comment on table ves_store.projection_retries is
'Events that a projector rejected first and applied later (operations 7): a rebuild applies them where the retry did, not at their own number. Append-only.';
comment on column ves_store.projection_retries.tenant_id is 'Tenant.';
comment on column ves_store.projection_retries.store_id is 'Store.';
comment on column ves_store.projection_retries.stream is 'ves or legacy.';
comment on column ves_store.projection_retries.sequence_number is 'Number of the event.';
comment on column ves_store.projection_retries.position is 'The checkpoint at the retry: it was applied after the event with this number.';
comment on column ves_store.projection_retries.attempt is 'Order of the retries at one position.';
comment on column ves_store.projection_retries.retried_at is 'When.';

create table ves_store.projection_steps (
  event_type text not null,
  from_status text not null,
  to_status text not null,
  reads_payload boolean not null,
  constraint projection_steps_pkey primary key (event_type, from_status)
);

insert into ves_store.projection_steps (event_type, from_status, to_status, reads_payload) values
('order.created', '', 'pending', true),
('order.confirmed', 'pending', 'confirmed', false),
('order.processing', 'confirmed', 'processing', false),
('order.shipped', 'processing', 'shipped', false),
('order.delivered', 'shipped', 'delivered', false),
('order.cancelled', 'pending', 'cancelled', false),
('order.cancelled', 'confirmed', 'cancelled', false),
('order.cancelled', 'processing', 'cancelled', false),
('order.cancelled', 'shipped', 'cancelled', false),
('order.cancelled', 'cancelled', 'cancelled', false),
('order.cancelled', 'refunded', 'cancelled', false),
('inventory.initialized', '', 'exists', true),
('inventory.adjusted', 'exists', 'exists', true),
('inventory.reserved', 'exists', 'exists', true),
('inventory.released', 'exists', 'exists', true),
('inventory.fulfilled', 'exists', 'exists', true),
('product.created', '', 'exists', true),
('product.updated', 'exists', 'exists', true),
('product.deactivated', 'exists', 'exists', false),
('product.activated', 'exists', 'exists', false),
('customer.created', '', 'exists', true),
('customer.updated', 'exists', 'exists', true),
('customer.address_added', 'exists', 'exists', true),
('return.requested', '', 'requested', true),
('return.approved', 'requested', 'approved', false),
('return.received', 'approved', 'received', false),
('x402_payment.created', '', 'created', true),
('x402_payment.sequenced', 'created', 'sequenced', true),
('x402_payment.batched', 'sequenced', 'batched', true),
('x402_payment.expired', 'sequenced', 'expired', false),
('x402_payment.settled', 'batched', 'settled', true),
('x402_payment.failed', 'batched', 'failed', true),
('x402_batch.created', '', 'created', true),
('x402_batch.committed', 'created', 'committed', true),
('x402_batch.submitted', 'committed', 'submitted', true),
-- after all transactions of a batch were lost, which is no event
('x402_batch.submitted', 'submitted', 'submitted', true),
('x402_batch.settled', 'submitted', 'settled', true),
('x402_batch.failed', 'submitted', 'failed', true);

-- refunded and completed may follow any status
insert into ves_store.projection_steps (event_type, from_status, to_status, reads_payload)
select e.event_type, s.status, e.to_status, e.reads_payload
from (values ('return.refunded', 'refunded', true), ('return.completed', 'completed', false))
  as e (event_type, to_status, reads_payload)
cross join unnest(
  array['requested', 'approved', 'rejected', 'received', 'inspecting', 'refunded', 'completed']
) as s (status);

comment on table ves_store.projection_steps is
'Every step of every projection (operations 5.2, x402 A8). An event whose type is not here is skipped; one that has no step from the entity''s status is rejected.';
comment on column ves_store.projection_steps.event_type is 'Type of the event; what stands before its dot is the projector.';
comment on column ves_store.projection_steps.from_status is
'Status of the entity before the event. Empty: it does not exist; exists: it does, and entities of this kind have no status.';
comment on column ves_store.projection_steps.to_status is 'Status after the event.';
comment on column ves_store.projection_steps.reads_payload is
'Whether the event says something in its payload: then one whose payload cannot be read is rejected.';

create table ves_store.projections (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  projector text not null,
  generation integer not null,
  entity_id text not null,
  version bigint not null,
  sequence_number bigint not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  state jsonb not null,
  constraint projections_pkey primary key (tenant_id, store_id, stream, projector, generation, entity_id),
  constraint version_counts_from_one check (version > 0),
  constraint reflects_an_event check (sequence_number > 0),
  constraint status_of_an_order_is_known check (
    projector <> 'order' or state ->> 'status' = any(
      array['pending', 'confirmed', 'processing', 'shipped', 'delivered', 'cancelled', 'refunded']
    )
  ),
  constraint status_of_a_return_is_known check (
    projector <> 'return' or state ->> 'status' = any(
      array['requested', 'approved', 'rejected', 'received', 'inspecting', 'refunded', 'completed']
    )
  ),
  constraint available_is_on_hand_less_reserved check (
    projector <> 'inventory'
    or (state -> 'quantity_available')::bigint
    = (state -> 'quantity_on_hand')::bigint - (state -> 'quantity_reserved')::bigint
  ),
  constraint reserved_is_not_negative check (
    projector <> 'inventory' or (state -> 'quantity_reserved')::bigint >= 0
  )
) with (fillfactor = 70);

comment on table ves_store.projections is
'Current state of entities (operations 5.2), written only by projectors. Disposable: it follows from the log (ves.rebuild_projection).';
comment on column ves_store.projections.tenant_id is 'Tenant.';
comment on column ves_store.projections.store_id is 'Store.';
comment on column ves_store.projections.stream is 'ves or legacy.';
comment on column ves_store.projections.projector is 'Entity type.';
comment on column ves_store.projections.generation is 'Build to which the row belongs (projection_checkpoints).';
comment on column ves_store.projections.entity_id is 'Entity.';
comment on column ves_store.projections.version is
'Applied events. Apart from entity_versions, which counts accepted ones (operations 5.3).';
comment on column ves_store.projections.sequence_number is 'The last event that is applied.';
comment on column ves_store.projections.created_at is 'created_at of the event that made the entity.';
comment on column ves_store.projections.updated_at is 'created_at of the last event that is applied.';
comment on column ves_store.projections.state is 'Members of operations 5.2 but id, version and times; at most 1 MiB as text.';

create table ves_store.projectors (
  name text not null,
  state text not null,
  constraint projectors_pkey primary key (name),
  constraint projector_state_is_known check (state in ('active', 'reserved'))
);

insert into ves_store.projectors (name, state) values
('order', 'active'),
('inventory', 'active'),
('product', 'active'),
('customer', 'active'),
('return', 'active'),
('x402_payment', 'active'),
('x402_batch', 'active');

comment on table ves_store.projectors is
'The projectors of the engine (operations 5.2, x402 A8), one for each entity type that it projects. Those of agents are in tenant_projectors.';
comment on column ves_store.projectors.name is 'Entity type.';
comment on column ves_store.projectors.state is
'active: every stream has a checkpoint of it; reserved: the entity type has event types but no projector yet.';

create unlogged table ves_store.rate_limits (
  bucket text not null,
  key text not null,
  window_seconds integer not null,
  last_slot bigint not null,
  counts integer[] not null,
  constraint rate_limits_pkey primary key (bucket, key, window_seconds),
  constraint bucket_is_known check (bucket in ('tenant', 'credential', 'registration')),
  constraint window_is_at_most_a_day check (window_seconds between 1 and 86400),
  constraint there_are_61_counts check (cardinality(counts) = 61)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);

comment on table ves_store.rate_limits is
'Requests of the last window, counted in 61 slots of a 60th of the window each. Unlogged: nothing waits for the disk, and a crash of the server forgets the counts. Every column but counts and last_slot is the key, so updates stay in their page.';
comment on column ves_store.rate_limits.bucket is 'What is limited: tenant, credential, or registration (by address).';
comment on column ves_store.rate_limits.key is 'Which one: a tenant, the hash of a credential, an address.';
comment on column ves_store.rate_limits.window_seconds is 'Length of the window.';
comment on column ves_store.rate_limits.last_slot is 'Slot of the last request: the time since 1970 in 60ths of the window.';
comment on column ves_store.rate_limits.counts is 'Requests by slot, slot s at 1 + s modulo 61; only the slots last_slot - 60 to last_slot count.';

create table ves_store.reencryptions (
  transaction_id xid8 not null,
  constraint reencryptions_pkey primary key (transaction_id)
);

comment on table ves_store.reencryptions is 'Transactions that may replace the ciphertext of stored payloads and proofs now. A re-encrypting function writes its row before its update and deletes it after, so no session can give itself the right.';
comment on column ves_store.reencryptions.transaction_id is 'pg_current_xact_id() of the function''s transaction.';

create table ves_store.rejected_events_log (
  id bigint generated always as identity,
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  sequence_number bigint not null,
  event_id uuid not null,
  entity_type text not null,
  entity_id text not null,
  reason text not null,
  message text not null,
  expected_version bigint,
  actual_version bigint,
  rejected_at timestamptz not null default clock_timestamp(),
  constraint rejected_events_log_pkey primary key (tenant_id, id),
  constraint reason_has_1_to_64_bytes check (octet_length(reason) between 1 and 64),
  constraint rejected_stream_is_known check (stream in ('ves', 'legacy'))
);

create index rejected_events_log_rejected_at_idx on ves_store.rejected_events_log (rejected_at);

comment on table ves_store.rejected_events_log is
'Events that a projector rejected (operations 5.1): they are numbered and stay in the log, no projection reflects them. ves.apply_retention keeps the newest (ves.list_limits).';
comment on column ves_store.rejected_events_log.id is 'Number of the row, over all tenants.';
comment on column ves_store.rejected_events_log.tenant_id is 'Tenant.';
comment on column ves_store.rejected_events_log.store_id is 'Store.';
comment on column ves_store.rejected_events_log.stream is 'ves or legacy.';
comment on column ves_store.rejected_events_log.sequence_number is 'Number of the event in its stream.';
comment on column ves_store.rejected_events_log.event_id is 'The event.';
comment on column ves_store.rejected_events_log.entity_type is 'Its entity type.';
comment on column ves_store.rejected_events_log.entity_id is 'Its entity.';
comment on column ves_store.rejected_events_log.reason is
'VERSION_CONFLICT, INVARIANT_VIOLATION, INVALID_STATE_TRANSITION, PAYLOAD_INVALID, ENTITY_NOT_FOUND or HANDLER_ERROR.';
comment on column ves_store.rejected_events_log.message is
'The invariant''s name, the transition (Pending→Shipped), the member that is wrong, or the error.';
comment on column ves_store.rejected_events_log.expected_version is 'base_version of the event, of a VERSION_CONFLICT.';
comment on column ves_store.rejected_events_log.actual_version is 'Version of the projection, of a VERSION_CONFLICT.';
comment on column ves_store.rejected_events_log.rejected_at is 'When.';

create table ves_store.rejection_cuts (
  tenant_id uuid not null,
  cut_to bigint not null,
  cut_at timestamptz not null,
  constraint rejection_cuts_pkey primary key (tenant_id)
);

comment on table ves_store.rejection_cuts is
'Rejections that may be deleted: those of a tenant up to a number. Written by ves.apply_retention only; rejections are append-only but for these.';
comment on column ves_store.rejection_cuts.tenant_id is 'Tenant.';
comment on column ves_store.rejection_cuts.cut_to is 'Highest rejection_id that may be deleted.';
comment on column ves_store.rejection_cuts.cut_at is 'When it was last raised.';

create table ves_store.retry_handlers (
  consumer text not null,
  handler text not null,
  constraint retry_handlers_pkey primary key (consumer),
  constraint retried_consumer_has_1_to_64_bytes check (octet_length(consumer) between 1 and 64),
  constraint handler_names_a_private_function check (handler ~ '^[a-z0-9_]+$')
);

insert into ves_store.retry_handlers (consumer, handler) values ('projection', 'retry_projection');

comment on table ves_store.retry_handlers is
'Functions that handle a dead letter of a consumer anew (ves.retry_next_dead_letter). Consumers without one claim their dead letters themselves.';
comment on column ves_store.retry_handlers.consumer is 'Consumer of ves_store.dead_letter_events.';
comment on column ves_store.retry_handlers.handler is
'Function of schema ves_int, f(consumer text, tenant_id uuid, store_id uuid, legacy boolean, sequence_number bigint, out reason text, out message text): handles the event as if it came now; reason null: it is done; an exception counts as handler_error. It runs in a subtransaction, writes no dead letter and moves no checkpoint.';

create table ves_store.retry_tenants (
  consumer text not null,
  tenant_id uuid not null,
  constraint retry_tenants_pkey primary key (consumer, tenant_id)
);

comment on table ves_store.retry_tenants is
'Tenants that have had a dead letter of a consumer that serves all tenants, which takes them in turns (ves_int.next_retry_tenant).';
comment on column ves_store.retry_tenants.consumer is 'Consumer of messages of queue ves_dead_letters.';
comment on column ves_store.retry_tenants.tenant_id is 'Tenant.';

create table ves_store.row_change_heads (
  tenant_id uuid not null,
  number bigint not null default 0,
  hash bytea not null default '\x0000000000000000000000000000000000000000000000000000000000000000',
  constraint row_change_heads_pkey primary key (tenant_id),
  constraint row_change_head_has_32_bytes check (octet_length(hash) = 32)
) with (fillfactor = 50);

comment on table ves_store.row_change_heads is
'Newest committed entry of each tenant in ves_store.row_changes; the next one is appended under this row''s lock.';
comment on column ves_store.row_change_heads.tenant_id is 'Tenant; the nil UUID for tables without one.';
comment on column ves_store.row_change_heads.number is 'Number of the newest entry; 0 before the first.';
comment on column ves_store.row_change_heads.hash is 'hash of the newest entry; zeros before the first.';

create table ves_store.row_changes (
  tenant_id uuid not null,
  number bigint not null,
  table_name text not null,
  row_key text not null,
  row_hash bytea,
  changed_at timestamptz not null,
  changed_by text not null,
  added integer not null,
  hash bytea not null,
  constraint row_changes_pkey primary key (tenant_id, number),
  constraint number_starts_at_one check (number >= 1),
  constraint row_hash_has_32_bytes check (octet_length(row_hash) = 32),
  constraint chain_hash_has_32_bytes check (octet_length(hash) = 32),
  constraint adds_at_most_one_row check (added between -1 and 1)
);

comment on table ves_store.row_changes is
'What every insert, update and delete left of a row of the slowly changing tables (keys, schemas, groups, proofs, commitments, settings, streams), numbered and hash-chained per tenant. Append-only; ves.verify_audit compares the rows with it.';
comment on column ves_store.row_changes.tenant_id is 'Tenant; the nil UUID for tables without one.';
comment on column ves_store.row_changes.number is 'Place in the tenant''s chain: 1, 2, 3, … without a gap.';
comment on column ves_store.row_changes.table_name is 'Table of ves_store.';
comment on column ves_store.row_changes.row_key is 'Primary key of the row: a JSON array of its values.';
comment on column ves_store.row_changes.row_hash is 'ves_int.row_hash of the row after the change, 32 bytes; null when it was deleted.';
comment on column ves_store.row_changes.changed_at is 'When.';
comment on column ves_store.row_changes.changed_by is 'Role that was logged in.';
comment on column ves_store.row_changes.added is 'What the change adds to the rows of the table: 1, 0, or -1 of a deletion.';
comment on column ves_store.row_changes.hash is 'ves_int.row_change_hash of the entry and the one before it, 32 bytes.';

create table ves_store.row_counts (
  tenant_id uuid not null,
  table_name text not null,
  row_count bigint not null,
  constraint row_counts_pkey primary key (tenant_id, table_name)
) with (fillfactor = 50);

comment on table ves_store.row_counts is
'Rows of each watched table (ves_int.watch_table) for each tenant, counted at the commit under the lock of the tenant''s row in row_change_heads, so that a limit costs one look-up.';
comment on column ves_store.row_counts.tenant_id is 'Tenant; the nil UUID for tables without one.';
comment on column ves_store.row_counts.table_name is 'Table of ves_store.';
comment on column ves_store.row_counts.row_count is 'Rows of the table; of counters, streams with at least one event.';

create table ves_store.scheduled_key_rotations (
  rotation_id uuid not null default gen_random_uuid(),
  tenant_id uuid not null,
  agent_id uuid not null,
  key_type text not null default 'signing',
  current_key_id integer not null,
  scheduled_at timestamptz not null,
  reason text not null,
  status text not null default 'pending',
  new_key_id integer,
  completed_at timestamptz,
  error_message text,
  created_at timestamptz not null default now(),
  constraint scheduled_key_rotations_pkey primary key (rotation_id, tenant_id),
  constraint rotation_key_type_is_known check (key_type in ('signing', 'encryption')),
  constraint rotation_reason_is_known
  check (reason in ('age_limit', 'usage_limit', 'manual', 'expiry', 'compromise', 'policy_change')),
  constraint rotation_status_is_known
  check (status in ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
  constraint completed_rotation_names_its_new_key
  check (status <> 'completed' or (new_key_id is not null and completed_at is not null)),
  constraint failed_rotation_says_why check (status <> 'failed' or error_message is not null)
);

-- One open rotation a key: what a worker repeats after a crash it finds done.
create unique index scheduled_key_rotations_open_idx
on ves_store.scheduled_key_rotations (agent_id, current_key_id, tenant_id)
where status in ('pending', 'in_progress');
create index scheduled_key_rotations_scheduled_at_idx
on ves_store.scheduled_key_rotations (scheduled_at) where status = 'pending';
create index scheduled_key_rotations_pending_idx
on ves_store.scheduled_key_rotations (tenant_id, scheduled_at, rotation_id) where status = 'pending';
create index scheduled_key_rotations_agent_id_idx
on ves_store.scheduled_key_rotations (agent_id, tenant_id);
create index scheduled_key_rotations_tenant_id_idx
on ves_store.scheduled_key_rotations (tenant_id, scheduled_at);

comment on table ves_store.scheduled_key_rotations is 'Rotations that were asked for, or that a policy made due. pending: not yet done; in_progress: the old key is retired and a new one is awaited; completed: new_key_id has taken over.';
comment on column ves_store.scheduled_key_rotations.rotation_id is 'Rotation.';
comment on column ves_store.scheduled_key_rotations.tenant_id is 'Tenant.';
comment on column ves_store.scheduled_key_rotations.agent_id is 'Agent.';
comment on column ves_store.scheduled_key_rotations.key_type is 'signing or encryption.';
comment on column ves_store.scheduled_key_rotations.current_key_id is 'Key to retire, by bit pattern.';
comment on column ves_store.scheduled_key_rotations.scheduled_at is 'When the rotation is due.';
comment on column ves_store.scheduled_key_rotations.reason is 'Why: age_limit, usage_limit, manual, expiry, compromise (revoked at once) or policy_change.';
comment on column ves_store.scheduled_key_rotations.status is 'pending, in_progress, completed, failed or cancelled.';
comment on column ves_store.scheduled_key_rotations.new_key_id is 'Key that takes over, by bit pattern: named beforehand, or the one that was registered.';
comment on column ves_store.scheduled_key_rotations.completed_at is 'When it ended.';
comment on column ves_store.scheduled_key_rotations.error_message is 'Why it failed or was cancelled.';
comment on column ves_store.scheduled_key_rotations.created_at is 'When the row was made.';

insert into ves_store.transitions (machine, from_state, to_state) values
('scheduled_key_rotations.status', '', 'pending'),
('scheduled_key_rotations.status', 'pending', 'in_progress'),
('scheduled_key_rotations.status', 'pending', 'completed'),
('scheduled_key_rotations.status', 'pending', 'failed'),
('scheduled_key_rotations.status', 'pending', 'cancelled'),
('scheduled_key_rotations.status', 'in_progress', 'completed'),
('scheduled_key_rotations.status', 'in_progress', 'cancelled');

create table ves_store.schema_epochs (
  tenant_id uuid not null,
  epoch bigint not null default 1,
  constraint schema_epochs_pkey primary key (tenant_id)
) with (fillfactor = 50);

comment on table ves_store.schema_epochs is
'Grows with every change of a tenant''s schemas; no row until the first. An edge that checked payloads against cached schemas passes the epoch it saw; an older one is refused, so a change holds at once in every process.';
comment on column ves_store.schema_epochs.tenant_id is 'Tenant.';
comment on column ves_store.schema_epochs.epoch is 'Current epoch, from 1; a tenant without a row is at 0.';

create table ves_store.schema_validation (
  singleton boolean not null default true,
  mode text not null default 'enforce',
  constraint schema_validation_pkey primary key (singleton),
  constraint there_is_one_validation_mode check (singleton),
  constraint validation_mode_is_known check (mode in ('disabled', 'warn', 'enforce', 'required'))
);

insert into ves_store.schema_validation (singleton) values (true);

comment on table ves_store.schema_validation is
'How the SQL doors check payloads against schemas (operations 6.3; ves.set_schema_validation_mode). A row, not a setting: a session could change a setting, and a change is audited.';
comment on column ves_store.schema_validation.singleton is 'Always true: the table has one row.';
comment on column ves_store.schema_validation.mode is
'disabled: nothing is checked; warn: a payload that does not fit is stored and the log says so; enforce: it is refused; required: so is an event type without a schema.';

create table ves_store.sequence_counters (
  tenant_id uuid not null,
  store_id uuid not null,
  current_sequence bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint sequence_counters_pkey primary key (tenant_id, store_id),
  constraint current_sequence_is_not_negative check (current_sequence >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.sequence_counters is
'Head of each legacy stream. Not a lock: legacy ingest holds the row of ves_sequence_counters, as VES ingest does.';
comment on column ves_store.sequence_counters.tenant_id is 'Tenant.';
comment on column ves_store.sequence_counters.store_id is 'Store.';
comment on column ves_store.sequence_counters.current_sequence is 'Highest number given.';
comment on column ves_store.sequence_counters.updated_at is 'Last change.';

create table ves_store.shredded_payloads (
  tenant_id uuid not null,
  store_id uuid not null,
  stream text not null,
  sequence_number bigint not null,
  event_id uuid not null,
  reason text not null,
  shredded_by text not null,
  shredded_at timestamptz not null,
  constraint shredded_payloads_pkey primary key (tenant_id, store_id, stream, sequence_number),
  constraint stream_is_ves_or_legacy check (stream in ('ves', 'legacy')),
  constraint reason_has_1_to_1000_characters check (char_length(reason) between 1 and 1000)
);

comment on table ves_store.shredded_payloads is
'Payloads that were destroyed on purpose: one row an event, append-only. Hashes, leaf, receipt and proofs of the event stay.';
comment on column ves_store.shredded_payloads.tenant_id is 'Tenant.';
comment on column ves_store.shredded_payloads.store_id is 'Store.';
comment on column ves_store.shredded_payloads.stream is 'ves or legacy: the two streams of a store are numbered apart.';
comment on column ves_store.shredded_payloads.sequence_number is 'Number of the event in its stream.';
comment on column ves_store.shredded_payloads.event_id is 'The event.';
comment on column ves_store.shredded_payloads.reason is 'Why, in the words of who did it.';
comment on column ves_store.shredded_payloads.shredded_by is 'Who: the actor of the context, else the database role.';
comment on column ves_store.shredded_payloads.shredded_at is 'When; the same instant as in the event.';

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

create table ves_store.subscription_members (
  tenant_id uuid not null,
  subscription_id bigint not null,
  member ves_int.printable_name not null,
  expires_at timestamptz not null,
  constraint subscription_members_pkey primary key (tenant_id, subscription_id, member),
  constraint subscription_members_tenant_id_subscription_id_fkey foreign key (tenant_id, subscription_id)
  references ves_store.subscriptions (tenant_id, subscription_id) on delete cascade,
  constraint member_has_1_to_64_bytes check (octet_length(member) between 1 and 64)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.subscription_members is 'Members of consumer groups whose lease runs (ves.fetch_ranges).';
comment on column ves_store.subscription_members.tenant_id is 'Tenant.';
comment on column ves_store.subscription_members.subscription_id is 'Group.';
comment on column ves_store.subscription_members.member is 'Name that the member gave itself, 1 to 64 bytes without control characters.';
comment on column ves_store.subscription_members.expires_at is 'When others may take its slots.';

create table ves_store.subscription_slots (
  tenant_id uuid not null,
  subscription_id bigint not null,
  slot smallint not null,
  member ves_int.printable_name,
  token bigint not null,
  constraint subscription_slots_pkey primary key (tenant_id, subscription_id, slot),
  constraint subscription_slots_tenant_id_subscription_id_fkey foreign key (tenant_id, subscription_id)
  references ves_store.subscriptions (tenant_id, subscription_id) on delete cascade,
  constraint slot_is_one_of_64 check (slot between 0 and 63)
) with (fillfactor = 50);

comment on table ves_store.subscription_slots is
'The 64 shares of a consumer group: a stream belongs to the slot of its hash (ves_int.slot_of), a slot to one member.';
comment on column ves_store.subscription_slots.tenant_id is 'Tenant.';
comment on column ves_store.subscription_slots.subscription_id is 'Group.';
comment on column ves_store.subscription_slots.slot is 'Slot, 0 to 63.';
comment on column ves_store.subscription_slots.member is 'Member that reads its streams; null: free.';
comment on column ves_store.subscription_slots.token is
'Fencing token: one more with each member that takes it, from 2^31 times the subscription''s number on. An acknowledgement with an older one is refused.';

create table ves_store.tenant_projectors (
  tenant_id uuid not null,
  store_id uuid not null,
  name text not null,
  function text not null,
  registered_at timestamptz not null default clock_timestamp(),
  constraint tenant_projectors_pkey primary key (tenant_id, store_id, name),
  constraint projector_name_is_a_word check (name ~ '^[a-z][a-z0-9_]{0,47}$')
);

comment on table ves_store.tenant_projectors is
'Projectors of agents (ves.register_projector): a function of a role of their own for the VES stream of a store. Their checkpoints are cursors of consumer projector/<name>.';
comment on column ves_store.tenant_projectors.tenant_id is 'Tenant.';
comment on column ves_store.tenant_projectors.store_id is 'Store.';
comment on column ves_store.tenant_projectors.name is 'Name in its store.';
comment on column ves_store.tenant_projectors.function is 'schema.name of a function f(events json) returns void.';
comment on column ves_store.tenant_projectors.registered_at is 'When.';

create table ves_store.timestamps (
  timestamp_id uuid not null default gen_random_uuid(),
  root bytea not null,
  proof bytea not null,
  status text not null,
  block_height bigint,
  created_at timestamptz not null,
  due_at timestamptz not null,
  constraint timestamps_pkey primary key (timestamp_id),
  constraint status_is_a_timestamp_state check (status in ('submitted', 'anchored', 'expired')),
  constraint timestamp_root_has_32_bytes check (octet_length(root) = 32),
  constraint proof_has_1_to_65536_bytes check (octet_length(proof) between 1 and 65536),
  constraint anchored_timestamp_has_a_block check ((status = 'anchored') = (block_height is not null)),
  constraint block_height_is_not_negative check (block_height >= 0)
);

create index timestamps_due_idx on ves_store.timestamps (due_at) where status = 'submitted';

insert into ves_store.transitions (machine, from_state, to_state)
values
('timestamps.status', '', 'submitted'),
('timestamps.status', 'submitted', 'anchored'),
('timestamps.status', 'submitted', 'expired');

comment on table ves_store.timestamps is
'Digests that OpenTimestamps calendars have: each is the root over the digests of many commitments, of any tenants, so there is no tenant in its key.';
comment on column ves_store.timestamps.timestamp_id is 'Its commitments have it as their call_id.';
comment on column ves_store.timestamps.root is 'What was sent to the calendars, 32 bytes.';
comment on column ves_store.timestamps.proof is
'Serialized timestamp of the root in the OpenTimestamps format: what follows the path of a commitment in its proof file.';
comment on column ves_store.timestamps.status is
'submitted: calendars have promised to put it into a Bitcoin block; anchored: the proof leads to the Merkle root of a block whose header was read; expired: no calendar kept its promise in time, and its commitments wait for another.';
comment on column ves_store.timestamps.block_height is 'Height of that Bitcoin block.';
comment on column ves_store.timestamps.created_at is 'When the calendars had it.';
comment on column ves_store.timestamps.due_at is 'When the calendars are asked again.';

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

create table ves_store.ves_compliance_witnesses (
  tenant_id uuid not null,
  proof_id uuid not null,
  witness_commitment bytea not null,
  submitted_at timestamptz not null,
  constraint ves_compliance_witnesses_pkey primary key (proof_id, tenant_id),
  constraint ves_compliance_witnesses_proof_id_tenant_id_fkey
  foreign key (proof_id, tenant_id) references ves_store.ves_compliance_proofs (proof_id, tenant_id),
  constraint witness_commitment_has_32_bytes check (octet_length(witness_commitment) = 32)
);

comment on table ves_store.ves_compliance_witnesses is
'Witness commitments that came with a later submission of a stored proof (VES 13: filled in when missing), apart from the append-only record. Append-only.';
comment on column ves_store.ves_compliance_witnesses.tenant_id is 'Tenant.';
comment on column ves_store.ves_compliance_witnesses.proof_id is 'The proof.';
comment on column ves_store.ves_compliance_witnesses.witness_commitment is 'Four big-endian u64, 32 bytes.';
comment on column ves_store.ves_compliance_witnesses.submitted_at is 'When.';

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

create index ves_rejections_rejected_at_idx on ves_store.ves_rejections (rejected_at);

comment on table ves_store.ves_rejections is 'Every event refused inside an answered request: who, which, why. Append-only; ves.apply_retention keeps the newest (ves.list_limits).';
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

create table ves_store.ves_validity_proofs (
  tenant_id uuid not null,
  store_id uuid not null,
  batch_id uuid not null,
  proof_id uuid not null,
  proof_type text not null,
  proof_version integer not null,
  proof bytea not null,
  proof_hash bytea not null,
  public_inputs json not null,
  public_inputs_hash bytea not null,
  submitted_at timestamptz not null,
  proof_key_id bytea,
  constraint ves_validity_proofs_pkey primary key (proof_id, tenant_id),
  constraint ves_validity_proofs_batch_id_tenant_id_proof_type_proof_version
  unique (batch_id, tenant_id, proof_type, proof_version),
  constraint ves_validity_proofs_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.ves_commitments (batch_id, tenant_id),
  constraint proof_type_has_1_to_32_bytes check (octet_length(proof_type) between 1 and 32),
  constraint proof_version_is_positive check (proof_version >= 1),
  constraint proof_has_at_most_2_mib check (
    octet_length(proof) between 1 and case when proof_key_id is null then 2097152 else 2097184 end
  ),
  constraint key_id_has_8_bytes check (octet_length(proof_key_id) = 8),
  constraint hashes_have_32_bytes check (
    octet_length(proof_hash) = 32 and octet_length(public_inputs_hash) = 32
  )
);

-- Proofs are random bytes: compression would only cost time.
alter table ves_store.ves_validity_proofs alter column proof set storage external;

comment on table ves_store.ves_validity_proofs is
'Validity proofs of commitments (VES 12), one for each commitment, type and version. Append-only. Stored, hashed and listed; a batch STARK is not verified.';
comment on column ves_store.ves_validity_proofs.tenant_id is 'Tenant.';
comment on column ves_store.ves_validity_proofs.store_id is 'Store; that of the commitment.';
comment on column ves_store.ves_validity_proofs.batch_id is 'The commitment that the proof is about.';
comment on column ves_store.ves_validity_proofs.proof_id is 'Random UUID.';
comment on column ves_store.ves_validity_proofs.proof_type is '1 to 32 bytes.';
comment on column ves_store.ves_validity_proofs.proof_version is '2 for STARK proofs.';
comment on column ves_store.ves_validity_proofs.proof is 'The proof''s bytes, at most 2 MiB; an SSE1 blob of them (VES 16) when proof_key_id is not null.';
comment on column ves_store.ves_validity_proofs.proof_hash is 'VES 12, 32 bytes.';
comment on column ves_store.ves_validity_proofs.public_inputs is 'The 15 canonical public inputs.';
comment on column ves_store.ves_validity_proofs.public_inputs_hash is 'Hash of the canonical public inputs (VES 12), 32 bytes.';
comment on column ves_store.ves_validity_proofs.submitted_at is 'When.';
comment on column ves_store.ves_validity_proofs.proof_key_id is 'Key of the encrypted proof, 8 bytes as in ves_events.payload_key_id; null when the proof is stored as it is.';

create table ves_store.x402_batch_nodes (
  tenant_id uuid not null,
  batch_id uuid not null,
  level integer not null,
  nodes bytea not null,
  constraint x402_batch_nodes_pkey primary key (batch_id, tenant_id, level),
  constraint x402_batch_nodes_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.x402_payment_batches (batch_id, tenant_id),
  constraint nodes_are_whole check (octet_length(nodes) % 32 = 0 and octet_length(nodes) > 0)
);

comment on table ves_store.x402_batch_nodes is 'The tree of a payment batch, one row a level (x402 A9). Append-only.';
comment on column ves_store.x402_batch_nodes.tenant_id is 'Tenant.';
comment on column ves_store.x402_batch_nodes.batch_id is 'Batch.';
comment on column ves_store.x402_batch_nodes.level is '0 = leaves.';
comment on column ves_store.x402_batch_nodes.nodes is
'Concatenated 32-byte nodes; an unpaired last one is repeated unchanged in the level above.';

create table ves_store.x402_batches_to_divide (
  chain_id bigint not null,
  tenant_id uuid not null,
  batch_id uuid not null,
  store_id uuid not null,
  constraint x402_batches_to_divide_pkey primary key (chain_id, tenant_id, batch_id),
  constraint x402_batches_to_divide_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.x402_payment_batches (batch_id, tenant_id)
);

create index x402_batches_to_divide_batch_id_tenant_id_idx
on ves_store.x402_batches_to_divide (batch_id, tenant_id);

comment on table ves_store.x402_batches_to_divide is
'Payment batches with settleable intents that ves.plan_settlements has yet to divide into parts: new ones, and those of which a part failed.';
comment on column ves_store.x402_batches_to_divide.chain_id is 'Chain on which they settle.';
comment on column ves_store.x402_batches_to_divide.tenant_id is 'Tenant.';
comment on column ves_store.x402_batches_to_divide.batch_id is 'Batch.';
comment on column ves_store.x402_batches_to_divide.store_id is 'Store of the batch.';

create table ves_store.x402_exact_payments (
  tenant_id uuid not null,
  payment_id uuid not null default gen_random_uuid(),
  chain_id bigint not null,
  settlement_contract text not null,
  token_address text not null,
  payer_address text not null,
  nonce bytea not null,
  payee_address text not null,
  amount numeric(39, 0) not null,
  valid_after numeric(78, 0) not null,
  valid_before numeric(78, 0) not null,
  signature bytea not null,
  digest bytea not null,
  payment_identifier text,
  resource text,
  delivery_id uuid,
  status text not null,
  batch_id uuid,
  tx_hash text,
  reason text,
  reverts smallint not null default 0,
  recheck_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint x402_exact_payments_pkey primary key (payment_id, tenant_id),
  constraint x402_exact_payments_payer_address_nonce_token_address_chain_id_
  unique (payer_address, nonce, token_address, chain_id),
  constraint x402_exact_payments_batch_id_fkey
  foreign key (batch_id) references ves_store.x402_exact_batches (batch_id),
  constraint status_is_an_exact_payment_state check (
    status in ('recorded', 'batched', 'confirmed', 'settled', 'failed')
  ),
  constraint addresses_have_20_bytes check (
    settlement_contract ~ '^0x[0-9a-f]{40}$' and token_address ~ '^0x[0-9a-f]{40}$'
    and payer_address ~ '^0x[0-9a-f]{40}$' and payee_address ~ '^0x[0-9a-f]{40}$'
  ),
  constraint amount_has_1_to_128_bits check (
    amount between 1 and 340282366920938463463374607431768211455
  ),
  constraint nonce_and_digest_have_32_bytes check (octet_length(nonce) = 32 and octet_length(digest) = 32),
  constraint signature_has_1_to_4096_bytes check (octet_length(signature) between 1 and 4096),
  constraint texts_have_their_lengths check (
    octet_length(payment_identifier) between 16 and 128 and octet_length(resource) <= 16384
  ),
  constraint batched_payment_has_a_batch check (
    status not in ('batched', 'confirmed') or batch_id is not null
  ),
  constraint failed_payment_says_why check ((status = 'failed') = (reason is not null)),
  constraint only_a_failed_payment_is_looked_at_again check (status = 'failed' or recheck_at is null),
  constraint settled_payment_has_a_transaction check (
    status not in ('confirmed', 'settled') or tx_hash is not null
  )
);

create unique index x402_exact_payments_identifier_idx
on ves_store.x402_exact_payments (payment_identifier, tenant_id)
where payment_identifier is not null;

create index x402_exact_payments_batch_id_idx on ves_store.x402_exact_payments (batch_id);

-- What waits for its first batch, what for another one after a failure, and what may expire before its first.
-- A row leaves these when it is batched, so they stay small.
create index x402_exact_payments_recorded_idx on ves_store.x402_exact_payments (
  chain_id, settlement_contract, token_address, tenant_id, created_at, payment_id
)
where status = 'recorded' and batch_id is null;

create index x402_exact_payments_again_idx on ves_store.x402_exact_payments (chain_id, batch_id)
where status = 'recorded' and batch_id is not null;

create index x402_exact_payments_valid_before_idx on ves_store.x402_exact_payments (chain_id, valid_before)
where status = 'recorded' and batch_id is null;

-- What somebody else may still make. A row leaves it when it is looked at after its last second, once.
create index x402_exact_payments_recheck_at_idx
on ves_store.x402_exact_payments (chain_id, token_address, tenant_id, recheck_at, payment_id)
where recheck_at is not null;

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_exact_payments.status', '', 'recorded'),
('x402_exact_payments.status', 'recorded', 'batched'),
('x402_exact_payments.status', 'recorded', 'failed'),
('x402_exact_payments.status', 'batched', 'recorded'),
('x402_exact_payments.status', 'batched', 'confirmed'),
('x402_exact_payments.status', 'batched', 'settled'),
('x402_exact_payments.status', 'batched', 'failed'),
('x402_exact_payments.status', 'confirmed', 'batched'),
('x402_exact_payments.status', 'confirmed', 'settled'),
('x402_exact_payments.status', 'failed', 'settled');

comment on table ves_store.x402_exact_payments is
'EIP-3009 authorizations that a resource server gave to /x402/settle (x402 part C): recorded before anything is sent, so that a repeat finds its payment. What the payer signed never changes.';
comment on column ves_store.x402_exact_payments.tenant_id is 'Tenant of the credential that asked.';
comment on column ves_store.x402_exact_payments.payment_id is 'Its word is the id of the intent in the contract.';
comment on column ves_store.x402_exact_payments.chain_id is 'EIP-155 chain id (signed).';
comment on column ves_store.x402_exact_payments.settlement_contract is 'Contract that settles it.';
comment on column ves_store.x402_exact_payments.token_address is 'Token, lower case (signed).';
comment on column ves_store.x402_exact_payments.payer_address is 'Payer, lower case (signed).';
comment on column ves_store.x402_exact_payments.nonce is '32 bytes, once per payer and token for ever, over all tenants (signed).';
comment on column ves_store.x402_exact_payments.payee_address is 'Payee, lower case (signed).';
comment on column ves_store.x402_exact_payments.amount is 'Smallest unit of the token (signed).';
comment on column ves_store.x402_exact_payments.valid_after is 'Unix seconds, excluded (signed).';
comment on column ves_store.x402_exact_payments.valid_before is 'Unix seconds, excluded (signed).';
comment on column ves_store.x402_exact_payments.signature is 'As the token takes it.';
comment on column ves_store.x402_exact_payments.digest is 'What is signed (x402 B4).';
comment on column ves_store.x402_exact_payments.payment_identifier is 'Id of the extension payment-identifier, unique per tenant.';
comment on column ves_store.x402_exact_payments.resource is 'URL of what is paid for, as sent.';
comment on column ves_store.x402_exact_payments.delivery_id is
'Response that the payment buys, as the resource server names it: the payment is settled for no other one. Null: the server names none.';
comment on column ves_store.x402_exact_payments.status is
'recorded: nothing is sent; batched: its batch may be mined; confirmed: its transfer is in a block that may still be replaced; settled: that block is final; failed: no money moved by the blocks that were final, and nothing more is sent; settled after all when somebody else uses the authorization.';
comment on column ves_store.x402_exact_payments.batch_id is 'Its batch; the last one after a batch failed; null: nothing was sent.';
comment on column ves_store.x402_exact_payments.tx_hash is 'Newest transaction that may pay it or has paid it.';
comment on column ves_store.x402_exact_payments.reason is 'Why it failed, a reason of the standard (x402 B5).';
comment on column ves_store.x402_exact_payments.reverts is
'Transactions for this payment alone that reverted, each in a final block; at the third it fails.';
comment on column ves_store.x402_exact_payments.recheck_at is
'When the chain is asked whether somebody else has used the authorization of a failed payment; null: never again.';
comment on column ves_store.x402_exact_payments.created_at is 'When it was recorded.';
comment on column ves_store.x402_exact_payments.updated_at is 'Last change.';

create table ves_store.x402_payer_addresses (
  tenant_id uuid not null,
  agent_id uuid not null,
  key_id integer not null,
  payer_address text not null,
  bound_at timestamptz not null,
  constraint x402_payer_addresses_pkey primary key (agent_id, key_id, payer_address, tenant_id),
  constraint payer_address_has_20_bytes check (payer_address ~ '^0x[0-9a-f]{40}$')
);

comment on table ves_store.x402_payer_addresses is
'EVM addresses whose payments an agent''s key may sign (x402 T2). Append-only.';
comment on column ves_store.x402_payer_addresses.tenant_id is 'Tenant.';
comment on column ves_store.x402_payer_addresses.agent_id is 'Agent.';
comment on column ves_store.x402_payer_addresses.key_id is 'Number of the agent''s key, unsigned 32 bits by bit pattern.';
comment on column ves_store.x402_payer_addresses.payer_address is 'The address, lower case with 0x.';
comment on column ves_store.x402_payer_addresses.bound_at is 'When it was stored.';

create table ves_store.x402_payment_intents (
  tenant_id uuid not null,
  store_id uuid not null,
  intent_id uuid not null default gen_random_uuid(),
  sequence_number bigint not null,
  status text not null,
  source_agent_id uuid not null,
  agent_key_id integer not null,
  payer_address text not null,
  payer_key text not null,
  payee_address text not null,
  amount bigint not null,
  asset text not null,
  network text not null,
  chain_id bigint not null,
  token_address text,
  valid_until bigint not null,
  nonce bigint not null,
  idempotency_key text,
  fingerprint bytea not null,
  resource_uri text,
  description text,
  order_id uuid,
  merchant_id text,
  signing_hash bytea not null,
  payer_signature bytea not null,
  payer_public_key bytea,
  leaf_hash bytea not null,
  record_hash bytea not null,
  settlement_contract text,
  batch_id uuid,
  tx_hash text,
  block_number bigint,
  settled_at timestamptz,
  failure text,
  metadata json,
  created_at timestamptz not null,
  sequenced_at timestamptz not null,
  updated_at timestamptz not null,
  constraint x402_payment_intents_pkey primary key (intent_id, tenant_id),
  constraint x402_payment_intents_tenant_id_store_id_sequence_number_key
  unique (tenant_id, store_id, sequence_number),
  constraint x402_payment_intents_payer_key_nonce_store_id_tenant_id_key
  unique (payer_key, nonce, store_id, tenant_id),
  constraint x402_payment_intents_batch_id_tenant_id_fkey
  foreign key (batch_id, tenant_id) references ves_store.x402_payment_batches (batch_id, tenant_id),
  constraint status_is_an_intent_state check (
    status in ('sequenced', 'batched', 'settled', 'failed', 'expired')
  ),
  constraint sequence_number_is_positive check (sequence_number > 0),
  constraint amount_is_positive check (amount > 0),
  constraint validity_ends_after_creation check (valid_until >= floor(extract(epoch from created_at))),
  constraint hashes_have_their_lengths check (
    octet_length(fingerprint) = 32 and octet_length(signing_hash) = 32 and octet_length(leaf_hash) = 32
    and octet_length(record_hash) = 32
    and octet_length(payer_signature) = 64 and octet_length(payer_public_key) = 32
  ),
  constraint texts_have_their_lengths check (
    octet_length(payer_address) <= 66 and octet_length(payee_address) <= 66
    and octet_length(idempotency_key) <= 255 and octet_length(resource_uri) <= 4096
    and octet_length(description) <= 8192 and char_length(merchant_id) <= 255
  ),
  constraint batched_intent_has_a_batch check (
    (status in ('batched', 'settled', 'failed')) = (batch_id is not null)
  ),
  constraint failed_intent_says_why check ((status = 'failed') = (failure is not null)),
  constraint settled_intent_says_when check ((status = 'settled') = (settled_at is not null))
);

create unique index x402_payment_intents_idempotency_idx
on ves_store.x402_payment_intents (idempotency_key, store_id, tenant_id)
where idempotency_key is not null;

create index x402_payment_intents_listing_idx
on ves_store.x402_payment_intents (tenant_id, created_at, intent_id);

create index x402_payment_intents_store_listing_idx
on ves_store.x402_payment_intents (tenant_id, store_id, created_at, intent_id);

create index x402_payment_intents_payer_idx
on ves_store.x402_payment_intents (tenant_id, payer_address, created_at);

create index x402_payment_intents_batch_idx on ves_store.x402_payment_intents (batch_id, tenant_id);

-- What waits to be batched or to expire. A row leaves these when it is batched, so they stay small.
create index x402_payment_intents_waiting_idx
on ves_store.x402_payment_intents (network, tenant_id, store_id, sequence_number)
where status = 'sequenced';

create index x402_payment_intents_expiry_idx
on ves_store.x402_payment_intents (valid_until)
where status = 'sequenced';

insert into ves_store.transitions (machine, from_state, to_state)
values
('x402_payment_intents.status', '', 'sequenced'),
('x402_payment_intents.status', 'sequenced', 'batched'),
('x402_payment_intents.status', 'sequenced', 'expired'),
('x402_payment_intents.status', 'batched', 'settled'),
('x402_payment_intents.status', 'batched', 'failed');

comment on table ves_store.x402_payment_intents is
'Payment intents (x402 A6, A12), numbered 1..n without a gap per (tenant, store), apart from events. What the payer signed never changes.';
comment on column ves_store.x402_payment_intents.tenant_id is 'Tenant.';
comment on column ves_store.x402_payment_intents.store_id is 'Store.';
comment on column ves_store.x402_payment_intents.intent_id is 'Drawn by the database.';
comment on column ves_store.x402_payment_intents.sequence_number is 'Number among the intents of the stream, from 1.';
comment on column ves_store.x402_payment_intents.status is 'State of its life cycle (x402 A11).';
comment on column ves_store.x402_payment_intents.source_agent_id is 'Agent that submitted it.';
comment on column ves_store.x402_payment_intents.agent_key_id is 'Number of the agent''s key, unsigned 32 bits by bit pattern.';
comment on column ves_store.x402_payment_intents.payer_address is 'As sent (signed).';
comment on column ves_store.x402_payment_intents.payer_key is
'The payer by which nonces are counted: an address of 20 bytes in lower case with 0x, any other text as sent (x402 T5).';
comment on column ves_store.x402_payment_intents.payee_address is 'As sent (signed).';
comment on column ves_store.x402_payment_intents.amount is 'Smallest unit of the asset, 1 to 2^63-1 (signed).';
comment on column ves_store.x402_payment_intents.asset is 'Asset (signed).';
comment on column ves_store.x402_payment_intents.network is 'Network (signed).';
comment on column ves_store.x402_payment_intents.chain_id is 'Chain of the network (signed).';
comment on column ves_store.x402_payment_intents.token_address is 'Token of the asset when it was submitted; not signed.';
comment on column ves_store.x402_payment_intents.valid_until is 'Unix seconds, the last one included (signed).';
comment on column ves_store.x402_payment_intents.nonce is 'Unsigned 64 bits by bit pattern (signed).';
comment on column ves_store.x402_payment_intents.idempotency_key is 'Unique per stream, for ever.';
comment on column ves_store.x402_payment_intents.fingerprint is 'SHA-256 of the request; a repeat of the key must have the same.';
comment on column ves_store.x402_payment_intents.resource_uri is 'What is paid for.';
comment on column ves_store.x402_payment_intents.description is 'As sent.';
comment on column ves_store.x402_payment_intents.order_id is 'As sent.';
comment on column ves_store.x402_payment_intents.merchant_id is 'As sent.';
comment on column ves_store.x402_payment_intents.signing_hash is 'What the payer signed, 32 bytes (x402 A4).';
comment on column ves_store.x402_payment_intents.payer_signature is 'Ed25519, 64 bytes (x402 A5).';
comment on column ves_store.x402_payment_intents.payer_public_key is 'As sent, 32 bytes; null: the agent''s registered key was used.';
comment on column ves_store.x402_payment_intents.leaf_hash is 'Leaf in a batch tree, 32 bytes (x402 A9).';
comment on column ves_store.x402_payment_intents.record_hash is 'SHA-256 over what the leaf does not cover and never changes (ves_int.payment_record_hash); set by a trigger.';
comment on column ves_store.x402_payment_intents.settlement_contract is
'Contract in which the payer''s nonce was reserved when it was submitted; null: the intent cannot be settled on chain.';
comment on column ves_store.x402_payment_intents.batch_id is 'Its batch.';
comment on column ves_store.x402_payment_intents.tx_hash is 'Transaction that settled it, as it was reported.';
comment on column ves_store.x402_payment_intents.block_number is 'Block of that transaction.';
comment on column ves_store.x402_payment_intents.settled_at is 'When the settlement was recorded.';
comment on column ves_store.x402_payment_intents.failure is 'Why the payment failed on chain.';
comment on column ves_store.x402_payment_intents.metadata is 'JSON text as sent.';
comment on column ves_store.x402_payment_intents.created_at is 'When it was submitted.';
comment on column ves_store.x402_payment_intents.sequenced_at is 'When the number was given.';
comment on column ves_store.x402_payment_intents.updated_at is 'Last change.';

create table ves_store.x402_resources (
  tenant_id uuid not null,
  origin text not null,
  resource text not null,
  method text not null,
  x402_version integer not null,
  network text not null,
  payee_address text not null,
  item text not null,
  last_paid_at timestamptz not null,
  constraint x402_resources_pkey primary key (resource, method, tenant_id),
  constraint x402_resources_origin_tenant_id_fkey
  foreign key (origin, tenant_id) references ves_store.x402_origins (origin, tenant_id) on delete cascade,
  constraint resource_is_below_its_origin check (
    resource = origin or starts_with(resource, origin || '/')
  ),
  constraint method_is_of_http check (method ~ '^[A-Z]{3,6}$'),
  constraint version_is_1_or_2 check (x402_version in (1, 2)),
  constraint payee_address_is_an_address check (payee_address ~ '^0x[0-9a-f]{40}$'),
  constraint resource_texts_have_their_lengths check (
    octet_length(resource) <= 2048 and octet_length(network) <= 128 and octet_length(item) <= 8192
  )
);

create index x402_resources_origin_tenant_id_idx on ves_store.x402_resources (origin, tenant_id);
create index x402_resources_last_paid_idx on ves_store.x402_resources (last_paid_at);
create index x402_resources_tenant_idx on ves_store.x402_resources (tenant_id, last_paid_at);

comment on table ves_store.x402_resources is
'Paid resources that the facilitator lists (x402 B5): what their sellers declared discoverable, with the terms of the latest payment. At most 100 of a tenant; ves.record_paid_resource deletes the others, and those without a payment for 30 days.';
comment on column ves_store.x402_resources.tenant_id is 'Tenant of the credential that settled the payment.';
comment on column ves_store.x402_resources.origin is 'Origin that the tenant has listed.';
comment on column ves_store.x402_resources.resource is 'URL without query and fragment.';
comment on column ves_store.x402_resources.method is 'HTTP method.';
comment on column ves_store.x402_resources.x402_version is 'Version of the latest payment.';
comment on column ves_store.x402_resources.network is 'Network of the latest payment, in the spelling of its version.';
comment on column ves_store.x402_resources.payee_address is 'Payee of the latest payment, lower case.';
comment on column ves_store.x402_resources.item is 'The entry as JSON, without lastUpdated.';
comment on column ves_store.x402_resources.last_paid_at is 'Latest payment; up to a minute older while the entry stays the same.';

create table ves_store.x402_sequence_counters (
  tenant_id uuid not null,
  store_id uuid not null,
  current_sequence bigint not null default 0,
  updated_at timestamptz not null default now(),
  constraint x402_sequence_counters_pkey primary key (tenant_id, store_id),
  constraint current_sequence_is_not_negative check (current_sequence >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

comment on table ves_store.x402_sequence_counters is
'Highest number of the payment intents of each stream. Not a lock: submission holds the row of ves_sequence_counters.';
comment on column ves_store.x402_sequence_counters.tenant_id is 'Tenant.';
comment on column ves_store.x402_sequence_counters.store_id is 'Store.';
comment on column ves_store.x402_sequence_counters.current_sequence is 'Highest number given.';
comment on column ves_store.x402_sequence_counters.updated_at is 'Last change.';

create table ves_store.x402_settlement_items (
  tenant_id uuid not null,
  intent_id uuid not null,
  batch_id uuid not null,
  part integer not null,
  is_live boolean not null default true,
  constraint x402_settlement_items_pkey primary key (batch_id, part, intent_id, tenant_id),
  constraint x402_settlement_items_batch_id_part_tenant_id_fkey
  foreign key (batch_id, part, tenant_id) references ves_store.x402_settlements (batch_id, part, tenant_id)
);

create index x402_settlement_items_part_idx on ves_store.x402_settlement_items (batch_id, part, tenant_id);

create unique index x402_settlement_items_live_idx on ves_store.x402_settlement_items (intent_id, tenant_id)
where is_live;

comment on table ves_store.x402_settlement_items is
'Intents of each part of a batch. A unique index keeps an intent from being in two parts that could both pay it.';
comment on column ves_store.x402_settlement_items.tenant_id is 'Tenant.';
comment on column ves_store.x402_settlement_items.intent_id is 'Intent.';
comment on column ves_store.x402_settlement_items.batch_id is 'Batch.';
comment on column ves_store.x402_settlement_items.part is 'Part of the batch.';
comment on column ves_store.x402_settlement_items.is_live is 'Whether the part could still pay it, or has; false once the part failed.';

create table ves_store.x402_settlement_nonces (
  chain_id bigint not null,
  settlement_contract text not null,
  payer_address text not null,
  nonce bigint not null,
  tenant_id uuid not null,
  intent_id uuid not null,
  constraint x402_settlement_nonces_pkey primary key (payer_address, nonce, chain_id, settlement_contract)
);

comment on table ves_store.x402_settlement_nonces is
'Nonces reserved in a settlement contract, which uses each once per payer over all tenants and for ever (x402 T6): therefore the key without a tenant. Append-only.';
comment on column ves_store.x402_settlement_nonces.chain_id is 'Chain of the contract.';
comment on column ves_store.x402_settlement_nonces.settlement_contract is 'Contract, lower case.';
comment on column ves_store.x402_settlement_nonces.payer_address is 'Payer, lower case with 0x.';
comment on column ves_store.x402_settlement_nonces.nonce is 'Unsigned 64 bits by bit pattern.';
comment on column ves_store.x402_settlement_nonces.tenant_id is 'Tenant of the intent.';
comment on column ves_store.x402_settlement_nonces.intent_id is 'Intent that uses it.';

create table ves_store.x402_spending_limits (
  tenant_id uuid not null,
  agent_id uuid not null,
  asset text not null,
  max_amount bigint not null,
  period interval not null,
  spent bigint not null default 0,
  period_ends_at timestamptz not null default '-infinity',
  constraint x402_spending_limits_pkey primary key (agent_id, asset, tenant_id),
  constraint asset_is_a_known_one check (asset in ('usdc', 'usdt', 'ssusd', 'wssusd', 'dai', 'eth')),
  constraint max_amount_is_not_negative check (max_amount >= 0),
  constraint spent_is_not_negative check (spent >= 0),
  constraint period_is_1_minute_to_1_year check (period between interval '1 minute' and interval '1 year')
);

create index x402_spending_limits_tenant_idx on ves_store.x402_spending_limits (tenant_id);

comment on table ves_store.x402_spending_limits is
'What an agent, or a whole tenant (nil agent), may have accepted of an asset within a period. No row: no limit.';
comment on column ves_store.x402_spending_limits.tenant_id is 'Tenant.';
comment on column ves_store.x402_spending_limits.agent_id is 'Agent; nil for the tenant as a whole.';
comment on column ves_store.x402_spending_limits.asset is 'Asset, on all networks together.';
comment on column ves_store.x402_spending_limits.max_amount is 'Most in one period, in the smallest unit.';
comment on column ves_store.x402_spending_limits.period is 'Length of a period.';
comment on column ves_store.x402_spending_limits.spent is 'Accepted in the running period, whatever became of it.';
comment on column ves_store.x402_spending_limits.period_ends_at is 'When the running period ends; the next one begins with the next payment.';

create table ves_store.x402_status_log (
  entry_id bigint generated always as identity,
  tenant_id uuid not null,
  store_id uuid not null,
  subject text not null,
  subject_id uuid not null,
  from_status text not null,
  to_status text not null,
  reason text,
  logged_at timestamptz not null default clock_timestamp(),
  constraint x402_status_log_pkey primary key (subject_id, entry_id, tenant_id),
  constraint subject_is_intent_or_batch check (subject in ('intent', 'batch'))
);

comment on table ves_store.x402_status_log is 'Every change of state of payment intents and batches, written by a trigger (x402 A11). Append-only.';
comment on column ves_store.x402_status_log.entry_id is 'Order of the entries of one subject.';
comment on column ves_store.x402_status_log.tenant_id is 'Tenant.';
comment on column ves_store.x402_status_log.store_id is 'Store.';
comment on column ves_store.x402_status_log.subject is 'What changed.';
comment on column ves_store.x402_status_log.subject_id is 'Its id.';
comment on column ves_store.x402_status_log.from_status is 'State before; empty: it is new.';
comment on column ves_store.x402_status_log.to_status is 'State after.';
comment on column ves_store.x402_status_log.reason is 'Why a payment failed, or the transaction that was recorded.';
comment on column ves_store.x402_status_log.logged_at is 'When.';

create table ves_store.x402_tokens (
  network text not null,
  asset text not null,
  token_address text not null,
  constraint x402_tokens_pkey primary key (network, asset),
  constraint x402_tokens_network_fkey foreign key (network) references ves_store.x402_networks (network),
  constraint asset_is_a_known_one check (asset in ('usdc', 'usdt', 'ssusd', 'wssusd', 'dai', 'eth'))
);

insert into ves_store.x402_tokens (network, asset, token_address)
values
('set_chain', 'usdc', '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913'),
('set_chain', 'ssusd', '0x0000000000000000000000000000000000001001'),
('arc', 'usdc', '0x3600000000000000000000000000000000000000'),
('arc_testnet', 'usdc', '0x3600000000000000000000000000000000000000'),
('base', 'usdc', '0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913'),
('ethereum', 'usdc', '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'),
('ethereum', 'usdt', '0xdAC17F958D2ee523a2206206994597C13D831ec7'),
('ethereum', 'dai', '0x6B175474E89094C44Da98b954Ee4606eB48');

comment on table ves_store.x402_tokens is
'Token of each asset and network (x402 A3). The address of DAI is the original''s, which has 35 digits: an intent of it is sequenced but not settleable until ves.set_payment_token corrects it (x402 T10).';
comment on column ves_store.x402_tokens.network is 'The network.';
comment on column ves_store.x402_tokens.asset is 'The asset.';
comment on column ves_store.x402_tokens.token_address is 'Address in the spelling that answers show; never hashed.';
