-- One batch over a view ves_int.encrypted_<kind>; a further encrypted table is one more view. The scan locks
-- nothing.
-- Locks (sql/README.md): those of ves_int.reseal_rows, then 7.
create or replace function ves_int.reencrypt(
  kind text, audited_as text, tenant_id uuid, store_id uuid, batch_size integer, cursor jsonb,
  dry_run boolean, force boolean, context jsonb
)
returns ves.reencrypt_step
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_view constant text := 'encrypted_' || reencrypt.kind;
  v_step ves.reencrypt_step;
  v_needed bigint;
  v_tenant_ids uuid[];
  v_keys_1 uuid[];
  v_keys_2 uuid[];
  v_keys_3 bigint[];
  v_key_ids bytea[];
begin
  perform ves_int.require_crypto();
  if batch_size is null or batch_size not between 1 and 10000 then
    perform ves_int.raise_error('invalid_field', '{"field": "batch_size"}', 'batch_size must be 1 to 10000');
  end if;
  execute format(
    'select count(*), array_agg(s.tenant_id), array_agg(s.key_1), array_agg(s.key_2), array_agg(s.key_3),'
    ' array_agg(s.key_id) from ('
    ' select v.tenant_id, v.key_1, v.key_2, v.key_3, v.key_id from ves_int.%I as v'
    ' where ($1 is null or (v.key_1, v.key_2, v.key_3) > ($1, $2, $3))'
    ' and ($4 is null or v.tenant_id = $4) and ($5 is null or v.store_id = $5)'
    ' order by v.key_1, v.key_2, v.key_3 limit $6) as s', v_view)
  into v_step.scanned, v_tenant_ids, v_keys_1, v_keys_2, v_keys_3, v_key_ids
  using (cursor ->> 'key_1')::uuid, (cursor ->> 'key_2')::uuid, (cursor ->> 'key_3')::bigint,
    reencrypt.tenant_id, reencrypt.store_id, batch_size;
  v_step.updated := 0::bigint;
  v_step.skipped_current_key := 0::bigint;
  if v_step.scanned = 0 then
    return v_step;
  end if;
  if v_step.scanned = batch_size then
    v_step.next_cursor := jsonb_build_object(
      'key_1', v_keys_1[batch_size], 'key_2', v_keys_2[batch_size], 'key_3', v_keys_3[batch_size]);
  end if;

  select count(*), array_agg(g.key_1), array_agg(g.key_2), array_agg(g.key_3)
  into v_needed, v_keys_1, v_keys_2, v_keys_3
  from unnest(v_keys_1, v_keys_2, v_keys_3, v_key_ids, ves_int.current_key_ids(v_tenant_ids))
    as g (key_1, key_2, key_3, key_id, current_key_id)
  where force or g.key_id is distinct from g.current_key_id;
  v_step.skipped_current_key := v_step.scanned - v_needed;
  if dry_run or v_needed = 0 then
    v_step.updated := v_needed;
    return v_step;
  end if;

  v_step.updated := ves_int.reseal_rows(reencrypt.kind, v_keys_1, v_keys_2, v_keys_3);
  if v_step.updated > 0 then
    perform ves_int.audit(
      'custom:reencrypted', reencrypt.tenant_id, reencrypt.audited_as, null,
      jsonb_build_object(
        'scanned', v_step.scanned, 'updated', v_step.updated, 'skipped_current_key', v_step.skipped_current_key),
      reencrypt.context);
  end if;
  return v_step;
end
$$;

comment on function ves_int.reencrypt(text, text, uuid, uuid, integer, jsonb, boolean, boolean, jsonb) is
'One batch of the re-encryption of a kind of stored content (ves, legacy, compliance, validity) under the current keys of the server''s key ring (VES 16), with its audit entry. Errors: VE007 batch_size, VE204 in core mode, VE510, VE511 no key, VE512.';
