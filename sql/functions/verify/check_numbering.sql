create or replace function ves_int.check_numbering(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to ''
as $$
  with stream as (
    select
      coalesce((
        select c.current_sequence from ves_store.ves_sequence_counters as c
        where c.tenant_id = check_numbering.tenant_id and c.store_id = check_numbering.store_id
      ), 0) as head,
      count(*) as events,
      coalesce(min(e.sequence_number), 1) as first_number,
      coalesce(max(e.sequence_number), 0) as last_number
    from ves_store.ves_events as e
    where e.tenant_id = check_numbering.tenant_id and e.store_id = check_numbering.store_id
  ),
  holes as (
    select e.sequence_number, lag(e.sequence_number, 1, 0::bigint) over (order by e.sequence_number) as previous
    from ves_store.ves_events as e, stream as s
    where e.tenant_id = check_numbering.tenant_id and e.store_id = check_numbering.store_id
      and s.events <> s.last_number
  )
  select 'numbering', s.last_number, null::uuid,
    format('the counter says %s, the last event is %s', s.head, s.last_number)
  from stream as s where s.head <> s.last_number
  union all
  select 'numbering', h.previous + 1, null::uuid, format('events %s to %s are missing', h.previous + 1, h.sequence_number - 1)
  from holes as h where h.sequence_number <> h.previous + 1
  union all
  select 'entity_version', null, null::uuid,
    format('%s %s has %s events, its version is %s', v.entity_type, v.entity_id, v.events, v.version)
  from (
    select e.entity_type, e.entity_id, count(*) as events, max(n.version) as version
    from ves_store.ves_events as e
    left join ves_store.entity_versions as n
      on n.tenant_id = e.tenant_id and n.store_id = e.store_id
      and n.entity_type = e.entity_type and n.entity_id = e.entity_id
    where e.tenant_id = check_numbering.tenant_id and e.store_id = check_numbering.store_id
    group by e.entity_type, e.entity_id
  ) as v
  where v.version is distinct from v.events;
$$;

comment on function ves_int.check_numbering(uuid, uuid) is
'Findings about gaps, the counter and entity versions of a stream.';
