create or replace function ves_int.tg_history__refuse_change()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
as $$
begin
  perform ves_int.raise_error('append_only', jsonb_build_object('table', tg_table_name, 'operation', lower(tg_op)));
  return null;
end
$$;

comment on function ves_int.tg_history__refuse_change() is
'Refuses update, delete and truncate of stored history with VE501, whoever asks.';
