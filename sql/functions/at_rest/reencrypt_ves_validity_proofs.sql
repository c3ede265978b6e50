-- As ves_int.reencrypt_ves_events: the scan locks nothing, rows that are to change are re-read under their
-- lock.
create or replace function ves.reencrypt_ves_validity_proofs(
  tenant_id uuid default null, store_id uuid default null, batch_size integer default 200,
  cursor jsonb default null, dry_run boolean default false, force boolean default false,
  context jsonb default null
)
returns ves.reencrypt_step
language plpgsql
volatile
security definer
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
  perform ves_int.require_crypto();
  if batch_size is null or batch_size not between 1 and 10000 then
    perform ves_int.raise_error('invalid_field', '{"field": "batch_size"}', 'batch_size must be 1 to 10000');
  end if;
  select
    count(*) as scanned, array_agg(e.tenant_id) as tenant_ids, array_agg(e.proof_id) as proof_ids,
    array_agg(e.proof_key_id) as key_ids
  into v_scan
  from (
    select p.tenant_id, p.proof_id, p.proof_key_id
    from ves_store.ves_validity_proofs as p
    where (p.proof_id, p.tenant_id) > (
        coalesce((cursor ->> 'proof_id')::uuid, v_nil), coalesce((cursor ->> 'tenant_id')::uuid, v_nil))
      and (reencrypt_ves_validity_proofs.tenant_id is null or p.tenant_id = reencrypt_ves_validity_proofs.tenant_id)
      and (reencrypt_ves_validity_proofs.store_id is null or p.store_id = reencrypt_ves_validity_proofs.store_id)
    order by p.proof_id, p.tenant_id
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
      'proof_id', v_scan.proof_ids[batch_size], 'tenant_id', v_scan.tenant_ids[batch_size]);
  end if;
  select array_agg(g.tenant_id) as tenant_ids, array_agg(g.proof_id) as proof_ids, count(*) as needed
  into v_rows
  from unnest(v_scan.tenant_ids, v_scan.proof_ids, v_scan.key_ids, ves_int.current_key_ids(v_scan.tenant_ids))
    as g (tenant_id, proof_id, key_id, current_key_id)
  where force or g.key_id is distinct from g.current_key_id;
  v_step.skipped_current_key := v_scan.scanned - v_rows.needed;
  if dry_run or v_rows.needed = 0 then
    v_step.updated := v_rows.needed;
    return v_step;
  end if;
  select
    array_agg(e.tenant_id) as tenant_ids, array_agg(e.proof_id) as proof_ids, array_agg(ves_int.at_rest_validity_aad(
      e.tenant_id, e.store_id, e.batch_id, e.proof_id, e.proof_version, e.proof_type, e.proof_hash)) as aads,
    array_agg(e.proof) as stored, array_agg(e.proof_key_id) as key_ids, array_agg(e.proof_hash) as hashes
  into v_rows
  from (
    select p.*
    from unnest(v_rows.tenant_ids, v_rows.proof_ids) as g (tenant_id, proof_id)
    join ves_store.ves_validity_proofs as p on p.proof_id = g.proof_id and p.tenant_id = g.tenant_id
    for no key update of p skip locked
  ) as e;
  if v_rows.proof_ids is not null then
    select * into v_sealed from ves_int.reseal_at_rest(
      'validity', v_rows.tenant_ids, v_rows.aads, v_rows.stored, v_rows.key_ids, v_rows.hashes);
    insert into ves_store.reencryptions values (pg_current_xact_id());
    update ves_store.ves_validity_proofs as p
    set proof = g.blob, proof_key_id = g.key_id
    from unnest(v_rows.tenant_ids, v_rows.proof_ids, v_sealed.blobs, v_sealed.new_key_ids)
      as g (tenant_id, proof_id, blob, key_id)
    where p.proof_id = g.proof_id and p.tenant_id = g.tenant_id;
    get diagnostics v_step.updated = row_count;
    delete from ves_store.reencryptions as r where r.transaction_id = pg_current_xact_id();
  end if;
  perform ves_int.audit_reencryption('validity_proofs', reencrypt_ves_validity_proofs.tenant_id, v_step, dry_run, context);
  return v_step;
end
$$;

comment on function ves.reencrypt_ves_validity_proofs(uuid, uuid, integer, jsonb, boolean, boolean, jsonb) is
'Re-encrypts one batch of stored validity proofs under the current keys of the server''s key ring (VES 16); all tenants, one, or one store. Rows under the current key are skipped unless force; rows in plaintext are encrypted; rows that another transaction holds are left for the next run. Content that does not open or does not match its hash stops the batch (nothing of it is changed). Each call is one transaction: after a kill start again without a cursor. Errors: VE007 batch_size, VE204 in core mode, VE510, VE511 no key, VE512.';
