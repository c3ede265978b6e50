-- Locks (sql/README.md): the row of the dead letter.
create or replace function ves_int.require_dead_letter(tenant_id uuid, dead_letter_id bigint)
returns ves_store.dead_letter_events
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
set enable_seqscan to off
as $$
#variable_conflict use_column
declare
  v_letter ves_store.dead_letter_events;
begin
  select d.* into v_letter from ves_store.dead_letter_events as d
  where d.tenant_id = require_dead_letter.tenant_id and d.dead_letter_id = require_dead_letter.dead_letter_id
  for update;
  if not found then
    perform ves_int.raise_error('dead_letter_not_found');
  elsif v_letter.status not in ('pending', 'failed') then
    perform ves_int.raise_error('dead_letter_status', jsonb_build_object('status', v_letter.status));
  end if;
  return v_letter;
end
$$;

comment on function ves_int.require_dead_letter(uuid, bigint) is
'Locks a dead letter that an operator may change: one that is pending or failed. Errors: VE642, VE643 it has another status.';
