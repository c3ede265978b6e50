-- No stream is missed. The list of streams is read after the subscription was committed: a stream that had
-- committed an event before is in it; the wake-up of a later one becomes visible after that commit, so the
-- session that takes it sees the subscription (ves_int.note_heads) and makes the cursor.
-- Locks (sql/README.md): the row of the subscription unless another session opens it, then 4.
create or replace function ves_int.follow_streams(subscription ves_store.subscriptions)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
  if subscription.opened_at is null and subscription.created_by <> pg_current_xact_id() then
    perform from ves_store.subscriptions as s
    where s.tenant_id = subscription.tenant_id and s.subscription_id = subscription.subscription_id
      and s.opened_at is null
    for update skip locked;
    if found then
      perform ves_int.note_cursors(
        array_agg(c.tenant_id), array_agg(c.store_id),
        array_agg(ves_int.cursor_name(subscription.subscription_id, subscription.kind, ves_int.slot_of(c.store_id))),
        array_agg(c.current_sequence), array_agg(clock_timestamp()))
      from ves_store.ves_sequence_counters as c
      where c.tenant_id = subscription.tenant_id and c.current_sequence > 0;
      update ves_store.subscriptions as s set opened_at = clock_timestamp()
      where s.tenant_id = subscription.tenant_id and s.subscription_id = subscription.subscription_id;
    end if;
  end if;
  perform ves_int.take_wake_ups();
end
$$;

comment on function ves_int.follow_streams(ves_store.subscriptions) is
'Brings the cursors of a subscription up to date: wake-ups, and once, after the transaction that made it, a cursor for each stream that existed.';
