-- Locks (sql/README.md): rows of members, skipping locked ones of others.
create or replace function ves_int.renew_member(
  subscription ves_store.subscriptions, member text, renewed_at timestamptz, expires_at timestamptz
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  -- one that renews its lease in a transaction that is still open is not over, nor waited for
  delete from ves_store.subscription_members as m
  where m.ctid = any(array(
    select o.ctid from ves_store.subscription_members as o
    where o.tenant_id = subscription.tenant_id and o.subscription_id = subscription.subscription_id
      and o.expires_at < renewed_at and o.member <> renew_member.member
    for update skip locked
  ));
  -- a renewal is written when half of the lease has passed
  begin
    insert into ves_store.subscription_members as m (tenant_id, subscription_id, member, expires_at)
    values (
      subscription.tenant_id, subscription.subscription_id, renew_member.member, renew_member.expires_at)
    on conflict (tenant_id, subscription_id, member) do update set expires_at = excluded.expires_at
    where m.expires_at < renewed_at + (excluded.expires_at - renewed_at) / 2 or m.expires_at > excluded.expires_at;
  exception when foreign_key_violation then
    perform ves_int.raise_error('subscription_not_found');  -- removed since it was found
  end;
end
$$;

comment on function ves_int.renew_member(ves_store.subscriptions, text, timestamptz, timestamptz) is
'Heartbeat of a member of a group: it is one until expires_at, those whose time is over are none any more. Errors: VE640, VE912.';
