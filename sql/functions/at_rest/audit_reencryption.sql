create or replace function ves_int.audit_reencryption(
  what text, tenant_id uuid, step ves.reencrypt_step, dry_run boolean, context jsonb
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
begin
  if not dry_run and step.updated > 0 then
    perform ves_int.audit(
      'custom:reencrypted', audit_reencryption.tenant_id, what, null,
      jsonb_build_object(
        'scanned', step.scanned, 'updated', step.updated, 'skipped_current_key', step.skipped_current_key),
      context);
  end if;
end
$$;

comment on function ves_int.audit_reencryption(text, uuid, ves.reencrypt_step, boolean, jsonb) is
'One audit entry for a batch of a re-encryption that changed something.';
