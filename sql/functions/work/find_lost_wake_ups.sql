create or replace function ves.find_lost_wake_ups(
  after_tenant_id uuid default null, after_store_id uuid default null, max_streams integer default 1000
)
returns table (streams bigint, last_tenant_id uuid, last_store_id uuid)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_nil constant uuid := '00000000-0000-0000-0000-000000000000'::uuid;
  v_page record;
begin
  perform ves_int.take_wake_ups();
  with page as (
    select c.tenant_id, c.store_id, c.current_sequence, c.updated_at
    from ves_store.ves_sequence_counters as c
    where (c.tenant_id, c.store_id) > (coalesce(after_tenant_id, v_nil), coalesce(after_store_id, v_nil))
    order by c.tenant_id, c.store_id
    limit greatest(max_streams, 1)
  ),
  -- a store with a legacy stream has a row in ves_sequence_counters too: legacy ingest locks it
  heads as (
    select p.tenant_id, p.store_id, p.current_sequence as head, p.updated_at, false as is_legacy, 'receipts' as consumer
    from page as p
    union all
    select l.tenant_id, l.store_id, l.current_sequence, l.updated_at, true, 'legacy_projection'
    from page as p
    cross join lateral (
      select c.tenant_id, c.store_id, c.current_sequence, c.updated_at from ves_store.sequence_counters as c
      where c.tenant_id = p.tenant_id and c.store_id = p.store_id
        and exists (select from ves_store.projection_mode as m where m.mode <> 'off')
      limit 1
    ) as l
  ),
  lost as (
    select h.* from heads as h
    where h.head > coalesce((
      select c.head_sequence from ves_store.cursors as c
      where c.tenant_id = h.tenant_id and c.store_id = h.store_id and c.consumer = h.consumer
      order by c.head_sequence desc, c.done_to desc
      limit 1
    ), 0)
  )
  select
    array_agg(l.tenant_id) as tenant_ids, array_agg(l.store_id) as store_ids, array_agg(l.head) as heads,
    array_agg(l.updated_at) as since, array_agg(l.is_legacy) as are_legacy, count(*) as found,
    (select count(*) from page as p) as seen,
    (select p.tenant_id from page as p order by p.tenant_id desc, p.store_id desc limit 1) as last_tenant_id,
    (select p.store_id from page as p order by p.tenant_id desc, p.store_id desc limit 1) as last_store_id
  into v_page
  from lost as l;
  if v_page.found > 0 then
    perform ves_int.note_heads(
      v_page.tenant_ids, v_page.store_ids, v_page.heads, v_page.since, v_page.are_legacy);
  end if;
  streams := v_page.found;
  if v_page.seen = greatest(max_streams, 1) then
    last_tenant_id := v_page.last_tenant_id;
    last_store_id := v_page.last_store_id;
  end if;
  return next;
end
$$;

comment on function ves.find_lost_wake_ups(uuid, uuid, integer) is
'Makes good wake-ups that were removed from the queue: looks at one page of streams after the given one and tells the consumers of those whose head they do not know; how many, and the last stream of the page, null at the end.';
