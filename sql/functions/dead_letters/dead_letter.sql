-- Locks (sql/README.md): the row of the dead letter, if the event has one.
create or replace function ves_int.dead_letter(
  consumer text, tenant_id uuid, store_id uuid, legacy boolean, sequence_number bigint, reason text,
  message text default null, holds_entity boolean default true
)
returns bigint
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_is_final constant boolean := ves_int.is_never_retried(dead_letter.reason);
  v_ids bigint[];
begin
  v_ids := ves_int.add_dead_letters(
    dead_letter.consumer, dead_letter.tenant_id, dead_letter.store_id, dead_letter.legacy, 'failed',
    dead_letter.holds_entity and not v_is_final, array[dead_letter.sequence_number], array[dead_letter.reason],
    array[dead_letter.message]);
  if not v_is_final then
    perform ves_int.schedule_retries(dead_letter.tenant_id, v_ids, 0);
  end if;
  return v_ids[1];
end
$$;

comment on function ves_int.dead_letter(text, uuid, uuid, boolean, bigint, text, text, boolean) is
'Records that a consumer could not handle an event, in the transaction in which it goes on (operations 7). reason invariant_violation and invalid_state_transition: the event is refused, nothing waits for it. Others are retried after 1 min to 1 h, ten times; with holds_entity the consumer passes later events of the entity to ves_int.park_event until this one is resolved or discarded. Answers the row. Errors: VE609 no such event, VE912 the consumer has as many open ones in the stream as it may, 23505 the event has one already.';
