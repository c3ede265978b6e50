-- Dedupe and conflict rules of VES 13. Two submissions of one place at the same moment: one inserts, the
-- other waits at the index and then reads the first one's row. A STARK that nobody has verified gets no
-- place: it is stored beside, unless the place is taken.
create or replace function ves.store_compliance_proof(
  tenant_id uuid, event_id uuid, proof_type text, proof_version integer, policy_id text, policy_params text,
  policy_hash bytea, proof_id uuid, proof bytea, proof_key_id bytea, proof_hash bytea,
  public_inputs_hash bytea, witness_commitment bytea, proof_options bytea, amount_binding text,
  verified boolean default null
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
  v_stored ves.compliance_proof;
  v_proof_id uuid;
begin
  v_event := ves_int.find_event(store_compliance_proof.tenant_id, store_compliance_proof.event_id);
  v_proof_id := case when store_compliance_proof.verified is false then ves_int.find_placed_proof(
    v_event.tenant_id, v_event.event_id, store_compliance_proof.proof_type, store_compliance_proof.proof_version,
    store_compliance_proof.policy_hash) end;
  if v_proof_id is null then
    insert into ves_store.ves_compliance_proofs
    values (
      v_event.tenant_id, v_event.store_id, v_event.event_id, store_compliance_proof.proof_id, proof_type, proof_version, policy_id,
      policy_params::json, policy_hash, proof, store_compliance_proof.proof_hash,
      ves_int.compliance_inputs_text(v_event, policy_id, policy_params, policy_hash)::json, public_inputs_hash,
      witness_commitment, proof_options, amount_binding, clock_timestamp(), verified, proof_key_id)
    on conflict do nothing
    returning ves_compliance_proofs.proof_id into v_proof_id;
  end if;
  if v_proof_id is null and store_compliance_proof.verified is false then
    select p.proof_id into strict v_proof_id from ves_store.ves_compliance_proofs as p
    where p.event_id = v_event.event_id and p.tenant_id = v_event.tenant_id
      and p.proof_type = store_compliance_proof.proof_type and p.proof_version = store_compliance_proof.proof_version
      and p.policy_hash = store_compliance_proof.policy_hash and p.proof_hash = store_compliance_proof.proof_hash
      and p.public_inputs_hash = store_compliance_proof.public_inputs_hash
      and p.witness_commitment = store_compliance_proof.witness_commitment and p.verified is false;
  end if;
  v_proof_id := coalesce(v_proof_id, ves_int.find_placed_proof(
    v_event.tenant_id, v_event.event_id, store_compliance_proof.proof_type, store_compliance_proof.proof_version,
    store_compliance_proof.policy_hash));

  select r.* into strict v_stored from ves_int.compliance_proof_records as r
  where r.proof_id = v_proof_id and r.tenant_id = v_event.tenant_id;
  perform ves_int.check_same_proof(v_stored.proof_id, 'proof', v_stored.proof_hash, store_compliance_proof.proof_hash);
  perform ves_int.check_same_proof(
    v_stored.proof_id, 'public_inputs', v_stored.public_inputs_hash, store_compliance_proof.public_inputs_hash);
  if v_stored.witness_commitment is null and store_compliance_proof.witness_commitment is not null then
    insert into ves_store.ves_compliance_witnesses
    values (v_stored.tenant_id, v_stored.proof_id, store_compliance_proof.witness_commitment, clock_timestamp())
    on conflict on constraint ves_compliance_witnesses_pkey do nothing;
    select w.witness_commitment into strict v_stored.witness_commitment
    from ves_store.ves_compliance_witnesses as w
    where w.proof_id = v_stored.proof_id and w.tenant_id = v_stored.tenant_id;
  end if;
  if store_compliance_proof.witness_commitment is not null then
    perform ves_int.check_same_proof(
      v_stored.proof_id, 'witness_commitment', v_stored.witness_commitment, store_compliance_proof.witness_commitment);
  end if;
  v_stored.proof := null;
  v_stored.proof_key_id := null;
  return v_stored;
end
$$;

comment on function ves.store_compliance_proof(
  uuid, uuid, text, integer, text, text, bytea, uuid, bytea, bytea, bytea, bytea, bytea, bytea, text, boolean
) is
'Stores a compliance proof that the caller has checked and hashed (VES 13); it trusts its caller, like ves.ingest_events. proof is an SSE1 blob (VES 16) when proof_key_id is not null; proof_id is a fresh UUID, which the blob is bound to. verified: true, false for a STARK that was not verified (it keeps no later proof out), null for a type that nobody verifies. The same proof again answers the stored record, and fills in a missing witness commitment. Errors: VE609 unknown event, VE621 another proof, other public inputs or another witness commitment is stored.';
