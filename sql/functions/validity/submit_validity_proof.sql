-- Needs no PL/Python unless public inputs are given: those of a commitment have one compact form, which SQL
-- writes.
create or replace function ves.submit_validity_proof(
  tenant_id uuid, batch_id uuid, proof_type text, proof_version integer, proof bytea,
  public_inputs text default null, proof_id uuid default null, proof_key_id bytea default null,
  proof_hash bytea default null
)
returns ves.validity_proof
language plpgsql
volatile
security definer
set search_path to pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
  v_inputs record;
  v_id constant uuid := coalesce(proof_id, gen_random_uuid());
  v_hash constant bytea := coalesce(proof_hash, sha256('STATESET_VES_VALIDITY_PROOF_HASH_V1'::bytea || proof));
  v_is_full constant boolean := (select s.mode from ves_store.schema_state as s) = 'full';
  v_sealed record;
  v_stored ves.validity_proof;
begin
  select i.* into v_inputs
  from ves.get_validity_inputs(submit_validity_proof.tenant_id, submit_validity_proof.batch_id) as i
  where i.tenant_id = submit_validity_proof.tenant_id;
  if not found then
    perform ves_int.raise_error('commitment_not_found');
  end if;
  proof_type := ves_int.trimmed(proof_type);
  if proof_id is null then
    perform ves_int.check_proof_shape(proof_type, proof_version, proof);
  end if;
  if public_inputs is not null then
    perform ves_int.require_crypto();
    if ves_int.plain_json(public_inputs) <> v_inputs.public_inputs::text then
      perform ves_int.raise_error(
        'invalid_field', '{"field": "public_inputs"}', 'public_inputs are not the canonical ones of the commitment');
    end if;
  end if;
  -- an edge gives the id that its blob is bound to (or its plaintext); for others the server's ring decides
  if proof_id is null and v_is_full then
    select * into v_sealed from ves_int.seal_at_rest(
      v_inputs.tenant_id,
      ves_int.at_rest_validity_aad(
        v_inputs.tenant_id, v_inputs.store_id, batch_id, v_id, proof_version, proof_type, v_hash),
      proof);
    proof := coalesce(v_sealed.blob, proof);
    proof_key_id := v_sealed.key_id;
  end if;
  insert into ves_store.ves_validity_proofs
  values (
    v_inputs.tenant_id, v_inputs.store_id, batch_id, v_id, proof_type, proof_version, proof, v_hash,
    v_inputs.public_inputs, v_inputs.public_inputs_hash, clock_timestamp(), proof_key_id)
  on conflict on constraint ves_validity_proofs_batch_id_tenant_id_proof_type_proof_version do nothing;

  select p.* into strict v_stored
  from ves.list_validity_proofs(submit_validity_proof.tenant_id, submit_validity_proof.batch_id) as p
  where p.proof_type = submit_validity_proof.proof_type and p.proof_version = submit_validity_proof.proof_version;
  perform ves_int.check_same_proof(v_stored.proof_id, 'proof', v_stored.proof_hash, v_hash);
  return v_stored;
end
$$;

comment on function ves.submit_validity_proof(uuid, uuid, text, integer, bytea, text, uuid, bytea, bytea) is
'Stores a validity proof of a commitment (VES 12), unverified; the same proof again answers the stored record. public_inputs is JSON text. An edge gives proof_id and proof_hash and encrypts itself: proof is then an SSE1 blob (VES 16) under the key proof_key_id, or plaintext when that is null; for others the server encrypts under its key ring (full mode; in core mode proofs of others are stored in plaintext). Errors: VE007 a field, VE204 public inputs given in core mode, VE510 no usable key ring, VE511, VE605 unknown commitment, VE621 another proof is stored.';
