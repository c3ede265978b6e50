-- Nothing is left: cursors are made under the lock, messages and dead letters are added by who holds a
-- cursor or a slot, and all of these are waited for first.
-- Locks (sql/README.md): the advisory lock of the making of cursors, the row of the subscription, then 4.
create or replace function ves.unsubscribe(tenant_id uuid, name text, context jsonb default null)
returns boolean
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_id bigint;
  v_letters bigint;
begin
  perform pg_advisory_xact_lock(ves_int.cursors_lock_key(unsubscribe.tenant_id));
  delete from ves_store.subscriptions as s
  where s.tenant_id = unsubscribe.tenant_id and s.name = unsubscribe.name
  returning s.subscription_id into v_id;
  if v_id is null then
    return false;
  end if;
  delete from ves_store.cursor_keys as c
  where c.tenant_id = unsubscribe.tenant_id
    and (c.consumer = 'sub/' || v_id or starts_with(c.consumer, 'sub/' || v_id || '/'));
  delete from pgmq.q_ves_ranges as q where (q.message ->> 'subscription_id')::bigint = v_id;
  v_letters := ves_int.delete_dead_letters(unsubscribe.tenant_id, 'sub/' || v_id);
  perform ves_int.audit(
    'custom:unsubscribed', tenant_id, 'subscription', unsubscribe.name,
    jsonb_build_object('dead_letters', v_letters), context);
  return true;
end
$$;

comment on function ves.unsubscribe(uuid, text, jsonb) is
'Removes a subscription with its positions, messages, numbered ranges and dead letters; whether there was one. Audited.';
