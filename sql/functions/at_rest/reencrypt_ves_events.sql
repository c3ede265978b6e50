-- The scan locks nothing; only rows that are to change are locked, and re-read under the lock.
create or replace function ves_int.reencrypt_ves_events(
  tenant_id uuid, store_id uuid, batch_size integer, cursor jsonb, dry_run boolean, force boolean
)
returns ves.reencrypt_step
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
  v_step ves.reencrypt_step;
  v_scan record;
  v_rows record;
  v_sealed record;
begin
  select
    count(*) as scanned,
    array_agg(e.tenant_id) as tenant_ids, array_agg(e.store_id) as store_ids,
    array_agg(e.sequence_number) as numbers, array_agg(e.payload_key_id) as key_ids
  into v_scan
  from (
    select v.tenant_id, v.store_id, v.sequence_number, v.payload_key_id
    from ves_store.ves_events as v
    where (v.tenant_id, v.store_id, v.sequence_number) > (
        coalesce((cursor ->> 'tenant_id')::uuid, reencrypt_ves_events.tenant_id, v_nil),
        coalesce((cursor ->> 'store_id')::uuid, v_nil), coalesce((cursor ->> 'sequence_number')::bigint, 0))
      and (reencrypt_ves_events.tenant_id is null or v.tenant_id = reencrypt_ves_events.tenant_id)
      and (reencrypt_ves_events.store_id is null or v.store_id = reencrypt_ves_events.store_id)
      and v.payload_kind = 0 and v.shredded_at is null
    order by v.tenant_id, v.store_id, v.sequence_number
    limit batch_size
  ) as e;
  v_step.scanned := v_scan.scanned;
  v_step.updated := 0::bigint;
  v_step.skipped_current_key := 0::bigint;
  if v_scan.scanned = 0 then
    return v_step;
  end if;
  if v_scan.scanned = batch_size then
    v_step.next_cursor := jsonb_build_object(
      'stream', 'ves', 'tenant_id', v_scan.tenant_ids[batch_size], 'store_id', v_scan.store_ids[batch_size],
      'sequence_number', v_scan.numbers[batch_size]);
  end if;
  select
    array_agg(g.tenant_id) as tenant_ids, array_agg(g.store_id) as store_ids, array_agg(g.number) as numbers,
    count(*) as needed
  into v_rows
  from unnest(
    v_scan.tenant_ids, v_scan.store_ids, v_scan.numbers, v_scan.key_ids, ves_int.current_key_ids(v_scan.tenant_ids)
  ) as g (tenant_id, store_id, number, key_id, current_key_id)
  where force or g.key_id is distinct from g.current_key_id;
  v_step.skipped_current_key := v_scan.scanned - v_rows.needed;
  if dry_run or v_rows.needed = 0 then
    v_step.updated := v_rows.needed;
    return v_step;
  end if;
  select
    array_agg(e.tenant_id) as tenant_ids, array_agg(e.store_id) as store_ids,
    array_agg(e.sequence_number) as numbers, array_agg(ves_int.at_rest_ves_payload_aad(
      e.tenant_id, e.store_id, e.event_id, e.event_signing_hash)) as aads,
    array_agg(coalesce(e.payload_at_rest, convert_to(e.payload::text, 'UTF8'))) as stored,
    array_agg(e.payload_key_id) as key_ids, array_agg(e.payload_plain_hash) as hashes
  into v_rows
  from (
    select v.*
    from unnest(v_rows.tenant_ids, v_rows.store_ids, v_rows.numbers) as g (tenant_id, store_id, number)
    join ves_store.ves_events as v
      on v.tenant_id = g.tenant_id and v.store_id = g.store_id and v.sequence_number = g.number
    where v.shredded_at is null
    for no key update of v skip locked
  ) as e;
  if v_rows.numbers is not null then
    select * into v_sealed from ves_int.reseal_at_rest(
      'ves', v_rows.tenant_ids, v_rows.aads, v_rows.stored, v_rows.key_ids, v_rows.hashes);
    insert into ves_store.reencryptions values (pg_current_xact_id());
    update ves_store.ves_events as v
    set payload = null, payload_at_rest = g.blob, payload_key_id = g.key_id
    from unnest(v_rows.tenant_ids, v_rows.store_ids, v_rows.numbers, v_sealed.blobs, v_sealed.new_key_ids)
      as g (tenant_id, store_id, number, blob, key_id)
    where v.tenant_id = g.tenant_id and v.store_id = g.store_id and v.sequence_number = g.number;
    get diagnostics v_step.updated = row_count;
    delete from ves_store.reencryptions as r where r.transaction_id = pg_current_xact_id();
  end if;
  return v_step;
end
$$;

comment on function ves_int.reencrypt_ves_events(uuid, uuid, integer, jsonb, boolean, boolean) is
'One batch of ves.reencrypt_events over the VES stream.';
