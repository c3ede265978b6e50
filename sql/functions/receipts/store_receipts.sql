create or replace function ves.store_receipts(
  tenant_id uuid, store_id uuid, sequence_numbers bigint[], receipt_hashes bytea, signatures bytea
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_count constant integer := cardinality(sequence_numbers);
  v_prefix constant bytea := 'VES_RECEIPT_V1'::bytea || uuid_send(tenant_id) || uuid_send(store_id);
  v_stored bigint;
  v_wrong bigint;
begin
  if octet_length(receipt_hashes) <> 32 * v_count
    or (signatures is not null and octet_length(signatures) <> 64 * v_count) then
    perform ves_int.raise_error('array_shape');
  end if;
  -- The hash must be that of the event with this number: nobody can put another one in its place.
  with given as (
    select
      g.sequence_number,
      substring(receipt_hashes from (32 * g.ord - 31)::integer for 32) as receipt_hash,
      substring(signatures from (64 * g.ord - 63)::integer for 64) as signature,
      (
        select sha256(
          v_prefix || uuid_send(e.event_id) || int8send(e.sequence_number) || e.event_signing_hash
        )
        from ves_store.ves_events as e
        where e.tenant_id = store_receipts.tenant_id and e.store_id = store_receipts.store_id
          and e.sequence_number = g.sequence_number
        limit 1
      ) as wanted_hash
    from unnest(sequence_numbers) with ordinality as g (sequence_number, ord)
  ),
  stored as (
    insert into ves_store.ves_sequencer_receipts (
      tenant_id, store_id, sequence_number, receipt_hash, sequencer_signature
    )
    select store_receipts.tenant_id, store_receipts.store_id, g.sequence_number, g.receipt_hash, g.signature
    from given as g
    where g.receipt_hash = g.wanted_hash
    on conflict do nothing
    returning 1
  )
  select
    (select count(*) from stored),
    (select min(g.sequence_number) from given as g where g.receipt_hash is distinct from g.wanted_hash)
  into v_stored, v_wrong;
  if v_wrong is not null then
    perform ves_int.raise_error('receipt_conflict', jsonb_build_object('sequence_number', v_wrong));
  end if;
  return v_stored;
end
$$;

comment on function ves.store_receipts(uuid, uuid, bigint[], bytea, bytea) is
'Stores signatures of receipts after their events were committed: 32 and 64 bytes a number; signatures null for an unsigned signer. The first one stored stays. Answers how many were new. Errors: VE207 a hash is not that of the event with this number, VE502.';
