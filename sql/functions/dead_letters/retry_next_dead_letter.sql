-- Claim, handler and settlement are one transaction: a worker that dies in it has done nothing.
-- Locks (sql/README.md): as ves_int.claim_retries, then those of the handler.
create or replace function ves.retry_next_dead_letter()
returns table (tenant_id uuid, dead_letter_id bigint, status text)
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_letter ves_store.dead_letter_events;
  v_next record;
  v_reason text;
  v_message text;
begin
  select h.handler, c as letter into v_next
  from ves_store.retry_handlers as h
  cross join lateral ves_int.claim_retries(h.consumer) as c
  limit 1;
  if not found then
    return;
  end if;
  v_letter := v_next.letter;
  begin
    execute format('select h.reason, h.message from ves_int.%I($1, $2, $3, $4, $5) as h', v_next.handler)
    into v_reason, v_message
    using v_letter.consumer, v_letter.tenant_id, v_letter.store_id, v_letter.legacy, v_letter.sequence_number;
  exception when others then
    v_reason := 'handler_error';
    v_message := sqlstate || ': ' || sqlerrm;
  end;
  v_letter := ves_int.settle_dead_letter(
    v_letter.tenant_id, v_letter.dead_letter_id, v_letter.retry_token, v_reason, v_message);
  return query select v_letter.tenant_id, v_letter.dead_letter_id, v_letter.status;
end
$$;

comment on function ves.retry_next_dead_letter() is
'Handles one due dead letter of the consumers in ves_store.retry_handlers anew and settles it: which, and its status after that; no row when none is due (operations 7).';
