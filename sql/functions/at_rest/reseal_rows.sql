-- Only rows that are to change are locked, and re-read under the lock.
-- Locks (sql/README.md): rows of events or proofs, skipping locked ones.
create or replace function ves_int.reseal_rows(kind text, keys_1 uuid[], keys_2 uuid[], keys_3 bigint[])
returns bigint
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_view constant text := 'encrypted_' || reseal_rows.kind;
  v_tenant_ids uuid[];
  v_keys_1 uuid[];
  v_keys_2 uuid[];
  v_keys_3 bigint[];
  v_aads bytea[];
  v_stored bytea[];
  v_key_ids bytea[];
  v_hashes bytea[];
  v_ciphertexts bytea[];
  v_updated bigint;
begin
  execute format(
    'select array_agg(s.tenant_id), array_agg(s.key_1), array_agg(s.key_2), array_agg(s.key_3),'
    ' array_agg(s.aad), array_agg(s.stored), array_agg(s.key_id), array_agg(s.hash) from ('
    ' select v.* from unnest($1, $2, $3) as g (key_1, key_2, key_3)'
    ' join ves_int.%I as v on v.key_1 = g.key_1 and v.key_2 = g.key_2 and v.key_3 = g.key_3'
    ' for no key update of v skip locked) as s', v_view)
  into v_tenant_ids, v_keys_1, v_keys_2, v_keys_3, v_aads, v_stored, v_key_ids, v_hashes
  using reseal_rows.keys_1, reseal_rows.keys_2, reseal_rows.keys_3;
  if v_keys_1 is null then
    return 0::bigint;
  end if;
  select r.blobs, r.new_key_ids into v_ciphertexts, v_key_ids
  from ves_int.reseal_at_rest(reseal_rows.kind, v_tenant_ids, v_aads, v_stored, v_key_ids, v_hashes) as r;
  insert into ves_store.reencryptions values (pg_current_xact_id());
  execute format(
    'update ves_int.%I as v set ciphertext = g.ciphertext, key_id = g.key_id%s'
    ' from unnest($1, $2, $3, $4, $5) as g (key_1, key_2, key_3, ciphertext, key_id)'
    ' where v.key_1 = g.key_1 and v.key_2 = g.key_2 and v.key_3 = g.key_3',
    v_view, case when reseal_rows.kind in ('ves', 'legacy') then ', plaintext = null' end)
  using v_keys_1, v_keys_2, v_keys_3, v_ciphertexts, v_key_ids;
  get diagnostics v_updated = row_count;
  delete from ves_store.reencryptions as r where r.transaction_id = pg_current_xact_id();
  return v_updated;
end
$$;

comment on function ves_int.reseal_rows(text, uuid[], uuid[], bigint[]) is
'Re-encrypts rows of the view ves_int.encrypted_<kind>, named by their keys, under the current keys of their tenants (VES 16); how many. Rows that another transaction holds are left as they are. Errors: VE510, VE511, VE512.';
