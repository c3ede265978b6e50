-- No stream is missed. The list of streams is read after the subscription was committed: a stream that had
-- committed an event before is in it; the wake-up of a later one becomes visible after that commit, so the
-- session that takes it sees the subscription (ves_int.note_heads) and makes the cursor. While another
-- session makes or holds a listed cursor, the subscription stays unopened: the next call lists them again.
-- Locks (sql/README.md): the row of the subscription unless another session opens it, then 4.
create or replace function ves_int.follow_streams(subscription ves_store.subscriptions)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_held bigint;
begin
  if subscription.opened_at is null and subscription.created_by <> pg_current_xact_id() then
    perform from ves_store.subscriptions as s
    where s.tenant_id = subscription.tenant_id and s.subscription_id = subscription.subscription_id
      and s.opened_at is null
    for update skip locked;
    if found then
      select count(*) into v_held
      from (
        select
          array_agg(c.tenant_id) as tenant_ids, array_agg(c.store_id) as store_ids,
          array_agg(ves_int.cursor_name(
            subscription.subscription_id, subscription.kind, ves_int.slot_of(c.store_id))) as consumers,
          array_agg(c.current_sequence) as heads, array_agg(clock_timestamp()) as due_ats
        from ves_store.ves_sequence_counters as c
        where c.tenant_id = subscription.tenant_id and c.current_sequence > 0
      ) as l
      cross join lateral ves_int.note_cursors(l.tenant_ids, l.store_ids, l.consumers, l.heads, l.due_ats) as n;
      update ves_store.subscriptions as s set opened_at = clock_timestamp()
      where s.tenant_id = subscription.tenant_id and s.subscription_id = subscription.subscription_id and v_held = 0;
    end if;
  end if;
  -- a service may keep its transaction open: no other tenant waits for what it took
  perform ves_int.take_wake_ups(of_tenant => subscription.tenant_id);
end
$$;

comment on function ves_int.follow_streams(ves_store.subscriptions) is
'Brings the cursors of a subscription up to date: wake-ups of its tenant, and once, after the transaction that made it, a cursor for each stream that existed.';
