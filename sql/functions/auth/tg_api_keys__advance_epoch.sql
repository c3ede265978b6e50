create or replace function ves_int.tg_api_keys__advance_epoch()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  update ves_store.credential_epoch as c set epoch = c.epoch + 1;
  return null;
end
$$;

comment on function ves_int.tg_api_keys__advance_epoch() is 'Advances the credential epoch, so that no cached credential outlives a change.';
