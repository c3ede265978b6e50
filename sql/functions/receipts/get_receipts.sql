create or replace function ves.get_receipts(
  tenant_id uuid, store_id uuid, from_sequence bigint, to_sequence bigint
)
returns table (sequence_number bigint, event_id uuid, event_signing_hash bytea, receipt jsonb)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select d.sequence_number, d.event_id, d.event_signing_hash, d.receipt
  from ves_int.receipt_documents as d
  where d.tenant_id = get_receipts.tenant_id and d.store_id = get_receipts.store_id
    and d.sequence_number between from_sequence and least(to_sequence, least(from_sequence, 9223372036854765808) + 9999)
  order by d.sequence_number;
$$;

comment on function ves.get_receipts(uuid, uuid, bigint, bigint) is
'Receipts of a range, at most 10,000, in the wire form (VES 11). sequencerSignature is null until the signature is stored.';
