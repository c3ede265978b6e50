create or replace function ves_int.dead_letter_reason(code text)
returns text
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select case code
    when 'VERSION_CONFLICT' then 'version_conflict'
    when 'INVARIANT_VIOLATION' then 'invariant_violation'
    when 'INVALID_STATE_TRANSITION' then 'invalid_state_transition'
    when 'PAYLOAD_INVALID' then 'schema_validation'
    else 'handler_error'
  end;
$$;

comment on function ves_int.dead_letter_reason(text) is
'The reason of the dead letter of a rejected event (operations 5.1).';
