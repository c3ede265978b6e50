create or replace function ves.get_receipt(tenant_id uuid, event_id uuid)
returns jsonb
language sql
stable
security definer
set search_path to ''
as $$
  select ves_int.receipt_json(e, r.sequencer_signature)
  from ves_store.ves_events as e
  left join ves_store.ves_sequencer_receipts as r
    on r.tenant_id = e.tenant_id and r.store_id = e.store_id and r.sequence_number = e.sequence_number
  where e.event_id = get_receipt.event_id and e.tenant_id = get_receipt.tenant_id;
$$;

comment on function ves.get_receipt(uuid, uuid) is
'Receipt of one event in the wire form (VES 11), null when the event is unknown. sequencerSignature is null until the signature is stored.';
