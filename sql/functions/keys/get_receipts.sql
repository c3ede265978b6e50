create or replace function ves.get_receipts(tenant_id uuid, store_id uuid, from_sequence bigint, to_sequence bigint)
returns table (sequence_number bigint, event_id uuid, event_signing_hash bytea, receipt jsonb)
language sql
stable
security definer
set search_path to ''
as $$
  select e.sequence_number, e.event_id, e.event_signing_hash, ves_int.receipt_json(e, r.sequencer_signature)
  from ves_store.ves_events as e
  left join ves_store.ves_sequencer_receipts as r
    on r.tenant_id = e.tenant_id and r.store_id = e.store_id and r.sequence_number = e.sequence_number
  where e.tenant_id = get_receipts.tenant_id and e.store_id = get_receipts.store_id
    and e.sequence_number between from_sequence and least(to_sequence, from_sequence + 9999)
  order by e.sequence_number;
$$;

comment on function ves.get_receipts(uuid, uuid, bigint, bigint) is
'Receipts of a range, at most 10,000, in the wire form (VES 11). sequencerSignature is null until the signature is stored.';
