create or replace function ves_int.require_policy(policy_id text, policy_params text)
returns text
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_name constant text := ves_int.trimmed(policy_id);
begin
  if num_nulls(policy_id, policy_params) > 0 then
    perform ves_int.raise_error('missing_field', '{"field": "policy_id, policy_params"}');
  end if;
  if octet_length(v_name) not between 1 and 64 then
    perform ves_int.raise_error('invalid_field', '{"field": "policy_id"}', 'policy_id must have 1 to 64 bytes');
  end if;
  -- before anything reads them: what decodes them does not look at statement_timeout
  if octet_length(policy_params) > 32768 then
    perform ves_int.raise_error(
      'invalid_field', '{"field": "policy_params"}', 'policy_params must have at most 32768 bytes');
  end if;
  return v_name;
end
$$;

comment on function ves_int.require_policy(text, text) is
'The trimmed id of a policy (VES 13). Refuses one that is null, empty or longer than 64 bytes, and parameters that are null or longer than 32 KiB (VE007, VE008).';
