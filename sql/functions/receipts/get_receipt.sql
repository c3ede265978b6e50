create or replace function ves.get_receipt(tenant_id uuid, event_id uuid)
returns jsonb
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select d.receipt
  from ves_int.receipt_documents as d
  where d.event_id = get_receipt.event_id and d.tenant_id = get_receipt.tenant_id;
$$;

comment on function ves.get_receipt(uuid, uuid) is
'Receipt of one event in the wire form (VES 11), null when the event is unknown. sequencerSignature is null until the signature is stored.';
