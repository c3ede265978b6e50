-- Slots move between members only here, and a slot that moves gets a new token: what the member before it
-- acknowledges later is refused. Claims of the member before end with its slot.
-- Locks (sql/README.md): rows of slots, then 4, skipping locked ones of both.
create or replace function ves_int.share_slots(
  subscription ves_store.subscriptions, member text, lease_seconds double precision
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_lease constant interval := greatest(least(lease_seconds, 3600), 1) * interval '1 second';
  v_share bigint;
  v_mine bigint;
  v_taken text[];
begin
  perform ves_int.renew_member(subscription, share_slots.member, v_now, v_now + v_lease);
  select (count(*) + 63) / count(*) into v_share from ves_store.subscription_members as m
  where m.tenant_id = subscription.tenant_id and m.subscription_id = subscription.subscription_id;
  select count(*) into v_mine from ves_store.subscription_slots as s
  where s.tenant_id = subscription.tenant_id and s.subscription_id = subscription.subscription_id
    and s.member = share_slots.member;
  if v_mine > v_share then
    update ves_store.subscription_slots as s set member = null
    where s.ctid = any(array(
      select g.ctid from ves_store.subscription_slots as g
      where g.tenant_id = subscription.tenant_id and g.subscription_id = subscription.subscription_id
        and g.member = share_slots.member
      order by g.slot desc limit v_mine - v_share for update
    ));
  elsif v_mine < v_share then
    with free as materialized (
      select g.slot from ves_store.subscription_slots as g
      where g.tenant_id = subscription.tenant_id and g.subscription_id = subscription.subscription_id
        and not exists (
          select from ves_store.subscription_members as m
          where m.tenant_id = g.tenant_id and m.subscription_id = g.subscription_id and m.member = g.member
        )
      order by g.slot limit v_share - v_mine for update skip locked
    ),
    taken as (
      update ves_store.subscription_slots as s set member = share_slots.member, token = s.token + 1
      from free as f
      where s.tenant_id = subscription.tenant_id and s.subscription_id = subscription.subscription_id and s.slot = f.slot
      returning s.slot
    )
    select array_agg(ves_int.cursor_name(subscription.subscription_id, 'group', t.slot)) into v_taken from taken as t;
    -- skips rows that a wake-up or an acknowledgement locks: their claims expire, and no deadlock is possible
    update ves_store.cursors as c set due_at = v_now, claimed_until = null
    where c.ctid = any(array(
      select d.ctid from ves_store.cursors as d
      where d.consumer = any(v_taken) and d.due_at > v_now
      for update skip locked
    ));
  end if;
end
$$;

comment on function ves_int.share_slots(ves_store.subscriptions, text, double precision) is
'Heartbeat of a member of a group, and its fair share of the 64 slots: gives up what is above it, takes free slots and those of members whose lease is over.';
