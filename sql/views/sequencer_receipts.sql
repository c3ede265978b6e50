create or replace view ves.sequencer_receipts as
select
  e.tenant_id, e.store_id, e.sequence_number, e.event_id, s.sequencer_id, e.sequenced_at,
  r.receipt_hash, r.sequencer_signature, s.key_version as sequencer_key_version,
  case when s.algorithm = 'ed25519' then 1 else 0 end as receipt_signature_scheme
from ves_store.ves_sequencer_receipts as r
inner join ves_store.ves_events as e
  on r.tenant_id = e.tenant_id and r.store_id = e.store_id and r.sequence_number = e.sequence_number
inner join ves_store.signers as s on e.signer_id = s.signer_id;

comment on view ves.sequencer_receipts is 'Stored receipts with all their members (VES 11).';
