create or replace function ves.reencrypt_ves_validity_proofs(
  tenant_id uuid default null, store_id uuid default null, batch_size integer default 200,
  cursor jsonb default null, dry_run boolean default false, force boolean default false,
  context jsonb default null
)
returns ves.reencrypt_step
language sql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
  select ves_int.reencrypt(
    'validity', 'validity_proofs', reencrypt_ves_validity_proofs.tenant_id, reencrypt_ves_validity_proofs.store_id, batch_size,
    cursor, dry_run, force, context);
$$;

comment on function ves.reencrypt_ves_validity_proofs(uuid, uuid, integer, jsonb, boolean, boolean, jsonb) is
'Re-encrypts one batch of stored validity proofs under the current keys of the server''s key ring (VES 16); all tenants, one, or one store. Rows under the current key are skipped unless force; rows in plaintext are encrypted; rows that another transaction holds are left for the next run. Content that does not open or does not match its hash stops the batch (nothing of it is changed). Each call is one transaction: after a kill start again without a cursor. Errors: VE007 batch_size, VE204 in core mode, VE510, VE511 no key, VE512.';
