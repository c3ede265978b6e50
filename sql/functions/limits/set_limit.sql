-- Locks (sql/README.md): the row of limits, then 7.
create or replace function ves.set_limit(
  name text, max_rows bigint default null, max_age interval default null, context jsonb default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_limit ves_store.limits;
  v_before jsonb;
begin
  select l.* into v_limit from ves_store.limits as l where l.name = set_limit.name for update;
  if not found then
    perform ves_int.raise_error('invalid_field', '{"field": "name"}');
  end if;
  v_before := to_jsonb(v_limit);
  v_limit.max_rows := coalesce(set_limit.max_rows, v_limit.max_rows);
  v_limit.max_age := coalesce(set_limit.max_age, v_limit.max_age);
  if v_limit.max_rows < 0 then
    perform ves_int.raise_error('invalid_field', '{"field": "max_rows"}');
  end if;
  -- a kind whose new rows are refused at the limit has no age
  if v_limit.max_age <= interval '0' or set_limit.max_age is not null and v_before ->> 'max_age' is null then
    perform ves_int.raise_error('invalid_field', '{"field": "max_age"}');
  end if;
  if to_jsonb(v_limit) = v_before then
    return false;
  end if;
  update ves_store.limits as l set max_rows = v_limit.max_rows, max_age = v_limit.max_age
  where l.name = set_limit.name;
  perform ves_int.audit(
    'config_updated', null, 'limit', set_limit.name,
    jsonb_build_object('before', v_before, 'after', to_jsonb(v_limit)), set_limit.context);
  return true;
end
$$;

comment on function ves.set_limit(text, bigint, interval, jsonb) is
'Changes how many rows of a kind a tenant or agent may have, or how long they are kept; null keeps a value. Rows beyond a lowered limit stay; only retained kinds (ves.apply_retention) lose rows. Audited; answers whether anything changed. Errors: VE007.';
