-- A message that was written before becomes stale by this and is deleted when it is read, so that no session
-- waits for its row.
-- Locks (sql/README.md): the row of the dead letter.
create or replace function ves_int.schedule_retry(
  tenant_id uuid, dead_letter_id bigint, due_at timestamptz, retry_count integer
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_message_id bigint;
begin
  insert into pgmq.q_ves_dead_letters (vt, message)
  select schedule_retry.due_at, jsonb_build_object(
    'tenant_id', d.tenant_id, 'dead_letter_id', d.dead_letter_id, 'consumer', d.consumer
  )
  from ves_store.dead_letter_events as d
  where d.tenant_id = schedule_retry.tenant_id and d.dead_letter_id = schedule_retry.dead_letter_id
  returning msg_id into v_message_id;
  update ves_store.dead_letter_events as d
  set status = 'pending', next_retry_at = schedule_retry.due_at, retry_count = schedule_retry.retry_count,
    message_id = v_message_id
  where d.tenant_id = schedule_retry.tenant_id and d.dead_letter_id = schedule_retry.dead_letter_id;
end
$$;

comment on function ves_int.schedule_retry(uuid, bigint, timestamptz, integer) is
'Makes a dead letter pending until an instant, at which its message in queue ves_dead_letters becomes visible.';
