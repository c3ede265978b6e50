-- Locks (sql/README.md): a row of x402_origins, then its rows of x402_resources, then 7.
create or replace function ves.set_paid_origin(
  tenant_id uuid, origin text, is_listed boolean, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_wrong constant text := case
    when set_paid_origin.tenant_id is null then 'tenant_id'
    when coalesce(set_paid_origin.origin !~ '^https?://[a-z0-9.:-]{1,255}$', true) then 'origin'
    when is_listed is null then 'is_listed'
  end;
begin
  if v_wrong is not null then
    perform ves_int.raise_error('invalid_field', jsonb_build_object('field', v_wrong));
  end if;
  if is_listed then
    insert into ves_store.x402_origins (tenant_id, origin)
    values (set_paid_origin.tenant_id, set_paid_origin.origin)
    on conflict do nothing;
  else
    delete from ves_store.x402_origins as o
    where o.tenant_id = set_paid_origin.tenant_id and o.origin = set_paid_origin.origin;
  end if;
  perform ves_int.audit(
    'config_updated', set_paid_origin.tenant_id, 'paid_origin', set_paid_origin.origin,
    jsonb_build_object('is_listed', set_paid_origin.is_listed), set_paid_origin.context);
end
$$;

comment on function ves.set_paid_origin(uuid, text, boolean, jsonb) is
'Has the facilitator list the paid resources of an origin (scheme, host and port, lower case, as https://shop.example) once a tenant''s payment of them is settled and they are declared discoverable (x402 B5); false removes the origin and its entries. Audited. Errors: VE007.';
