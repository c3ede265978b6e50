create or replace function ves.store_receipts(
  tenant_id uuid, store_id uuid, sequence_numbers bigint[], receipt_hashes bytea, signatures bytea
)
returns bigint
language plpgsql
volatile
security definer
set search_path to ''
as $$
#variable_conflict use_column
declare
  v_count constant integer := cardinality(sequence_numbers);
  v_stored bigint;
begin
  if octet_length(receipt_hashes) <> 32 * v_count
    or (signatures is not null and octet_length(signatures) <> 64 * v_count) then
    perform ves_int.raise_error('array_shape');
  end if;
  insert into ves_store.ves_sequencer_receipts (
    tenant_id, store_id, sequence_number, receipt_hash, sequencer_signature
  )
  select
    store_receipts.tenant_id, store_receipts.store_id, g.sequence_number,
    substring(receipt_hashes from (32 * g.ord - 31)::integer for 32),
    substring(signatures from (64 * g.ord - 63)::integer for 64)
  from unnest(sequence_numbers) with ordinality as g (sequence_number, ord)
  on conflict do nothing;
  get diagnostics v_stored = row_count;
  return v_stored;
end
$$;

comment on function ves.store_receipts(uuid, uuid, bigint[], bytea, bytea) is
'Stores signatures of receipts after their events were committed: 32 and 64 bytes a number; signatures null for an unsigned signer. The first one stored stays. Answers how many were new.';
