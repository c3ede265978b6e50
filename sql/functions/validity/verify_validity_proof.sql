create or replace function ves.verify_validity_proof(
  proof_id uuid, tenant_id uuid default '00000000-0000-0000-0000-000000000000', found_hash bytea default null
)
returns ves.proof_verdict
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_proof ves.validity_proof;
  v_inputs record;
  v_verdict ves.proof_verdict;
begin
  select p.* into v_proof
  from ves.get_validity_proof(
    verify_validity_proof.tenant_id, verify_validity_proof.proof_id, found_hash is null) as p;
  if not found then
    perform ves_int.raise_error('proof_not_found');
  end if;
  select i.* into strict v_inputs from ves.get_validity_inputs(v_proof.tenant_id, v_proof.batch_id) as i;
  v_verdict.proof_id := v_proof.proof_id;
  v_verdict.proof_hash_match :=
    v_proof.proof_hash = coalesce(
      found_hash, sha256('STATESET_VES_VALIDITY_PROOF_HASH_V1'::bytea || v_proof.proof));
  v_verdict.public_inputs_match := v_proof.public_inputs::text = v_inputs.public_inputs::text
    and v_proof.public_inputs_hash = v_inputs.public_inputs_hash;
  if starts_with(lower(v_proof.proof_type), 'stark') then
    v_verdict.stark_error := 'Verification of batch STARK proofs is not supported';
  end if;
  v_verdict.reason := case
    when not v_verdict.proof_hash_match then 'proof_hash_mismatch'
    when not v_verdict.public_inputs_match then 'public_inputs_mismatch'
    when v_verdict.stark_error is not null then 'stark_unsupported'
  end;
  v_verdict.valid := v_verdict.reason is null;
  return v_verdict;
end
$$;

comment on function ves.verify_validity_proof(uuid, uuid, bytea) is
'Checks hash and public inputs of a stored validity proof (VES 12). A batch STARK is never verified: it is reported as not valid, reason stark_unsupported. The nil tenant looks in all. found_hash is the hash of the decrypted bytes, given by an edge that decrypts itself. Errors: VE204 an encrypted proof in core mode, VE510, VE512, VE620 unknown proof.';
