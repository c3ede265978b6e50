-- Cost: as many entries of an index as are listed, at most 5,000, then the page.
create or replace function ves.list_paid_resources(
  type text default null, scheme text default null, extension text default null, network text default null,
  payee_address text default null, max_rows integer default 100, skip_rows bigint default 0
)
returns table (total integer, item text, last_paid_at timestamptz)
language sql
stable
security definer
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
  with listed as materialized (
    select n.resource, n.method, n.tenant_id, n.last_paid_at
    from (
      select r.resource, r.method, r.tenant_id, r.last_paid_at, r.x402_version, r.network, r.payee_address
      from ves_store.x402_resources as r
      where r.last_paid_at > now() - interval '30 days'
      order by r.last_paid_at desc
      limit 5000
    ) as n
    where
      coalesce(list_paid_resources.type, 'http') = 'http'
      and coalesce(list_paid_resources.scheme, 'exact') = 'exact'
      and (list_paid_resources.extension is null or (list_paid_resources.extension = 'bazaar' and n.x402_version = 2))
      and n.network = coalesce(list_paid_resources.network, n.network)
      and n.payee_address = coalesce(lower(list_paid_resources.payee_address), n.payee_address)
  ),
  page as (
    select l.resource, l.method, l.tenant_id, l.last_paid_at from listed as l
    order by l.last_paid_at desc, l.resource, l.method, l.tenant_id
    limit least(greatest(list_paid_resources.max_rows, 0), 100) offset greatest(list_paid_resources.skip_rows, 0)
  )
  select t.total, p.item, p.last_paid_at
  from (select count(*)::integer as total from listed) as t
  left join (
    select r.item, g.last_paid_at, g.resource, g.method, g.tenant_id
    from page as g
    join ves_store.x402_resources as r
      on r.resource = g.resource and r.method = g.method and r.tenant_id = g.tenant_id
  ) as p on true
  order by p.last_paid_at desc, p.resource, p.method, p.tenant_id;
$$;

comment on function ves.list_paid_resources(text, text, text, text, text, integer, bigint) is
'The resources paid last, newest first, of all tenants (x402 B5): of the 5,000 newest entries those that pass every filter that is not null, at most 100 of them after skip_rows. total: how many pass. One row without an item when the page is empty. Types other than http, schemes other than exact and extensions other than bazaar have none.';
