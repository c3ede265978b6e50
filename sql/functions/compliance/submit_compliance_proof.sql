-- The door for services beside the database: checks and verifies in PL/Python, then stores by the same
-- function as the API. What does not verify is not stored, so that it cannot take the place of a later honest
-- proof.
create or replace function ves.submit_compliance_proof(
  tenant_id uuid, event_id uuid, proof_type text, proof_version integer, policy_id text, policy_params text,
  proof bytea, witness_commitment bytea default null, public_inputs text default null
)
returns ves.compliance_proof
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_event ves_store.ves_events;
  v_policy_hash bytea;
  v_inputs text;
  v_judged record;
  v_sealed record;
  v_proof_id constant uuid := gen_random_uuid();
  v_hash constant bytea := sha256('STATESET_VES_COMPLIANCE_PROOF_HASH_V1'::bytea || proof);
begin
  policy_id := ves_int.require_policy(policy_id, policy_params);
  perform ves_int.require_crypto();
  v_event := ves_int.find_event(submit_compliance_proof.tenant_id, submit_compliance_proof.event_id);
  proof_type := ves_int.trimmed(proof_type);
  perform ves_int.check_proof_shape(proof_type, proof_version, proof);
  if octet_length(witness_commitment) <> 32 or (witness_commitment is null and starts_with(lower(proof_type), 'stark')) then
    perform ves_int.raise_error(
      'invalid_field', '{"field": "witness_commitment"}', 'A STARK proof needs a witness commitment of 32 bytes');
  end if;
  v_policy_hash := ves_int.policy_hash(policy_id, policy_params);
  v_inputs := ves_int.compliance_inputs_text(v_event, policy_id, policy_params, v_policy_hash);
  if ves_int.plain_json(public_inputs) <> ves_int.plain_json(v_inputs) then
    perform ves_int.raise_error(
      'invalid_field', '{"field": "public_inputs"}', 'public_inputs are not the canonical ones of the event and policy');
  end if;
  v_judged := ves_int.judge_compliance_proof(
    proof_type, proof, v_inputs, witness_commitment, ves_int.event_payload(v_event));
  if v_judged.error is not null then
    perform ves_int.raise_error(
      'invalid_proof', jsonb_build_object('reason', v_judged.reason, 'amount_binding', v_judged.amount_binding),
      'Invalid STARK proof: ' || v_judged.error);
  end if;
  select * into v_sealed from ves_int.seal_at_rest(
    v_event.tenant_id,
    ves_int.at_rest_compliance_aad(
      v_event.tenant_id, v_event.store_id, v_event.event_id, v_proof_id, v_policy_hash, proof_version, proof_type, v_hash),
    proof);
  return ves.store_compliance_proof(
    v_event.tenant_id, v_event.event_id, proof_type, proof_version, policy_id, policy_params, v_policy_hash,
    v_proof_id, coalesce(v_sealed.blob, proof), v_sealed.key_id, v_hash,
    ves_int.public_inputs_hash(v_inputs), witness_commitment, v_judged.options, v_judged.amount_binding,
    case when starts_with(lower(proof_type), 'stark') then true end);
end
$$;

comment on function ves.submit_compliance_proof(uuid, uuid, text, integer, text, text, bytea, bytea, text) is
'Verifies a compliance proof of an event inside the database and stores it (VES 13); policy_params and public_inputs are JSON texts. The same proof again answers the stored record. Errors: VE001, VE007 a field, VE204 in core mode, VE510 no usable key ring, VE511, VE512 the payload cannot be decrypted, VE609 unknown event, VE621 another proof is stored, VE622 the proof does not verify (nothing is stored).';
