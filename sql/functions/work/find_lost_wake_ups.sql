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
  judged as (
    select p.*, p.current_sequence > coalesce((
      select c.head_sequence from ves_store.cursors as c
      where c.tenant_id = p.tenant_id and c.store_id = p.store_id and c.consumer = 'receipts'
    ), 0) as is_lost
    from page as p
  )
  select
    array_agg(j.tenant_id) filter (where j.is_lost) as tenant_ids,
    array_agg(j.store_id) filter (where j.is_lost) as store_ids,
    array_agg(j.current_sequence) filter (where j.is_lost) as heads,
    array_agg(j.updated_at) filter (where j.is_lost) as since,
    count(*) filter (where j.is_lost) as found, count(*) as seen,
    (array_agg(j.tenant_id order by j.tenant_id desc, j.store_id desc))[1] as last_tenant_id,
    (array_agg(j.store_id order by j.tenant_id desc, j.store_id desc))[1] as last_store_id
  into v_page
  from judged as j;
  if v_page.found > 0 then
    perform ves_int.note_heads(v_page.tenant_ids, v_page.store_ids, v_page.heads, v_page.since);
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
