create or replace function ves.leave(tenant_id uuid, name text, member text)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(leave.tenant_id, leave.name, 'group');
begin
  delete from ves_store.subscription_members as m
  where m.tenant_id = leave.tenant_id and m.subscription_id = v_subscription.subscription_id
    and m.member = leave.member;
  return found;
end
$$;

comment on function ves.leave(uuid, text, text) is
'Ends a member''s lease, so that others take its slots at their next ves.fetch_ranges; whether it was a member. Errors: VE640.';
