create or replace function ves_int.tg_subscription_members__require_room()
returns trigger
language plpgsql
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
declare
  v_limit constant bigint := (
    select l.max_rows from ves_store.limits as l where l.name = 'subscription_members'
  );
begin
  if (
    select count(*) from ves_store.subscription_members as m
    where m.tenant_id = new.tenant_id and m.subscription_id = new.subscription_id
  ) > v_limit then
    perform ves_int.raise_error(
      'quota_exceeded', jsonb_build_object('quota', 'subscription_members', 'limit', v_limit));
  end if;
  return null;
end
$$;

comment on function ves_int.tg_subscription_members__require_room() is
'Refuses a new member (VE912) of a consumer group that then has more than limit subscription_members. Members whose lease is over were deleted before.';
