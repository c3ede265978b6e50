create or replace function ves_int.check_proof_shape(proof_type text, proof_version integer, proof bytea)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  if coalesce(octet_length(proof_type), 0) not between 1 and 32 then
    perform ves_int.raise_error('invalid_field', '{"field": "proof_type"}', 'proof_type must have 1 to 32 bytes');
  end if;
  if coalesce(proof_version, 0) < 1 or (starts_with(lower(proof_type), 'stark') and proof_version <> 2) then
    perform ves_int.raise_error(
      'invalid_field', '{"field": "proof_version"}', 'proof_version must be at least 1, and 2 for a STARK proof');
  end if;
  if coalesce(octet_length(proof), 0) not between 1 and 2097152 then
    perform ves_int.raise_error('invalid_field', '{"field": "proof"}', 'proof must have 1 to 2097152 bytes');
  end if;
end
$$;

comment on function ves_int.check_proof_shape(text, integer, bytea) is
'Type, version and size of a proof (VES 12, 13). Errors: VE007 with the field.';
