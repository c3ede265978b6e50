create or replace view ves_int.encrypted_validity as
select
  p.proof_id as key_1,
  p.tenant_id as key_2,
  0::bigint as key_3,
  p.tenant_id,
  p.store_id,
  ves_int.at_rest_validity_aad(
    p.tenant_id, p.store_id, p.batch_id, p.proof_id, p.proof_version, p.proof_type, p.proof_hash
  ) as aad,
  p.proof as stored,
  p.proof_hash as hash,
  p.proof as ciphertext,
  p.proof_key_id as key_id
from ves_store.ves_validity_proofs as p;

alter view ves_int.encrypted_validity owner to ves_owner;

comment on view ves_int.encrypted_validity is 'Validity proofs for ves_int.reencrypt; see encrypted_ves.';
