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
  v_cursor record;
begin
  select c.* into v_cursor
  from ves_int.lock_cursor(
    ack.tenant_id, ack.store_id, ves_int.cursor_name(v_subscription.subscription_id, 'group', v_slot)) as c;
  if (ack.done_to <= v_cursor.head_sequence) is not true then
    perform ves_int.raise_error(
      'cursor_beyond_head', jsonb_build_object('head_sequence', coalesce(v_cursor.head_sequence, 0)));
  end if;
  v_cursor.done_to := greatest(v_cursor.done_to, ack.done_to);
  update ves_store.cursors as c
  set
    done_to = v_cursor.done_to, claimed_until = null,
    due_at = case when v_cursor.done_to < c.head_sequence then clock_timestamp() end
  where c.ctid = v_cursor.place;
  return v_cursor.done_to;
end
$$;

comment on function ves.ack(uuid, text, uuid, bigint, bigint) is
'Records that a group has processed a stream up to a number, with the token of ves.fetch_ranges; the number that counts, which never falls. Put it into the transaction that stores the result, and each event counts once. Errors: VE640, VE406 another member has the stream now, VE405 beyond what was fetched of the stream''s head.';
