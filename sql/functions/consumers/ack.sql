-- Locks (sql/README.md): the row of the slot, then the row of the cursor.
create or replace function ves.ack(tenant_id uuid, name text, store_id uuid, token bigint, done_to bigint)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(ack.tenant_id, ack.name, 'group');
  v_slot constant smallint := ves_int.require_slot(v_subscription, ack.store_id, ack.token);
  v_done_to bigint;
  v_head bigint;
begin
  update ves_store.cursors as c
  set
    done_to = greatest(c.done_to, ack.done_to), claimed_until = null,
    due_at = case when greatest(c.done_to, ack.done_to) < c.head_sequence then clock_timestamp() end
  where c.tenant_id = ack.tenant_id and c.store_id = ack.store_id
    and c.consumer = ves_int.cursor_name(v_subscription.subscription_id, 'group', v_slot)
    and ack.done_to <= c.head_sequence
  returning c.done_to into v_done_to;
  if v_done_to is null then
    select c.head_sequence into v_head from ves_store.cursors as c
    where c.tenant_id = ack.tenant_id and c.store_id = ack.store_id
      and c.consumer = ves_int.cursor_name(v_subscription.subscription_id, 'group', v_slot);
    perform ves_int.raise_error('cursor_beyond_head', jsonb_build_object('head_sequence', coalesce(v_head, 0)));
  end if;
  return v_done_to;
end
$$;

comment on function ves.ack(uuid, text, uuid, bigint, bigint) is
'Records that a group has processed a stream up to a number, with the token of ves.fetch_ranges; the number that counts, which never falls. Put it into the transaction that stores the result, and each event counts once. Errors: VE640, VE406 another member has the stream now, VE405 beyond what was fetched of the stream''s head.';
