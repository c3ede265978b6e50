create or replace function ves_int.find_subscription(tenant_id uuid, name text, kind text)
returns ves_store.subscriptions
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_found ves_store.subscriptions;
begin
  select s.* into v_found from ves_store.subscriptions as s
  where s.tenant_id = find_subscription.tenant_id and s.name = find_subscription.name
    and s.kind = find_subscription.kind;
  if not found then
    perform ves_int.raise_error('subscription_not_found');
  end if;
  return v_found;
end
$$;

comment on function ves_int.find_subscription(uuid, text, text) is 'A subscription of a tenant by name and kind. Errors: VE640.';
