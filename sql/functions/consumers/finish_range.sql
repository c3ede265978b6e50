create or replace function ves.finish_range(tenant_id uuid, name text, message_id bigint, token integer)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(
    finish_range.tenant_id, finish_range.name, 'queue');
begin
  delete from pgmq.q_ves_ranges as q
  where q.msg_id = finish_range.message_id and q.read_ct = finish_range.token
    and (q.message ->> 'subscription_id')::bigint = v_subscription.subscription_id;
  if not found then
    perform ves_int.raise_error('lease_lost', jsonb_build_object('name', name, 'token', token));
  end if;
end
$$;

comment on function ves.finish_range(uuid, text, bigint, integer) is
'Removes a message of ves.read_queue whose events are processed. Put it into the transaction that stores the result, and each event counts once. Errors: VE640, VE406 the message was given out again.';
