create or replace function ves_int.projector_failure(code text)
returns text
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select case code when '23514' then 'invariant_violation' else 'handler_error' end;
$$;

comment on function ves_int.projector_failure(text) is
'The reason of a dead letter (operations 7) for the SQLSTATE that a registered projector has raised: a check constraint''s violation is a refusal.';
