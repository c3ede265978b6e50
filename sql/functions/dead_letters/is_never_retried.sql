create or replace function ves_int.is_never_retried(reason text)
returns boolean
language sql
immutable
parallel safe
set search_path to pg_catalog, pg_temp
as $$
  select reason in ('invariant_violation', 'invalid_state_transition');
$$;

comment on function ves_int.is_never_retried(text) is
'Whether a reason is a refusal that only an operator retries (operations 7).';
