-- PL/Python verifies the proof; core mode refuses a key with a proof, or of an algorithm that needs one.
create or replace function ves_int.prove_agent_key(
  key_algorithm integer, public_key bytea, public_key_bundle bytea, proof_of_possession bytea,
  proof_of_possession_bundle bytea
)
returns void
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
declare
  v_problem text[];
begin
  if (select s.mode from ves_store.schema_state as s) <> 'full' then
    if key_algorithm in (3, 5) or coalesce(proof_of_possession, proof_of_possession_bundle) is not null then
      perform ves_int.raise_error('crypto_unavailable');
    end if;
    return;
  end if;
  v_problem := ves_int.agent_key_problem(
    key_algorithm, public_key, public_key_bundle, proof_of_possession, proof_of_possession_bundle);
  if v_problem[1] = 'proof_of_possession_failed' then
    perform ves_int.raise_error('proof_of_possession_failed', '{}', v_problem[3]);
  elsif v_problem is not null then
    perform ves_int.raise_error('invalid_public_key', jsonb_build_object('field', v_problem[2]), v_problem[3]);
  end if;
end
$$;

comment on function ves_int.prove_agent_key(integer, bytea, bytea, bytea, bytea) is
'Raises VE201 for a key that no honest holder has and VE202 for a proof of possession that is missing or wrong (VES 6.3, 6.4); VE204 in core mode when a proof is needed or given.';
