-- Locks (sql/README.md): the row of the dead letter, that of the next one of its entity, then 7.
create or replace function ves.discard_dead_letter(
  tenant_id uuid, dead_letter_id bigint, context jsonb default null
)
returns void
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_letter constant ves_store.dead_letter_events := ves_int.require_dead_letter(
    discard_dead_letter.tenant_id, discard_dead_letter.dead_letter_id);
begin
  update ves_store.dead_letter_events as d
  set status = 'discarded', next_retry_at = null, message_id = null, settled_at = clock_timestamp()
  where d.tenant_id = v_letter.tenant_id and d.dead_letter_id = v_letter.dead_letter_id;
  if v_letter.holds_entity then
    perform ves_int.release_entity(v_letter);
  end if;
  perform ves_int.audit(
    'custom:dead_letter_discarded', v_letter.tenant_id, 'dead_letter', v_letter.dead_letter_id::text,
    jsonb_build_object('consumer', v_letter.consumer, 'event_id', v_letter.event_id), context);
end
$$;

comment on function ves.discard_dead_letter(uuid, bigint, jsonb) is
'Gives a pending or failed dead letter up: its consumer goes on without the event, and parked events of the entity are due. Audited. Errors: VE642, VE643 it is parked, being retried or settled.';
