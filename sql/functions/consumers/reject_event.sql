-- Locks (sql/README.md): the row of the slot.
create or replace function ves.reject_event(
  tenant_id uuid, name text, store_id uuid, token bigint, sequence_number bigint, reason text,
  message text default null
)
returns bigint
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_subscription constant ves_store.subscriptions := ves_int.find_subscription(
    reject_event.tenant_id, reject_event.name, 'group');
  v_consumer constant text := 'sub/' || v_subscription.subscription_id;
  v_id bigint;
begin
  if not coalesce(reason in (
    'schema_validation', 'invariant_violation', 'invalid_state_transition', 'version_conflict', 'handler_error',
    'unknown'
  ), false) then
    perform ves_int.raise_error('invalid_field', '{"field": "reason"}');
  end if;
  perform ves_int.require_slot(v_subscription, reject_event.store_id, reject_event.token);
  select d.dead_letter_id into v_id from ves_store.dead_letter_events as d
  where d.tenant_id = reject_event.tenant_id and d.consumer = v_consumer and d.store_id = reject_event.store_id
    and not d.legacy and d.sequence_number = reject_event.sequence_number;
  if v_id is null then
    v_id := ves_int.dead_letter(
      v_consumer, reject_event.tenant_id, reject_event.store_id, false, reject_event.sequence_number,
      reject_event.reason, reject_event.message, false);
  end if;
  return v_id;
end
$$;

comment on function ves.reject_event(uuid, text, uuid, bigint, bigint, text, text) is
'Makes an event that a member of a group cannot handle a dead letter of consumer sub/<number of the subscription> (operations 7); the member acknowledges it like any other. Later events of its entity do not wait. Answers the dead letter, the same one for a repeat. Errors: VE640, VE406 another member has the stream, VE007 a reason that is not of operations 7, VE609, VE912.';
