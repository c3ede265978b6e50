create or replace function ves_int.tg_api_keys__advance_epoch()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  if tg_op = 'UPDATE' then
    new.updated_at := old.updated_at;
    if new is not distinct from old then
      return null;
    end if;
  end if;
  insert into ves_store.credential_epochs as c (tenant_id, epoch) values (old.tenant_id, 1)
  on conflict (tenant_id) do update set epoch = c.epoch + 1;
  return null;
end
$$;

comment on function ves_int.tg_api_keys__advance_epoch() is 'Advances the credential epoch of the tenant, so that no cached credential outlives a change.';
