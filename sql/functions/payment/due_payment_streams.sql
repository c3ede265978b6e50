-- Streams with something waiting are found by a loose index scan: one look-up a stream, and at most max_size
-- rows of each are looked at, however many wait.
create or replace function ves_int.due_payment_streams(
  networks text[], min_size integer, max_size integer, max_wait_seconds integer, max_value bigint,
  expiry_margin_seconds integer
)
returns table (network text, tenant_id uuid, store_id uuid)
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
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
      select i.network, i.tenant_id, i.store_id
      from ves_store.x402_payment_intents as i
      where i.status = 'sequenced' and i.network = any(networks)
      order by i.network, i.tenant_id, i.store_id
      limit 1
    )
    union all
    select n.network, n.tenant_id, n.store_id
    from streams as s
    cross join lateral (
      select i.network, i.tenant_id, i.store_id
      from ves_store.x402_payment_intents as i
      where i.status = 'sequenced' and i.network = any(networks)
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
        where i.status = 'sequenced' and i.network = s.network and i.tenant_id = s.tenant_id
          and i.store_id = s.store_id
        order by i.sequence_number
        limit max_size
      ) as w
      where w.valid_until >= v_unix
      group by w.asset
    ) as a
  ) as d
  where d.payments >= min_size or d.oldest <= v_now - max_wait_seconds * interval '1 second'
    or d.most_value >= max_value or d.expiry <= v_unix + expiry_margin_seconds
  order by row_number() over (partition by s.tenant_id order by d.oldest), d.oldest;
end
$$;

comment on function ves_int.due_payment_streams(text[], integer, integer, integer, bigint, integer) is
'Streams and networks of which ves.batch_due_payments makes a batch, in turns of their tenants, those that have waited longest first; the arguments are those of that function.';
