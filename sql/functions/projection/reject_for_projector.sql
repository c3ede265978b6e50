create or replace function ves_int.reject_for_projector(
  consumer text, tenant_id uuid, store_id uuid, sequence_number bigint, code text, problem text
)
returns void
language plpgsql
volatile
set search_path to pg_catalog, pg_temp
as $$
begin
  perform ves_int.dead_letter(
    reject_for_projector.consumer, reject_for_projector.tenant_id, reject_for_projector.store_id, false,
    reject_for_projector.sequence_number,
    case code when '23514' then 'invariant_violation' else 'handler_error' end, code || ' ' || problem, false);
exception
  -- as many open dead letters as it may have, or one for this event already: the projector goes on
  when sqlstate 'VE912' or unique_violation then
    null;
end
$$;

comment on function ves_int.reject_for_projector(text, uuid, uuid, bigint, text, text) is
'The dead letter of an event that a registered projector refused with an SQLSTATE and a message.';
