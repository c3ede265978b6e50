-- Locks (sql/README.md): rows of settled dead letters, skipping locked ones, then 7.
create or replace function ves.purge_dead_letters(
  tenant_id uuid, store_id uuid default null, older_than interval default null,
  max_letters integer default 10000, context jsonb default null
)
returns integer
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set enable_incremental_sort to off
set jit to off
set timezone to 'UTC'
set intervalstyle to 'postgres'
as $$
#variable_conflict use_column
declare
  v_letters integer;
begin
  if older_than < interval '0' then
    perform ves_int.raise_error('invalid_field', '{"field": "older_than"}');
  end if;
  delete from ves_store.dead_letter_events as d
  where d.ctid = any (array(
    select o.ctid from ves_store.dead_letter_events as o
    where o.tenant_id >= purge_dead_letters.tenant_id
      and (o.tenant_id, o.settled_at) <= (
        purge_dead_letters.tenant_id, now() - coalesce(older_than, interval '30 days'))
      and (purge_dead_letters.store_id is null or o.store_id is not distinct from purge_dead_letters.store_id)
      and o.settled_at is not null
    order by o.tenant_id, o.settled_at
    limit least(greatest(max_letters, 0), 100000)
    for update skip locked
  ));
  get diagnostics v_letters = row_count;
  if v_letters > 0 then
    perform ves_int.audit(
      'dead_letter_purged', purge_dead_letters.tenant_id, 'dead_letter', null,
      jsonb_build_object('letters', v_letters), context);
  end if;
  return v_letters;
end
$$;

comment on function ves.purge_dead_letters(uuid, uuid, interval, integer, jsonb) is
'Deletes dead letters of a tenant, or of one store, that were resolved or discarded at least so long ago (null: 30 days), at most 100,000; how many. Open ones stay. Audited. Errors: VE007.';
