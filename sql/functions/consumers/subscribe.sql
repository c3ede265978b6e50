create or replace function ves.subscribe(
  tenant_id uuid, name text, kind text default 'group', context jsonb default null
)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_id bigint;
begin
  perform ves_int.require_fields(jsonb_build_object('tenantId', tenant_id, 'name', name, 'kind', kind));
  perform ves_int.require_name('name', subscribe.name, 48);
  if subscribe.kind not in ('group', 'queue', 'feed') then
    perform ves_int.raise_error('invalid_field', '{"field": "kind"}');
  end if;
  insert into ves_store.subscriptions (tenant_id, name, kind, created_at, created_by)
  values (subscribe.tenant_id, subscribe.name, subscribe.kind, clock_timestamp(), pg_current_xact_id())
  on conflict (tenant_id, name) do nothing
  returning subscription_id into v_id;
  if v_id is null then
    if not exists (
      select from ves_store.subscriptions as s
      where s.tenant_id = subscribe.tenant_id and s.name = subscribe.name and s.kind = subscribe.kind
    ) then
      perform ves_int.raise_error('subscription_exists');
    end if;
    return false;
  end if;
  if subscribe.kind = 'group' then
    -- a token of an earlier subscription of this name is none of this one
    insert into ves_store.subscription_slots (tenant_id, subscription_id, slot, token)
    select subscribe.tenant_id, v_id, n, v_id << 31 from generate_series(0, 63) as n;
  end if;
  perform ves_int.audit(
    'custom:subscribed', tenant_id, 'subscription', subscribe.name, jsonb_build_object('kind', kind), context);
  return true;
end
$$;

comment on function ves.subscribe(uuid, text, text, jsonb) is
'Makes a subscription to every VES stream of a tenant, those to come included, from their first event on; whether it is new. kind: group (ves.fetch_ranges, ves.ack), queue (ves.read_queue, ves.finish_range) or feed (ves.read_feed). Audited. The first call that reads it must be of a later transaction. Errors: VE007, VE008, VE641 one of another kind has the name, VE912.';
