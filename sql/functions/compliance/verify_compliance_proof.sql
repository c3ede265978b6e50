create or replace function ves.verify_compliance_proof(
  proof_id uuid, tenant_id uuid default '00000000-0000-0000-0000-000000000000'
)
returns ves.proof_verdict
language plpgsql
stable
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_proof ves.compliance_proof;
  v_event ves_store.ves_events;
  v_inputs text;
  v_judged record;
  v_started timestamptz;
  v_verdict ves.proof_verdict;
begin
  perform ves_int.require_crypto();
  select p.* into v_proof
  from ves.get_compliance_proof(verify_compliance_proof.tenant_id, verify_compliance_proof.proof_id) as p;
  if not found then
    perform ves_int.raise_error('proof_not_found');
  end if;
  v_event := ves_int.find_event(v_proof.tenant_id, v_proof.event_id);
  v_inputs := ves_int.compliance_inputs_text(
    v_event, v_proof.policy_id, v_proof.policy_params::text,
    ves_int.policy_hash(v_proof.policy_id, v_proof.policy_params::text));
  v_verdict.proof_id := v_proof.proof_id;
  v_verdict.proof_hash_match :=
    v_proof.proof_hash = sha256('STATESET_VES_COMPLIANCE_PROOF_HASH_V1'::bytea || v_proof.proof);
  v_verdict.policy_hash_match :=
    v_proof.policy_hash = ves_int.policy_hash(v_proof.policy_id, v_proof.policy_params::text);
  v_verdict.public_inputs_match := ves_int.plain_json(v_proof.public_inputs::text) = ves_int.plain_json(v_inputs)
    and v_proof.public_inputs_hash = ves_int.public_inputs_hash(v_inputs);
  v_started := clock_timestamp();
  v_judged := ves_int.judge_compliance_proof(
    v_proof.proof_type, v_proof.proof, v_inputs, v_proof.witness_commitment, ves_int.event_payload(v_event));
  if starts_with(lower(v_proof.proof_type), 'stark') then
    v_verdict.stark_verification_time_ms :=
      floor(extract(epoch from clock_timestamp() - v_started) * 1000)::bigint;
    v_verdict.stark_error := v_judged.error;
    v_verdict.stark_valid := v_judged.error is null;
  end if;
  v_verdict.amount_binding := v_judged.amount_binding;
  v_verdict.strength := v_judged.strength::jsonb;
  v_verdict.reason := case
    when not v_verdict.proof_hash_match then 'proof_hash_mismatch'
    when not v_verdict.policy_hash_match then 'policy_hash_mismatch'
    when not v_verdict.public_inputs_match then 'public_inputs_mismatch'
    when not v_verdict.stark_valid then 'stark_invalid'
  end;
  v_verdict.valid := v_verdict.reason is null;
  return v_verdict;
end
$$;

comment on function ves.verify_compliance_proof(uuid, uuid) is
'Verifies a stored compliance proof inside the database (VES 13), whatever was checked when it was submitted: hashes, public inputs against the stored event, the STARK, and the amount against a plaintext payload. The nil tenant looks in all. Errors: VE204 in core mode, VE510 no usable key ring, VE512 proof or payload cannot be decrypted, VE620 unknown proof.';
