create or replace function ves_int.tg_ves_rejections__refuse_change()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  if tg_op = 'DELETE' then
    if exists (
      select from ves_store.rejection_cuts as c where c.tenant_id = old.tenant_id and c.cut_to >= old.rejection_id
    ) then
      return old;
    end if;
  end if;
  perform ves_int.raise_error('append_only', jsonb_build_object('table', tg_table_name, 'operation', lower(tg_op)));
  return null;
end
$$;

comment on function ves_int.tg_ves_rejections__refuse_change() is
'Refuses update and delete of rejections with VE501, but for the deletion of those that ves_store.rejection_cuts names.';
