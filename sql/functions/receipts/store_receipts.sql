-- Rows are inserted in the order of the key, so that two calls with the same receipts wait for each other,
-- never in a circle. Sequential scans are off for the reason that ves.ingest_events gives.
create or replace function ves.store_receipts(
  tenant_ids uuid[], store_ids uuid[], sequence_numbers bigint[], receipt_hashes bytea, signatures bytea
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_count constant integer := cardinality(sequence_numbers);
  v_stored bigint;
  v_wrong bigint;
begin
  if cardinality(tenant_ids) <> v_count or cardinality(store_ids) <> v_count
    or octet_length(receipt_hashes) <> 32 * v_count
    or (signatures is not null and octet_length(signatures) <> 64 * v_count)
  then
    perform ves_int.raise_error('array_shape');
  end if;
  -- The hash stored is that of the event. The one sent says what was signed: after a failover that lost commits
  -- a number may belong to another event, and the first signature stored stays.
  with given as (
    select
      g.tenant_id,
      g.store_id,
      g.sequence_number,
      substring(receipt_hashes from (32 * g.ord - 31)::integer for 32) as receipt_hash,
      substring(signatures from (64 * g.ord - 63)::integer for 64) as signature,
      (
        select sha256(
          'VES_RECEIPT_V1'::bytea || uuid_send(e.tenant_id) || uuid_send(e.store_id) || uuid_send(e.event_id)
          || int8send(e.sequence_number) || e.event_signing_hash
        )
        from ves_store.ves_events as e
        where e.tenant_id = g.tenant_id and e.store_id = g.store_id and e.sequence_number = g.sequence_number
        limit 1
      ) as wanted_hash
    from unnest(tenant_ids, store_ids, sequence_numbers)
      with ordinality as g (tenant_id, store_id, sequence_number, ord)
  ),
  stored as (
    insert into ves_store.ves_sequencer_receipts (
      tenant_id, store_id, sequence_number, receipt_hash, sequencer_signature
    )
    select g.tenant_id, g.store_id, g.sequence_number, g.wanted_hash, g.signature
    from given as g
    where g.receipt_hash = g.wanted_hash
    order by g.tenant_id, g.store_id, g.sequence_number
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

comment on function ves.store_receipts(uuid[], uuid[], bigint[], bytea, bytea) is
'Stores signatures of receipts (VES 11) of any streams after their events were committed: parallel arrays of tenants, stores and numbers, 32 and 64 bytes a number; signatures null for an unsigned signer. The first one stored stays. Answers how many were new. Errors: VE207 a hash is not that of the event with this number (nothing is stored), VE502.';
