-- Locks (sql/README.md): the row of the dead letter, then that of the next one of its entity.
create or replace function ves_int.settle_dead_letter(
  tenant_id uuid, dead_letter_id bigint, retry_token bigint, reason text, message text default null
)
returns ves_store.dead_letter_events
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_now constant timestamptz := clock_timestamp();
  v_letter ves_store.dead_letter_events;
  v_count integer;
begin
  select d.* into v_letter from ves_store.dead_letter_events as d
  where d.tenant_id = settle_dead_letter.tenant_id and d.dead_letter_id = settle_dead_letter.dead_letter_id
  for update;
  if v_letter.status is distinct from 'retrying' or v_letter.retry_token <> settle_dead_letter.retry_token then
    perform ves_int.raise_error('lease_lost', jsonb_build_object(
      'name', 'dead_letter/' || settle_dead_letter.dead_letter_id, 'token', settle_dead_letter.retry_token));
  end if;
  v_count := least(v_letter.retry_count + 1, v_letter.max_retries);
  update ves_store.dead_letter_events as d
  set
    reason = coalesce(settle_dead_letter.reason, d.reason),
    error_message = case when settle_dead_letter.reason is null then d.error_message else left(message, 1024) end,
    status = case when settle_dead_letter.reason is null then 'resolved' else 'failed' end,
    holds_entity = d.holds_entity and not coalesce(ves_int.is_never_retried(settle_dead_letter.reason), false),
    retry_count = case when settle_dead_letter.reason is null then d.retry_count else v_count end,
    next_retry_at = null, message_id = null,
    settled_at = case when settle_dead_letter.reason is null then v_now end
  where d.tenant_id = v_letter.tenant_id and d.dead_letter_id = v_letter.dead_letter_id;
  if settle_dead_letter.reason is null or ves_int.is_never_retried(settle_dead_letter.reason) then
    if v_letter.holds_entity then
      perform ves_int.release_entity(v_letter);
    end if;
  elsif v_count < v_letter.max_retries then
    perform ves_int.schedule_retries(v_letter.tenant_id, array[v_letter.dead_letter_id], v_count);
  end if;
  select d.* into v_letter from ves_store.dead_letter_events as d
  where d.tenant_id = v_letter.tenant_id and d.dead_letter_id = v_letter.dead_letter_id;
  return v_letter;
end
$$;

comment on function ves_int.settle_dead_letter(uuid, bigint, bigint, text, text) is
'Ends the claim of a dead letter: reason null: it is resolved; else it is due again later, or failed after its last retry and for a reason that is never retried. When it holds its entity no more, the next parked event of the entity is due. Errors: VE406 it is not claimed with this token.';
