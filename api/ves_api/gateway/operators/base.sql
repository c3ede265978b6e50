-- Every statement that the command line sends: an operator's calls, one database function each.

-- name: list_streams
-- Streams with their heads, in the order of tenant and store.
select
  stream.tenant_id,
  stream.store_id,
  stream.head_sequence,
  stream.committed_to
from ves.list_streams(tenant_id => %(tenant_id)s, store_id => %(store_id)s) as stream
order by stream.tenant_id, stream.store_id;

-- name: verify_stream
-- Recompute everything of a stream; one row a finding, none when it is clean.
select
  finding.check_name,
  finding.sequence_number,
  finding.batch_id,
  finding.finding
from ves.verify_stream(tenant_id => %(tenant_id)s, store_id => %(store_id)s) as finding;

-- name: commit_next
-- Commit the next range of a stream; no row when nothing is left to commit.
select
  commitment.batch_id,
  commitment.leaf_count,
  commitment.sequence_start,
  commitment.sequence_end,
  commitment.merkle_root,
  commitment.new_state_root
from ves.commit_next(
  tenant_id => %(tenant_id)s,
  store_id => %(store_id)s,
  max_events => %(max_events)s
) as commitment
where commitment.batch_id is not null;

-- name: create_api_key
-- Store the hash of a new API key with what it may do.
select ves.create_api_key(
  key_hash => %(key_hash)s,
  tenant_id => %(tenant_id)s,
  store_ids => %(store_ids)s,
  agent_id => %(agent_id)s,
  can_read => %(can_read)s,
  can_write => %(can_write)s,
  can_admin => %(can_admin)s,
  rate_limit => %(rate_limit)s,
  context => %(context)s::jsonb
);

-- name: update_api_key
-- Change what the tenant's first active key with this hash prefix may do; the key, or null.
select
  ves.update_api_key(
    key_hash_prefix => %(key_hash_prefix)s,
    tenant_id => %(tenant_id)s,
    store_ids => %(store_ids)s::uuid[],
    can_read => %(can_read)s::boolean,
    can_write => %(can_write)s::boolean,
    can_admin => %(can_admin)s::boolean,
    rate_limit => %(rate_limit)s::integer,
    context => %(context)s::jsonb
  ) as updated;

-- name: list_api_keys
-- API keys of a tenant, without anything that could be used as one.
select
  api_key.key_hash_prefix,
  api_key.store_ids,
  api_key.agent_id,
  api_key.can_read,
  api_key.can_write,
  api_key.can_admin,
  api_key.active,
  api_key.rate_limit,
  api_key.created_at
from ves.list_api_keys(tenant_id => %(tenant_id)s) as api_key;

-- name: revoke_api_key
-- Revoke the keys whose hash starts with a prefix; the number of keys revoked.
select
  ves.revoke_api_key(
    key_hash_prefix => %(key_hash_prefix)s, tenant_id => %(tenant_id)s, context => %(context)s::jsonb
  ) as revoked;

-- name: register_agent_key
-- Register an Ed25519 agent key without a window.
select ves.register_agent_key(
  tenant_id => %(tenant_id)s,
  agent_id => %(agent_id)s,
  key_id => %(key_id)s,
  public_key => %(public_key)s,
  key_algorithm => 1::smallint,
  public_key_bundle => null,
  valid_from => null,
  valid_to => null,
  context => %(context)s::jsonb
);

-- name: list_agent_keys
-- Keys of an agent, by key number.
select agent_key.*
from ves.list_agent_keys(tenant_id => %(tenant_id)s, agent_id => %(agent_id)s) as agent_key;

-- name: revoke_agent_key
-- Revoke an agent's key from now on.
select
  ves.revoke_agent_key(
    tenant_id => %(tenant_id)s, agent_id => %(agent_id)s, key_id => %(key_id)s, context => %(context)s::jsonb
  );

-- name: register_unsigned_signer
-- A sequencer that signs nothing: enough for a scratch database.
select
  ves.register_signer(
    sequencer_id => %(sequencer_id)s, key_version => 0, algorithm => 'none', public_key => null
  ) as signer_id;

-- name: list_signers
-- Sequencers and the public keys that their receipts verify under.
select
  signer.signer_id,
  signer.sequencer_id,
  signer.key_version,
  signer.algorithm,
  signer.public_key
from ves.signers as signer
order by signer.signer_id;

-- name: ingest_signed_events
-- Append signed events as a trusted service does: signatures are verified in the database.
select ves.ingest_signed_events(%(request)s::jsonb) as answer;

-- name: verify_compliance_proof
-- The verdict of the database on a stored compliance proof of any tenant.
select
  verdict.stark_valid,
  verdict.stark_error,
  verdict.amount_binding,
  verdict.strength,
  verdict.valid,
  verdict.reason
from ves.verify_compliance_proof(proof_id => %(proof_id)s) as verdict;
