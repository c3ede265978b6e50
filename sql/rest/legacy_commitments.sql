create or replace view rest.legacy_commitments with (security_barrier) as
select
  c.tenant_id, c.store_id, c.batch_id, encode(c.events_root, 'hex') as events_root,
  encode(c.prev_state_root, 'hex') as prev_state_root, encode(c.new_state_root, 'hex') as new_state_root,
  c.event_count, c.sequence_start, c.sequence_end, c.committed_at,
  encode(c.chain_tx_hash, 'hex') as chain_tx_hash, c.anchored_at
from ves_int.legacy_commitments as c
where
  c.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(c.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.legacy_commitments is 'Legacy commitments of the token''s tenant with their anchoring state, roots as bare hex.';
