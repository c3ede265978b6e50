create or replace function ves.list_credential_epochs(tenant_ids uuid[])
returns table (tenant_id uuid, epoch bigint)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select e.tenant_id, e.epoch from ves_store.credential_epochs as e where e.tenant_id = any (tenant_ids);
$$;

comment on function ves.list_credential_epochs(uuid[]) is
'Credential epochs of tenants; one that is left out has epoch 0. A caller that was identified at another epoch than its tenant''s is identified again (ves.authenticate).';
