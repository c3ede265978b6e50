-- Locks (sql/README.md): the row of the dead letter, then 7.
create or replace function ves.retry_dead_letter(
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
    retry_dead_letter.tenant_id, retry_dead_letter.dead_letter_id);
begin
  perform ves_int.schedule_retries(v_letter.tenant_id, array[v_letter.dead_letter_id]);
  perform ves_int.audit(
    'dead_letter_retried', v_letter.tenant_id, 'dead_letter', v_letter.dead_letter_id::text,
    jsonb_build_object('consumer', v_letter.consumer, 'event_id', v_letter.event_id), context);
end
$$;

comment on function ves.retry_dead_letter(uuid, bigint, jsonb) is
'Makes a pending or failed dead letter due now, also one that was refused or has used up its retries: it gets one attempt. Audited. Errors: VE642, VE643 it is parked, being retried or settled.';
