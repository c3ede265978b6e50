-- Streams with something waiting are found by a loose index scan: one look-up a stream. Of each its first
-- min_size intents are looked at, however many wait: with so many it is due, and fewer are all that it has.
-- A network or stream is given by its bounds, because an order by columns that are given is none: only
-- x402_payment_intents_waiting_idx has this order, and no statistics make the planner take another one.
create or replace function ves_int.due_payment_streams(
  networks text[], min_size integer, max_wait_seconds integer, max_value bigint, expiry_margin_seconds integer
)
returns table (network text, tenant_id uuid, store_id uuid)
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
set enable_sort to off
set enable_incremental_sort to off
set jit to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_unix constant bigint := floor(extract(epoch from v_now))::bigint;
begin
  return query
  with recursive streams as (
    (
      select f.network, f.tenant_id, f.store_id
      from (select distinct g.network from unnest(networks) as g (network)) as g
      cross join lateral (
        select i.network, i.tenant_id, i.store_id
        from ves_store.x402_payment_intents as i
        where i.status = 'sequenced' and i.network >= g.network and i.network <= g.network
        order by i.network, i.tenant_id, i.store_id
        limit 1
      ) as f
    )
    union all
    select n.network, n.tenant_id, n.store_id
    from streams as s
    cross join lateral (
      select i.network, i.tenant_id, i.store_id
      from ves_store.x402_payment_intents as i
      where i.status = 'sequenced' and i.network <= s.network
        and (i.network, i.tenant_id, i.store_id) > (s.network, s.tenant_id, s.store_id)
      order by i.network, i.tenant_id, i.store_id
      limit 1
    ) as n
  )
  select s.network, s.tenant_id, s.store_id
  from streams as s
  cross join lateral (
    select
      sum(a.payments) as payments, min(a.oldest) as oldest, min(a.expiry) as expiry, max(a.total) as most_value
    from (
      select
        w.asset, count(*) as payments, min(w.sequenced_at) as oldest, min(w.valid_until) as expiry,
        sum(w.amount) as total
      from (
        select i.asset, i.amount, i.sequenced_at, i.valid_until
        from ves_store.x402_payment_intents as i
        where i.status = 'sequenced' and i.valid_until >= extract(epoch from v_now)
          and (i.network, i.tenant_id, i.store_id) >= (s.network, s.tenant_id, s.store_id)
          and (i.network, i.tenant_id, i.store_id) <= (s.network, s.tenant_id, s.store_id)
        order by i.network, i.tenant_id, i.store_id, i.sequence_number
        limit min_size
      ) as w
      group by w.asset
    ) as a
  ) as d
  where d.payments >= min_size or d.oldest <= v_now - max_wait_seconds * interval '1 second'
    or d.most_value >= max_value or d.expiry <= v_unix + expiry_margin_seconds
  order by row_number() over (partition by s.tenant_id order by d.oldest), d.oldest;
end
$$;

comment on function ves_int.due_payment_streams(text[], integer, integer, bigint, integer) is
'Streams and networks of which ves.batch_due_payments makes a batch, in turns of their tenants, those that have waited longest first; the arguments are those of that function.';
