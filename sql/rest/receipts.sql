create or replace view rest.receipts with (security_barrier) as
select
  r.tenant_id, r.store_id, r.sequence_number, r.event_id, r.sequencer_id, r.sequenced_at,
  encode(r.receipt_hash, 'hex') as receipt_hash, encode(r.sequencer_signature, 'hex') as sequencer_signature,
  r.sequencer_key_version, r.receipt_signature_scheme
from ves.sequencer_receipts as r
where
  r.tenant_id = (select ves_int.claimed_tenant('read'))
  and coalesce(r.store_id = any((select ves_int.claimed_stores())::uuid[]), true);

comment on view rest.receipts is 'Stored receipts of the token''s tenant (VES 11), hashes and signatures as bare hex.';
