-- Registered projectors are one consumer in the queue: one look finds what is due of all of them.
-- A message that was written before becomes stale by this and is deleted when it is read, so that no session
-- waits for its row.
-- Locks (sql/README.md): rows of dead letters, then an entry of retry_tenants that is new.
create or replace function ves_int.schedule_retries(
  tenant_id uuid, dead_letter_ids bigint[], attempt integer default null
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
set enable_bitmapscan to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_id bigint;
  v_place tid;
  v_consumer text;
  v_listed text;
  v_due_at timestamptz;
  v_message_id bigint;
begin
  foreach v_id in array dead_letter_ids loop
    v_due_at := case when attempt is null then v_now else v_now + ves_int.retry_delay(attempt) end;
    -- By order: a plan made while the table was empty would look it up by its tenant alone, in another index.
    select d.ctid, case when starts_with(d.consumer, 'projector/') then 'projector' else d.consumer end
    into v_place, v_consumer
    from ves_store.dead_letter_events as d
    where d.tenant_id = schedule_retries.tenant_id and d.dead_letter_id >= v_id
    order by d.dead_letter_id
    limit 1;
    -- a subscription is of one tenant
    if v_consumer is distinct from v_listed and not starts_with(v_consumer, 'sub/') and not exists (
      select from ves_store.retry_tenants as t
      where t.consumer = v_consumer and t.tenant_id = schedule_retries.tenant_id
    ) then
      insert into ves_store.retry_tenants as t (consumer, tenant_id)
      values (v_consumer, schedule_retries.tenant_id)
      on conflict (consumer, tenant_id) do nothing;
    end if;
    v_listed := v_consumer;
    insert into pgmq.q_ves_dead_letters (vt, message)
    values (v_due_at, jsonb_build_object(
      'tenant_id', schedule_retries.tenant_id, 'dead_letter_id', v_id,
      'consumer', v_consumer
    ))
    returning msg_id into v_message_id;
    update ves_store.dead_letter_events as d
    set status = 'pending', next_retry_at = v_due_at, retry_count = coalesce(attempt, d.retry_count),
      message_id = v_message_id
    where d.ctid = v_place and d.dead_letter_id = v_id;
  end loop;
end
$$;

comment on function ves_int.schedule_retries(uuid, bigint[], integer) is
'Makes dead letters pending, each until its message in queue ves_dead_letters becomes visible: after the delay of that retry (ves_int.retry_delay), null: now.';
