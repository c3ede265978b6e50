-- Cost: two look-ups; for a new entry also the tenant's entries, at most 101.
-- Locks (sql/README.md): a row of x402_origins for key share, then rows of x402_resources;
-- those that it deletes, skipping locked ones.
create or replace function ves.record_paid_resource(
  tenant_id uuid, origin text, resource text, method text, x402_version integer, network text,
  payee_address text, item text
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
begin
  perform from ves_store.x402_origins as o
  where o.tenant_id = record_paid_resource.tenant_id and o.origin = record_paid_resource.origin
  for key share;
  if not found then
    return false;
  end if;
  -- payments of one resource at once would wait for each other's row
  perform from ves_store.x402_resources as r
  where r.resource = record_paid_resource.resource and r.method = record_paid_resource.method
    and r.tenant_id = record_paid_resource.tenant_id and r.item = record_paid_resource.item
    and r.last_paid_at > v_now - interval '1 minute';
  if found then
    return true;
  end if;
  insert into ves_store.x402_resources as r (
    tenant_id, origin, resource, method, x402_version, network, payee_address, item, last_paid_at
  )
  values (
    record_paid_resource.tenant_id, record_paid_resource.origin, record_paid_resource.resource,
    record_paid_resource.method, record_paid_resource.x402_version, record_paid_resource.network,
    lower(record_paid_resource.payee_address), record_paid_resource.item, v_now)
  on conflict (resource, method, tenant_id) do update
  set
    x402_version = excluded.x402_version, network = excluded.network, payee_address = excluded.payee_address,
    item = excluded.item, last_paid_at = excluded.last_paid_at;
  delete from ves_store.x402_resources as o
  where o.ctid = any (array(
    select r.ctid
    from (
      select e.resource, e.method, e.last_paid_at, row_number() over (order by e.last_paid_at desc) as place
      from ves_store.x402_resources as e
      where e.tenant_id = record_paid_resource.tenant_id
    ) as c
    join ves_store.x402_resources as r
      on r.resource = c.resource and r.method = c.method and r.tenant_id = record_paid_resource.tenant_id
    where c.place > 100 or c.last_paid_at < v_now - interval '30 days'
    for update of r skip locked
  ));
  return true;
end
$$;

comment on function ves.record_paid_resource(uuid, text, text, text, integer, text, text, text) is
'Lists a resource after its payment was settled (x402 B5): item is the entry as JSON of at most 8 KiB, network and payee_address are filters of ves.list_paid_resources. Keeps the 100 entries of a tenant that were paid last within 30 days. False: the tenant does not list the origin (ves.set_paid_origin).';
