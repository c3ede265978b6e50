create or replace function ves_int.open_compliance_proof(proof ves.compliance_proof, decrypt boolean)
returns ves.compliance_proof
language plpgsql
stable
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_proof ves.compliance_proof := open_compliance_proof.proof;
begin
  if not decrypt or v_proof.proof_key_id is null then
    return v_proof;
  end if;
  perform ves_int.require_crypto();
  v_proof.proof := (ves_int.open_at_rest(
    array[v_proof.tenant_id],
    array[ves_int.at_rest_compliance_aad(
      v_proof.tenant_id, v_proof.store_id, v_proof.event_id, v_proof.proof_id, v_proof.policy_hash,
      v_proof.proof_version, v_proof.proof_type, v_proof.proof_hash)],
    array[v_proof.proof],
    array[v_proof.proof_key_id]))[1];
  v_proof.proof_key_id := null;
  return v_proof;
end
$$;

comment on function ves_int.open_compliance_proof(ves.compliance_proof, boolean) is
'The proof with its bytes decrypted, if that is asked for and they are encrypted. Errors: VE204 in core mode, VE510, VE512.';
