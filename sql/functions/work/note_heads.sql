-- What is held goes back into the queue, so that who holds a cursor delays its own stream and consumer alone.
-- Locks (sql/README.md): as ves_int.note_cursors.
create or replace function ves_int.note_heads(
  tenant_ids uuid[], store_ids uuid[], heads bigint[], since timestamptz[], are_legacy boolean[],
  traces text[] default null
)
returns void
language sql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_hashjoin to off
set enable_mergejoin to off
set jit to off
as $$
  with told as (
    select
      array_agg(s.tenant_id) as tenant_ids, array_agg(s.store_id) as store_ids, array_agg(w.consumer) as consumers,
      array_agg(s.head) as heads, array_agg(w.due_at) as due_ats, array_agg(s.trace) as traces,
      array_agg(s.number) as numbers
    from unnest(tenant_ids, store_ids, heads, note_heads.since, are_legacy, traces)
      with ordinality as s (tenant_id, store_id, head, since, is_legacy, trace, number)
    cross join lateral (
      select case when s.is_legacy then 'legacy_projection' else 'projection' end as consumer, s.since as due_at
      from ves_store.projection_mode as m where m.mode <> 'off'
      union all
      select b.consumer, s.since from unnest(array['receipts', 'key_usage']) as b (consumer) where not s.is_legacy
      union all
      select 'commit', case when o.waiting >= p.max_events then s.since else s.since + p.max_age end
      from ves.commit_policies as p
      cross join lateral (
        select s.head - ves_int.committed_to(p.tenant_id, p.store_id) as waiting
      ) as o
      where p.tenant_id = s.tenant_id and p.store_id = s.store_id and p.mode = 'automatic' and o.waiting > 0
        and not s.is_legacy
      union all
      select o.consumer, s.since
      from ves_store.cursor_keys as o
      where o.tenant_id = s.tenant_id and o.store_id = s.store_id and not s.is_legacy
        and o.consumer not in ('receipts', 'key_usage', 'commit', 'projection', 'legacy_projection')
        and not starts_with(o.consumer, 'sub/')
      union all
      select ves_int.cursor_name(u.subscription_id, u.kind, ves_int.slot_of(s.store_id)), s.since
      from ves_store.subscriptions as u
      where u.tenant_id = s.tenant_id and not s.is_legacy
    ) as w
  )
  select ves_int.put_back_wake_ups(
    array_agg(distinct t.numbers[n.number::integer]), note_heads.tenant_ids, note_heads.store_ids, note_heads.heads,
    note_heads.since, note_heads.are_legacy, note_heads.traces)
  from told as t
  cross join lateral ves_int.note_cursors(
    t.tenant_ids, t.store_ids, t.consumers, t.heads, t.due_ats, t.traces) as n (number)
  having count(*) > 0;
$$;

comment on function ves_int.note_heads(uuid[], uuid[], bigint[], timestamptz[], boolean[], text[]) is
'Tells the consumers of VES and legacy streams how far these reach and since when: each stream once. The built-in consumers and subscriptions get a cursor by this, commit only where the policy is automatic, those of projections unless they are off (ves.set_projection_mode); others have one already (ves.open_cursor). Nothing but projections follows a legacy stream.';
