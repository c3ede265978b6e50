create or replace function ves_int.check_counters(tenant_id uuid, store_id uuid)
returns table (check_name text, sequence_number bigint, batch_id uuid, finding text)
language sql
stable
set search_path to pg_catalog, pg_temp
as $$
  with stream as (
    select
      ves_int.sequenced_to(check_counters.tenant_id, check_counters.store_id) as head,
      coalesce(max(e.sequence_number), 0) as last_number
    from ves_store.ves_events as e
    where e.tenant_id = check_counters.tenant_id and e.store_id = check_counters.store_id
  )
  select 'numbering', s.last_number, null::uuid,
    format('the counter says %s, the last event is %s', s.head, s.last_number)
  from stream as s where s.head <> s.last_number
  union all
  select 'receipt', r.sequence_number, null::uuid, 'a receipt is stored for a number that no event has'
  from stream as s
  join ves_store.ves_sequencer_receipts as r
    on r.tenant_id = check_counters.tenant_id and r.store_id = check_counters.store_id
    and r.sequence_number > s.last_number
  union all
  select 'entity_version', null, null::uuid,
    format('%s %s has %s events, its version is %s', entity_type, entity_id, coalesce(g.events, 0), v.version)
  from (
    select e.entity_type, e.entity_id, count(*) as events
    from (
      select v.entity_type, v.entity_id from ves_store.ves_events as v
      where v.tenant_id = check_counters.tenant_id and v.store_id = check_counters.store_id
      union all
      select l.entity_type, l.entity_id from ves_store.events as l
      where l.tenant_id = check_counters.tenant_id and l.store_id = check_counters.store_id
    ) as e
    group by e.entity_type, e.entity_id
  ) as g
  full join (
    select n.entity_type, n.entity_id, n.version
    from ves_store.entity_versions as n
    where n.tenant_id = check_counters.tenant_id and n.store_id = check_counters.store_id
  ) as v using (entity_type, entity_id)
  where v.version is distinct from coalesce(g.events, 0);
$$;

comment on function ves_int.check_counters(uuid, uuid) is
'Findings about the counter, receipts beyond the last event and entity versions of a stream; versions count VES and legacy events.';
