create or replace function ves.list_subscriptions(tenant_id uuid)
returns table (
  name text, kind text, created_at timestamptz, members text[], streams_behind bigint, events_behind bigint,
  oldest_due_at timestamptz
)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
  select
    s.name, s.kind, s.created_at,
    array(
      select m.member from ves_store.subscription_members as m
      where m.tenant_id = s.tenant_id and m.subscription_id = s.subscription_id and m.expires_at > now()
      order by m.member
    ),
    b.streams, b.events, b.oldest_due_at
  from ves_store.subscriptions as s
  cross join lateral (
    select count(*) as streams, coalesce(sum(c.head_sequence - c.done_to), 0)::bigint as events,
      min(c.due_at) as oldest_due_at
    from generate_series(0, case s.kind when 'group' then 63 else 0 end) as n (slot)
    join ves_store.cursors as c
      on c.consumer = ves_int.cursor_name(s.subscription_id, s.kind, n.slot::smallint) and c.due_at is not null
  ) as b
  where s.tenant_id = list_subscriptions.tenant_id
  order by s.name;
$$;

comment on function ves.list_subscriptions(uuid) is
'Subscriptions of a tenant: members whose lease runs, and the streams and events that are not acknowledged, announced (queue) or numbered (feed), as far as wake-ups were read.';
