create or replace function ves_int.check_same_proof(proof_id uuid, field text, stored bytea, sent bytea)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
begin
  if stored <> sent then
    perform ves_int.raise_error('proof_conflict', jsonb_build_object('field', field, 'proof_id', proof_id));
  end if;
end
$$;

comment on function ves_int.check_same_proof(uuid, text, bytea, bytea) is
'Raises VE621 with the name of the field in which a submission differs from the stored proof.';
