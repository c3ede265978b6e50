-- Runs after the insert: one that only found a conflict is not judged, and the row counts for its agent.
-- row_counts holds what is committed: concurrent transactions may pass a tenant's limit together.
create or replace function ves_int.tg_rows__require_room()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_name text := tg_argv[0];
  v_limit bigint := (select l.max_rows from ves_store.limits as l where l.name = tg_argv[0]);
  v_count bigint;
  -- through JSON: not every table has this column
  v_agent_id constant uuid := case when tg_nargs > 1 then (to_jsonb(new) ->> 'agent_id')::uuid end;
begin
  select c.row_count into v_count from ves_store.row_counts as c
  where c.tenant_id = new.tenant_id and c.table_name = tg_table_name::text;
  if v_count >= v_limit then
    perform ves_int.raise_error('quota_exceeded', jsonb_build_object('quota', v_name, 'limit', v_limit));
  end if;
  if v_agent_id is not null then
    v_name := tg_argv[1];
    v_limit := (select l.max_rows from ves_store.limits as l where l.name = v_name);
    execute format(
      'select count(*)'
      ' from (select from ves_store.%I where tenant_id = $1 and agent_id = $2 limit $3 + 1) as r',
      tg_table_name)
    into v_count using new.tenant_id, v_agent_id, v_limit;
    if v_count > v_limit then
      perform ves_int.raise_error('quota_exceeded', jsonb_build_object('quota', v_name, 'limit', v_limit));
    end if;
  end if;
  return null;
end
$$;

comment on function ves_int.tg_rows__require_room() is
'Refuses a new row (VE912) of which the tenant has as many as the limit of ves_store.limits in the first argument, or, with a second argument, the row''s agent more than that one.';
